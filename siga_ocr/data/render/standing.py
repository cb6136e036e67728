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
from siga_ocr.data.render.segments import SegmentFace
from siga_ocr.render_style import DEFAULT_FAMILIES, FAULTS, LETTERINGS, RenderStyle, family_style

HEIGHTS = (8, 10, 12, 16, 24, 32, 48, 64)
LENGTHS = ((1, 2), (3, 6), (7, 12), (13, 20), (21, 30), (31, 40))
KINDS_OF_FACE = LETTERINGS[1:]


@dataclass(frozen=True)
class StandingSet:
    """A named set of crops of a group, fixed by its own `seed`: the same on every machine as long as its style names no folder."""

    name: str
    group: str
    seed: int
    crop: Callable[[int], RenderedCrop]

    def crops(self, count: int) -> Iterator[RenderedCrop]:
        """The first `count` crops."""
        return (self.crop(index) for index in range(count))


def _repeated(draw: Draw) -> Code:
    """One character many times, with another in between now and then."""
    mark = draw.pick(DIGITS + LETTERS)
    marks = [mark if draw.chance(0.85) else draw.pick(DIGITS) for _ in range(draw.whole(3, 10))]
    return Code("".join(marks))


def _confused(draw: Draw, lettering: str) -> Code:
    """Both characters of one confusable pair in any order, of those that the lettering can show."""
    shown = [pair for pair in CONFUSABLE if lettering != "segments" or SegmentFace().covers(pair)]
    pair = draw.pick(shown)
    return Code(pair + "".join(draw.pick(pair) for _ in range(draw.whole(2, 6))))


def _long(draw: Draw, low: int, high: int) -> Code:
    """A code of `low` to `high` characters, pieced together from the corpus."""
    wanted, text = draw.whole(low, high), ""
    while len(text) < wanted:
        text += code_for("print", draw, 40).text
    return Code(text[:wanted])


def _resized(crop: RenderedCrop, height: int) -> RenderedCrop:
    """The crop at another height, its aspect kept."""
    size = (max(4, round(crop.image.shape[1] * height / crop.image.shape[0])), height)
    image = cv2.resize(crop.image, size, interpolation=cv2.INTER_AREA if height < crop.image.shape[0] else cv2.INTER_LINEAR)
    labels = cv2.resize(crop.glyph_map, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return replace(crop, image=np.asarray(image, np.uint8), glyph_map=np.asarray(labels, np.uint8))


def standing_sets(style: RenderStyle) -> tuple[StandingSet, ...]:
    """Every standing set, in groups: family, fault, difficulty, repeated, confusable, length, height, blank.

    They are set in the fonts of the package alone unless `style` names another lettering, with its photographs and at its difficulty;
    repeated and confusable characters, lengths and heights at 0.3 of that, so that what their names say is what makes them hard.
    """
    full = replace(style, blank=0.0, lettering=style.lettering or "shipped")
    easy = replace(full, difficulty=0.3 * style.difficulty)
    sets = [_rendered("family", name, 100 + place, family_style(name, full)) for place, (name, _) in enumerate(DEFAULT_FAMILIES)]
    sets += [_rendered("fault", name, 200 + place, replace(full, fault=name)) for place, name in enumerate(FAULTS)]
    sets += [_rendered("difficulty", str(tenth), 300 + tenth, replace(full, difficulty=tenth / 10)) for tenth in (0, 5, 10)]
    sets += [_written("repeated", "", (320, easy), _repeated), _rendered("blank", "", 330, replace(full, blank=1.0))]
    sets += [_confusable(lettering, 340 + place, easy) for place, lettering in enumerate(KINDS_OF_FACE)]
    lengths = [(low, high, 360 + place) for place, (low, high) in enumerate(LENGTHS)]
    sets += [_written("length", f"{low}-{high}", (seed, easy), partial(_long, low=low, high=high)) for low, high, seed in lengths]
    return (*sets, *(_scaled(height, 400 + height, easy) for height in HEIGHTS))


def _name(group: str, member: str) -> str:
    return f"{group}-{member}" if member else group


def _rendered(group: str, member: str, seed: int, style: RenderStyle) -> StandingSet:
    return StandingSet(_name(group, member), group, seed, lambda index: render(seed, index, style))


def _written(group: str, member: str, fixed: tuple[int, RenderStyle], write: Callable[[Draw], Code]) -> StandingSet:
    seed, style = fixed
    return StandingSet(_name(group, member), group, seed, lambda index: render_code(write(Draw(seed, index)), seed, index, style))


def _confusable(lettering: str, seed: int, style: RenderStyle) -> StandingSet:
    kind = family_style("segment" if lettering == "segments" else "label", replace(style, lettering=lettering))
    return _written("confusable", lettering, (seed, kind), partial(_confused, lettering=lettering))


def _scaled(height: int, seed: int, style: RenderStyle) -> StandingSet:
    return StandingSet(f"height-{height}", "height", seed, lambda index: _resized(render(seed, index, style), height))
