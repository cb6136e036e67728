"""Seven-segment characters, lit and unlit, for displays."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from siga_ocr.data.render.glyphs import Glyph

TABLE = """
0abcdef 1bc 2abged 3abgcd 4fgbc 5afgcd 6afgedc 7abc 8abcdefg 9abcdfg Aabcefg bcdefg Cadef dbcdeg Eadefg Faefg Hbcefg Ldef Pabefg Ubcdef
nceg reg ocdeg tdefg -g _d
"""
LIT = {word[0]: word[1:] for word in TABLE.split()}
"""The lit segments of each character: a top, b and c right, d bottom, e and f left, g middle."""


@dataclass(frozen=True)
class SegmentFace:
    """Segments of `stroke` cap heights; unlit ones show with `ghost` (0..60) of 255."""

    stroke: float = 0.14
    ghost: int = 0
    wide: float = 0.55

    @property
    def name(self) -> str:
        """This face."""
        return "segments"

    def covers(self, text: str) -> bool:
        """True for what seven segments, points and colons can show."""
        return all(c in LIT or c in ".:" for c in text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where digits are `cap` pixels high."""
        return _segment_glyph(character, cap, self)


def _bar(x0: float, y0: float, x1: float, y1: float, half: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A bar with pointed ends as six corners."""
    if y0 == y1:
        return np.array([(x0, y0), (x0 + half, y0 - half), (x1 - half, y0 - half), (x1, y0), (x1 - half, y0 + half), (x0 + half, y0 + half)])
    return np.array([(x0, y0), (x0 + half, y0 + half), (x0 + half, y1 - half), (x0, y1), (x0 - half, y1 - half), (x0 - half, y0 + half)])


@lru_cache(maxsize=4096)
def _segment_glyph(character: str, cap: int, face: SegmentFace) -> Glyph:
    half, width = face.stroke * cap / 2, face.wide * cap
    canvas = np.zeros((cap + 2, round(width) + 2), np.uint8)
    if character in ".:":
        radius = max(1, round(half * 1.2))
        dots = np.zeros((cap + 2, 2 * radius + 3), np.uint8)
        for y in (cap - radius,) if character == "." else (round(0.3 * cap), round(0.7 * cap)):
            cv2.circle(dots, (radius + 1, y), radius, 255, -1, cv2.LINE_AA)
        return Glyph(dots, 0, -cap, 2 * radius + 3 + 0.1 * cap)
    left, right, top, middle, bottom = 1 + half, 1 + width - half, 1 + half, 1 + cap / 2, 1 + cap - half
    slit = half * 0.25
    bars = {
        "a": _bar(left + slit, top, right - slit, top, half),
        "g": _bar(left + slit, middle, right - slit, middle, half),
        "d": _bar(left + slit, bottom, right - slit, bottom, half),
        "f": _bar(left, top + slit, left, middle - slit, half),
        "b": _bar(right, top + slit, right, middle - slit, half),
        "e": _bar(left, middle + slit, left, bottom - slit, half),
        "c": _bar(right, middle + slit, right, bottom - slit, half),
    }
    for name, corners in bars.items():
        level = 255 if name in LIT[character] else face.ghost
        if level:
            cv2.fillPoly(canvas, [np.round(corners * 16).astype(np.int32)], level, cv2.LINE_AA, 4)
    return Glyph(canvas, 0, -cap, width + 0.18 * cap)
