"""How a line of code is set: glyphs side by side on flat artwork, with what stands around it; it does not know perspective or material."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from siga_ocr.data.corpus import DIGITS, LETTERS, SILENT
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Face, Glyph, Mask

BROAD = ("ABCDGKOQRSVWXZ02568", "ACGOQSVWXZ024689")
"""Characters that look cut where the right part of them shows at the left edge, or the left part at the right edge: never an upright stem
alone, which would read as a character of its own."""
PAD = 1.3
"""Room around the line on the artwork, in cap heights: neighbouring lines and fields reach into it."""


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What the crop shows around the line, in cap heights; negative values cut into it."""

    left: float = 0.2
    top: float = 0.2
    right: float = 0.2
    bottom: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How the line is set; lengths in cap heights."""

    tracking: float = 0.08  # extra room after each character
    pitch: float = 0.0  # a fixed width for every character where positive
    gap: float = 0.5  # width of a blank
    wobble: float = 0.0  # deviation of each character's baseline
    unrest: float = 0.0  # deviation of each character's size and angle
    ragged: float = 0.0  # deviation of the room after each character
    line_pitch: float = 0.0  # distance of the lines above and below; none where 0
    neighbours: tuple[float, float] = (0.0, 0.0)  # visible share of a foreign character at either end; none where 0
    margins: Margins = field(default_factory=Margins)
    foreign: Face | None = None  # what the foreign characters are drawn with; the line's own face where None


@dataclass(frozen=True)
class Artwork:
    """A flat line: `coverage` uint8 [H, W], `labels` uint8 [H, W] (t+1 on character t), `cap` pixels per cap height, `box` (left, top, right,
    bottom) of the text's ink in cap heights from the pen's start at the top of the capitals; that point lies `PAD` in from the corner."""

    coverage: Mask
    labels: Mask
    cap: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Placed:
    """A glyph with its corner from the pen's start on the baseline, in pixels, and its label (0: no part of the text)."""

    glyph: Glyph
    x: int
    y: int
    label: int


def _varied(glyph: Glyph, setting: Setting, draw: Draw) -> Glyph:
    """The glyph as a hand-held punch leaves it: a little larger or smaller, turned."""
    height, width = glyph.mask.shape
    scale, angle = 1.0 + draw.bell(setting.unrest, 2.0), draw.bell(setting.unrest * 40.0, 2.0)
    edge = 1 + (height + width) // 10
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    turn[:, 2] += edge
    mask = cv2.warpAffine(glyph.mask, turn, (width + 2 * edge, height + 2 * edge), flags=cv2.INTER_LINEAR)
    return Glyph(np.asarray(mask, np.uint8), glyph.left - edge, glyph.top - edge, glyph.advance)


def _place(shown: str, face: Face, cap: int, setting: Setting, draw: Draw) -> tuple[list[Placed], float]:
    """Every character's bitmap with its place from the pen's start on the baseline in pixels, and where the pen ends."""
    placed, pen, label = [], 0.0, 0
    for character in shown:
        if character == " ":
            pen += setting.gap * cap
            continue
        glyph = face.glyph("." if character in SILENT else character, cap)
        cell = setting.pitch * cap if setting.pitch else glyph.advance
        raised = -0.42 * cap if character in SILENT else 0.0
        label += character not in SILENT
        x = pen + (cell - glyph.advance) / 2 + glyph.left
        y = glyph.top + raised + draw.bell(setting.wobble * cap, 2.0)
        varied = _varied(replace(glyph, left=0, top=0), setting, draw) if setting.unrest else replace(glyph, left=0, top=0)
        placed.append(Placed(varied, round(x) + varied.left, round(y) + varied.top, label if character not in SILENT else 0))
        room = setting.tracking + (max(draw.bell(setting.ragged, 2.0), 0.02 - setting.tracking) if setting.ragged else 0.0)
        pen += cell + room * cap
    return placed, pen - setting.tracking * cap


