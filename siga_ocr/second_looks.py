"""A crop that left a doubt is looked at again, a little differently, and once more if it still does: in more contrast, finer pixels, other shapes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from siga_ocr.charset import END, Charset
from siga_ocr.config import InputConfig
from siga_ocr.decode import Decoded, Floats
from siga_ocr.intake import Taken
from siga_ocr.lean import lean
from siga_ocr.light import contrast_normalised, is_partly_shaded
from siga_ocr.preprocess import MIDDLE_GREY, MIN_DEVIATION, Pixels, resized, within
from siga_ocr.spacing import widening
from siga_ocr.window import Window

DOUBTED = 0.95
"""A reading below this confidence is doubted."""

SETTLED = 0.85
"""Where the crop and its line are read as the same text, one of them at least this surely, there is no other second look."""

FILLS = 0.9
"""In heights of the crop: where the maps of the characters take less, there is room for one line only."""

DOUBTED_STILL = 0.6
"""What all second looks together have read with less is looked at a third time."""

BORDER = 3
"""Rows and columns of the network's input: what one of the looks shows around the crop, its own border repeated."""

WIDER = 1.2
"""How much wider the crop is drawn in another look, where its characters stand as far apart as usual."""

CHORUS = 0.25
"""How much all looks together say about a text, beside the one that is surest of it."""

UNHEARD = -6.0
"""The least that a look takes from a text which it does not see, as a logarithm: one that missed the line shall not silence the others."""

SILENT = -100.0
"""The logarithm of the probability of a text that is longer than what a look was read for."""

FAINTEST = 2.0
"""In grey levels: a crop that varies by as much, or by less, is drawn in `MIN_DEVIATION / FAINTEST` times as much contrast and in no more."""

MIDDLE = Window(height=0.6)
"""The middle rows, for a line with far margins."""

ITALIC = 0.25
"""Columns to the left for each row downwards: how the strokes of an upright line lean in one of the looks."""

NARROWER = 0.85
"""How much narrower the crop with its border, and a strip of its line, is drawn in a third look."""

STRIPS = ((0.7, 0.0, 1.0), (1.4, 0.0, 1.0), (1.0, 0.0, WIDER), (1.25, 0.0, NARROWER), (1.0, 0.05, 1.0))
"""The third looks at the line: how much of its height each shows, by how many heights of the crop lower, and how much wider it is drawn."""


def line_looks(taken: Taken, found: Decoded, config: InputConfig) -> tuple[Taken, ...]:
    """The first of the second looks: the line that the first look has found, from nearer, drawn upright; none where it has found none.

    Where its characters stand closer or farther apart than usual, also so much wider that they do not. It is scaled once more from
    `taken.pixels` [C, H, w], where the crop as a whole has its place, or from `taken.detail` where there is any; what is faint is drawn in more
    contrast. There is none for a network that squeezes every crop.
    """
    if not config.keep_aspect or found.line is None:
        return ()
    wider = widening(taken, found, config)
    taken = _brought_out(taken, config)
    upright = _brought_out(nearer(taken, _upright(taken, found.line, config), config), config)
    return (upright,) if wider == 1.0 else (upright, _widened(upright, wider, config))


def second_looks(taken: Taken, found: Decoded, config: InputConfig) -> tuple[Taken, ...]:
    """The crop in other shapes (`_shapes`), and in other light where it is badly lit; one of few rows also as softly as others are drawn.

    A crop that was evened is looked at as it was lit, too; one that is partly shaded, and each second look at it, with its local contrast
    normalised. All are scaled as in `line_looks`, which come before them.
    """
    if not config.keep_aspect:
        return ()
    drawn = _brought_out(taken, config)
    looks = _shapes(drawn, found, config)
    if taken.as_lit is not None:
        looks = (*looks, taken.seen_as(taken.as_lit))
    elif is_partly_shaded(drawn.pixels, config):
        shown = (drawn, *looks, *line_looks(taken, found, config))
        looks = (*looks, *(one.seen_as(contrast_normalised(one.pixels)) for one in shown))
    if taken.soft is None:
        return looks
    soft = _brought_out(taken.seen_as(taken.soft), config)
    return (*looks, soft, *_shapes(soft, found, config), *line_looks(soft, found, config))


def _shapes(taken: Taken, found: Decoded, config: InputConfig) -> tuple[Taken, ...]:
    """The crop with a border, wider, and from nearer: its middle rows, and the line that the first look has found, as italics.

    It is drawn `WIDER`, or, where its characters stand closer or farther apart than usual, so much wider that they do not.
    """
    wider = widening(taken, found, config)
    whole = _bordered(taken, config), _widened(taken, WIDER if wider == 1.0 else wider, config)
    windows = (MIDDLE,) if found.line is None else (MIDDLE, replace(found.line, lean=ITALIC))
    return (*whole, *(_brought_out(nearer(taken, window, config), config) for window in windows))


def third_looks(taken: Taken, found: Decoded, config: InputConfig) -> tuple[Taken, ...]:
    """The crop with a border and narrower, the crop with light and dark exchanged, and its line upright in each of `STRIPS`, drawn as above."""
    if not config.keep_aspect:
        return ()
    taken = _brought_out(taken, config)
    whole = (_widened(_bordered(taken, config), NARROWER, config), taken.seen_as(255 - taken.pixels))
    if found.line is None:
        return whole
    upright = _upright(taken, found.line, config)
    return (*whole, *(_brought_out(_strip(taken, upright, strip, config), config) for strip in STRIPS))


