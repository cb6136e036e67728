"""Standing sets: rendered crops laid down by seeds below 1000, to be reported with every version of a model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from siga_ocr.data.corpus import CONFUSABLE, DIGITS, LETTERS, Code
from siga_ocr.data.corpus_mixture import code_for
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.crop import RenderedCrop, render, render_code
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style

HEIGHTS = (8, 12, 16, 24, 32, 48, 64)
LENGTHS = ((1, 2), (3, 6), (7, 12), (13, 20), (21, 30), (31, 40))


@dataclass(frozen=True)
class StandingSet:
    """A named set of crops: the same on every machine with the same fonts."""

    name: str
    crop: Callable[[int], RenderedCrop]

    def crops(self, count: int) -> Iterator[RenderedCrop]:
        """The first `count` crops."""
        return (self.crop(index) for index in range(count))


def _repeated(draw: Draw) -> Code:
    """One character many times, with another in between now and then."""
    mark = draw.pick(DIGITS + LETTERS)
    marks = [mark if draw.chance(0.85) else draw.pick(DIGITS) for _ in range(draw.whole(3, 10))]
    return Code("".join(marks))


def _confused(draw: Draw) -> Code:
    """Both characters of one confusable pair, in any order."""
    pair = draw.pick(CONFUSABLE)
    return Code("".join(draw.pick(pair) for _ in range(draw.whole(4, 8))))


def _long(draw: Draw, low: int, high: int) -> Code:
    """A code of `low` to `high` characters, pieced together from the corpus."""
    wanted, text = draw.whole(low, high), ""
    while len(text) < wanted:
        text += code_for("print", draw, 40).text
    return Code(text[:wanted])


def _shrunk(crop: RenderedCrop, height: int) -> RenderedCrop:
    """The crop at another height, its aspect kept."""
    size = (max(4, round(crop.image.shape[1] * height / crop.image.shape[0])), height)
    image = cv2.resize(crop.image, size, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(crop.glyph_map, size, interpolation=cv2.INTER_NEAREST)
    return replace(crop, image=np.asarray(image, np.uint8), glyph_map=np.asarray(labels, np.uint8))


def standing_sets(style: RenderStyle) -> tuple[StandingSet, ...]:
    """Every standing set, rendered with the fonts and photographs of `style` at its difficulty: families, repeated characters, confusable
    pairs, lengths, heights, difficulties and blanks."""
    full = replace(style, blank=0.0)
    easy = replace(full, difficulty=0.3 * style.difficulty)
    sets = [_rendered(f"family-{name}", 100, family_style(name, full)) for name, _ in DEFAULT_FAMILIES]
    sets += [_rendered(f"difficulty-{tenth}", 205, replace(full, difficulty=tenth / 10)) for tenth in (0, 5, 10)]
    sets += [_written("repeated", 201, full, _repeated), _written("confusable", 202, easy, _confused)]
    sets += [_written(f"length-{low}-{high}", 203, easy, partial(_long, low=low, high=high)) for low, high in LENGTHS]
    sets += [_scaled(height, easy) for height in HEIGHTS]
    return (*sets, _rendered("blank", 206, replace(full, blank=1.0)))


def _rendered(name: str, seed: int, style: RenderStyle) -> StandingSet:
    return StandingSet(name, lambda index: render(seed, index, style))


def _written(name: str, seed: int, style: RenderStyle, write: Callable[[Draw], Code]) -> StandingSet:
    return StandingSet(name, lambda index: render_code(write(Draw(seed, index)), seed, index, style))


def _scaled(height: int, style: RenderStyle) -> StandingSet:
    return StandingSet(f"height-{height}", lambda index: _shrunk(render(204, index, style), height))
