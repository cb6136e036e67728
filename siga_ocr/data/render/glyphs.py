"""Bitmaps of single characters at a given cap height, and those that come from font files."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Glyph:
    """One character: `mask` uint8 [h, w] coverage, `left` and `top` of it in pixels from the pen on the baseline (top < 0 above it), `advance`."""

    mask: Mask
    left: int
    top: int
    advance: float


class Face(Protocol):
    """Where glyphs come from."""

    @property
    def name(self) -> str:
        """Which face this is, for previews and tests."""
        ...

    def covers(self, text: str) -> bool:
        """True if every character of `text` can be drawn."""
        ...

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where capitals are `cap` pixels high."""
        ...


@lru_cache(maxsize=4096)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=40000)
def _file_glyph(path: str, size: int, character: str) -> Glyph:
    font = _font(path, size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(character, anchor="ls"))
    if right <= left or bottom <= top:
        return Glyph(np.zeros((1, 1), np.uint8), 0, -1, font.getlength(character))
    pixels = font.getmask(character, mode="L")
    mask = np.asarray(pixels, dtype=np.uint8).reshape(pixels.size[1], pixels.size[0])
    return Glyph(mask, left, top, font.getlength(character))


@dataclass(frozen=True)
class FileFace:
    """A font file; `units` is the cap height in pixels at size 1000, `characters` what it draws, `slanted` if it is italic."""

    path: str
    units: int
    characters: frozenset[str]
    slanted: bool = False

    @property
    def name(self) -> str:
        """The file's name without folder and ending."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    def covers(self, text: str) -> bool:
        """True if the file has an ink for every character."""
        return self.characters.issuperset(text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where capitals are about `cap` pixels high."""
        return _file_glyph(self.path, max(4, round(cap * 1000 / self.units)), character)