def is_settled(best: Decoded, looks: int, line: Window | None) -> bool:
    """Whether so many `looks` at a crop, the first and those at the `line` that it has found, leave no need for other second ones.

    Where there is room for two lines there is: other looks cut through both of them, and say other things.
    """
    if looks == 1 or line is None:
        return best.confidence >= DOUBTED
    return best.confidence >= SETTLED and not best.contested and line.height < FILLS


Round = tuple[Callable[[Taken, Decoded, InputConfig], tuple[Taken, ...]], Callable[[Decoded, int, Window | None], bool]]

ROUNDS: tuple[Round, ...] = (
    (line_looks, lambda best, *_: best.confidence >= DOUBTED),
    (second_looks, is_settled),
    (third_looks, lambda best, *_: best.confidence >= DOUBTED_STILL),
)
"""Further looks in their order, and whether what is read best of a crop after so many looks at its line leaves no need for them."""


def surer(looks: Sequence[tuple[Taken, Decoded]], charset: Charset) -> tuple[Taken, Decoded]:
    """The look that was read with the highest confidence, the first of equal ones, among those that read the text with the most support.

    The support of a text is the logarithm of its probability where it is highest, `CHORUS` of it replaced by the mean over all looks; that of no
    text is the mean over the looks at the whole crop: one from nearer may have missed it, and one that sees a text is heard.
    """
    looks = [one for one in looks if one[1].confidence > 0] or looks  # the others found no text of the format
    texts = tuple(dict.fromkeys(decoded.text for _, decoded in looks))
    if len(texts) > 1:
        supports = {text: support(charset.encode(text), looks) for text in texts}
        text = max(supports, key=supports.__getitem__)
        looks = [one for one in looks if one[1].text == text]
    return max(looks, key=lambda one: one[1].confidence)


def support(ids: Sequence[int], looks: Sequence[tuple[Taken, Decoded]]) -> float:
    """How much looks support a text that is given by its classes, as a logarithm: of one look that of its probability; see `surer`."""
    asked = looks if ids else [one for one in looks if one[0].look.window is None] or looks
    each = np.array([_log_probability(ids, decoded.log_probabilities) for _, decoded in asked if decoded.log_probabilities is not None])
    if not ids:
        return float(each.mean())
    return float((1 - CHORUS) * each.max() + CHORUS * np.maximum(each, UNHEARD).mean())


def _log_probability(ids: Sequence[int], rows: Floats) -> float:
    """Of a text and the end behind it, in rows [T, K]."""
    if len(ids) >= len(rows):
        return SILENT
    return float(rows[np.arange(len(ids) + 1), [*ids, END]].sum(dtype=np.float64))


def _brought_out(taken: Taken, config: InputConfig) -> Taken:
    """What varies by less than `MIN_DEVIATION`, and is seen the fainter for it, in so much contrast; all else as it is."""
    if not config.standardise:
        return taken
    return replace(taken, pixels=_in_contrast(taken.pixels), detail=None if taken.detail is None else _in_contrast(taken.detail))


def _in_contrast(pixels: Pixels) -> Pixels:
    deviation = float(pixels.std())
    if deviation >= MIN_DEVIATION:
        return pixels
    gain = MIN_DEVIATION / max(deviation, FAINTEST)
    drawn: Pixels = np.rint(MIDDLE_GREY + gain * (np.arange(256) - pixels.mean())).clip(0, 255).astype(np.uint8)  # of each grey level
    return drawn[pixels]


def _bordered(taken: Taken, config: InputConfig) -> Taken:
    width = taken.pixels.shape[2]
    around = np.pad(taken.pixels, ((0, 0), (BORDER, BORDER), (BORDER, BORDER)), mode="edge")
    shrunk = resized(around, (width + 2 * BORDER) * config.height / (config.height + 2 * BORDER), config)
    added = BORDER * (taken.width + 2 * taken.look.margin) / width  # in pixels of the crop
    return taken.seen_as(shrunk, replace(taken.look, margin=taken.look.margin + round(added)))


def _widened(taken: Taken, factor: float, config: InputConfig) -> Taken:
    return taken.seen_as(resized(taken.pixels, taken.pixels.shape[2] * factor, config))


def nearer(taken: Taken, window: Window, config: InputConfig) -> Taken:
    """What a window shows of what was taken, of its detail where there is any, as high as the network takes it."""
    size = (within(taken.pixels.shape[2] / window.height, config), config.height)
    pixels = taken.pixels if taken.detail is None else taken.detail
    layers = np.stack([window.drawn(layer, size) for layer in pixels])
    return taken.seen_as(np.ascontiguousarray(layers), replace(taken.look, window=window))


def _strip(taken: Taken, line: Window, strip: tuple[float, float, float], config: InputConfig) -> Taken:
    height, lower, wider = strip
    window = replace(line, left=line.left + lower, right=line.right + lower, height=height * line.height)
    return _widened(nearer(taken, window, config), wider, config)


def _upright(taken: Taken, line: Window, config: InputConfig) -> Window:
    middle, fan = lean(nearer(taken, line, config).pixels)
    return replace(line, lean=middle, fan=fan)
