"""One rendered crop from its seed, index and style: nothing else decides what it shows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr.data.corpus import Code
from siga_ocr.data.corpus_mixture import code_for
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.counter import counter_wheels
from siga_ocr.data.render.display import segment_display
from siga_ocr.data.render.dotted import dot_peen, ink_jet
from siga_ocr.data.render.etched import chip_mark, electro_etch, laser_etch
from siga_ocr.data.render.painted import paint, stencil
from siga_ocr.data.render.photograph import photograph
from siga_ocr.data.render.plate import number_plate
from siga_ocr.data.render.printed import ink_print, label
from siga_ocr.data.render.reliefs import cast, engraved, stamped
from siga_ocr.data.render.scene import Job, Shot
from siga_ocr.data.render.scene_word import scene_word
from siga_ocr.data.render.scribed import scribed
from siga_ocr.data.render.sleeve import wire_sleeve
from siga_ocr.data.render.surroundings import surrounded
from siga_ocr.render_style import RenderStyle

FAMILIES: dict[str, Callable[[Job], Shot]] = {
    "print": ink_print,
    "label": label,
    "sleeve": wire_sleeve,
    "inkjet": ink_jet,
    "peen": dot_peen,
    "stamp": stamped,
    "cast": cast,
    "engrave": engraved,
    "scribe": scribed,
    "etch": laser_etch,
    "electro": electro_etch,
    "chip": chip_mark,
    "plate": number_plate,
    "counter": counter_wheels,
    "stencil": stencil,
    "paint": paint,
    "segment": segment_display,
    "arbittext": scene_word,
}


@dataclass(frozen=True)
class RenderedCrop:
    """A crop whose truth is known.

    `image` uint8 [h, w, 3] RGB; `text` what it reads, empty for a crop without a code; `glyph_map` uint8 [h, w], 0 on background and t+1 on
    the ink, stroke, dots or relief of character t; `family` the marking family.
    """

    image: npt.NDArray[np.uint8]
    text: str
    glyph_map: npt.NDArray[np.uint8]
    family: str


def render(seed: int, index: int, style: RenderStyle) -> RenderedCrop:
    """Crop `index` of the endless set `seed`: a pure function of its arguments and of the fonts and photographs that are there."""
    draw = Draw(seed, index)
    family = draw.weighted(style.families)
    blank = draw.chance(style.blank)
    code = code_for(family, draw, style.max_length)
    return _drawn(Job(_bare(code) if blank else code, draw, style, style.difficulty * draw.unit() ** 0.8), family)


def render_code(code: Code, seed: int, index: int, style: RenderStyle) -> RenderedCrop:
    """Crop `index` of set `seed` that shows a given code (never blank), for sets whose texts are laid down."""
    draw = Draw(seed, index)
    family = draw.weighted(style.families)
    return _drawn(Job(code, draw, style, style.difficulty * draw.unit() ** 0.8), family)


def _bare(code: Code) -> Code:
    """As much empty room as half of the code would take."""
    return Code(" " * max(1, len(code.shown) // 2))


def _drawn(job: Job, family: str) -> RenderedCrop:
    return _photographed(FAMILIES[family](job), job, family)


def _photographed(shot: Shot, job: Job, family: str) -> RenderedCrop:
    """What stands around, light, lens, resolution and sensor."""
    pixels, labels = photograph(surrounded(shot, job, family), job)
    if job.draw.chance(job.style.upside_down):
        pixels, labels = np.ascontiguousarray(pixels[::-1, ::-1]), np.ascontiguousarray(labels[::-1, ::-1])
    return RenderedCrop(pixels, job.code.text, labels, family)