def _foreign(draw: Draw, face: Face) -> str:
    """A character of the next field or line."""
    character = draw.pick(DIGITS + LETTERS + "-:.")
    return character if face.covers(character) else draw.pick(DIGITS)


def _other_lines(length: int, face: Face, cap: int, setting: Setting, draw: Draw) -> list[Placed]:
    """Lines above and below, about `length` characters long: ink that is not part of the text."""
    placed: list[Placed] = []
    for side in (-1, 1) if setting.line_pitch else ():
        if draw.chance(0.7):
            other = "".join(_foreign(draw, face) for _ in range(length + draw.whole(0, 3)))
            line, _ = _place(other, face, cap, setting, draw)
            drift, shift = round(draw.between(-1.0, 0.4) * cap), side * setting.line_pitch * cap
            slant = side * draw.between(0.0, 0.06) if draw.chance(0.3) else 0.0  # away from the text, from either end
            start = 0 if draw.chance(0.5) else line[-1].x
            placed += [Placed(p.glyph, p.x + drift, p.y + round(shift + slant * abs(p.x - start)), 0) for p in line]
    return placed


def _half_characters(end: float, face: Face, cap: int, setting: Setting, draw: Draw) -> list[Placed]:
    """Characters of the next fields, cut by the crop's edges; `end` is where the text ends in pixels."""
    placed: list[Placed] = []
    for side, share in enumerate(setting.neighbours):
        if share:
            neighbour = setting.foreign or face
            glyph = neighbour.glyph(draw.pick("".join(c for c in BROAD[side] if neighbour.covers(c))), cap)
            width = glyph.mask.shape[1]
            x = -setting.margins.left * cap - (1 - share) * width if side == 0 else end + setting.margins.right * cap - share * width
            placed.append(Placed(glyph, round(x), glyph.top, 0))
    return placed


def typeset(shown: str, face: Face, cap: int, setting: Setting, draw: Draw) -> Artwork:
    """Sets `shown` with capitals of `cap` pixels. Its own characters are labelled in order, whatever surrounds them is not."""
    own, end = _place(shown, face, cap, setting, draw)
    around = _other_lines(len(shown), face, cap, setting, draw) + _half_characters(end, face, cap, setting, draw)
    pad = round(PAD * cap)
    size = (cap + 2 * pad, max(1, round(end)) + 2 * pad)
    coverage, labels = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    for item in around:
        stamp(coverage, labels, item, pad, cap)
    for item in own:
        stamp(coverage, labels, item, pad, cap)
    return Artwork(coverage, labels, cap, _ink_box(labels, pad, cap, end))


def _ink_box(labels: Mask, pad: int, cap: int, end: float) -> tuple[float, float, float, float]:
    """The text's extent in cap heights; a line of dots or dashes alone still counts as two thirds of a cap height."""
    columns, rows = np.flatnonzero(labels.any(axis=0)), np.flatnonzero(labels.any(axis=1))
    if not columns.size:
        return 0.0, 0.0, max(end / cap, 0.5), 1.0
    top, bottom = (rows[0] - pad) / cap, (rows[-1] + 1 - pad) / cap
    return float((columns[0] - pad) / cap), float(min(top, 0.2)), float((columns[-1] + 1 - pad) / cap), float(max(bottom, 0.87))


def stamp(coverage: Mask, labels: Mask, item: Placed, pad: int, cap: int) -> None:
    """Adds one bitmap to the artwork, cut at its edges."""
    x, y = item.x + pad, item.y + pad + cap
    height, width = item.glyph.mask.shape
    top, left, bottom, right = max(0, y), max(0, x), min(coverage.shape[0], y + height), min(coverage.shape[1], x + width)
    if top >= bottom or left >= right:
        return
    mask = item.glyph.mask[top - y : bottom - y, left - x : right - x]
    region = coverage[top:bottom, left:right]
    if item.label:
        labels[top:bottom, left:right][(mask > 0.4 * item.glyph.mask.max()) & (mask >= region)] = item.label
    np.maximum(region, mask, out=region)
