"""Number plates: embossed characters between frame, bolts and the edge of a cut-off character, small and compressed."""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import Pose, View, random_pose
from siga_ocr.data.render.glyphs import Face, FileFace, Glyph
from siga_ocr.data.render.mark import print_ink, profile, relief, spread
from siga_ocr.data.render.scene import Job, Shot, file_face, random_margins, shoot
from siga_ocr.data.render.surface import Image, Wanted, surface
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.data.render.typeset import Margins, Setting

LETTERING = (
    "rg2014",
    "din",
    "condensed-bold",
    "narrow-bold",
    "routed",
    "bebasneue-b",
    "boldcond",
    "ptn77",
    "b612-bold",
    "sans-bold",
    "nimbussansnarrow",
    "roboto-medium",
    "clearsans",
)


@dataclass(frozen=True)
class CellFace:
    """Another face with every character pressed into the same cell, `wide` cap heights; the digit one is a bar where `bar` says so."""

    face: Face
    wide: float = 0.5
    bar: bool = True

    @property
    def name(self) -> str:
        """The face inside."""
        return f"cell-{self.face.name}"

    def covers(self, text: str) -> bool:
        """What the face inside covers."""
        return self.face.covers(text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character, as high as a capital and as wide as the cell."""
        if isinstance(self.face, FileFace):
            return _cell_glyph(self, character, cap)
        return self.face.glyph(character, cap)


@lru_cache(maxsize=20000)
def _cell_glyph(cell: CellFace, character: str, cap: int) -> Glyph:
    width = round(cell.wide * cap)
    if character == "1" and cell.bar:
        stroke = max(2, round(0.15 * cap))
        return Glyph(np.full((cap, stroke), 255, np.uint8), (width - stroke) // 2, -cap, width)
    glyph = cell.face.glyph(character, cap)
    if not character.isalnum():
        return replace(glyph, left=round(0.04 * cap), advance=glyph.mask.shape[1] + 0.08 * cap)
    narrow = glyph.mask.shape[1] < 0.3 * cap
    mask = cv2.resize(glyph.mask, (glyph.mask.shape[1] if narrow else width, cap), interpolation=cv2.INTER_AREA)
    return Glyph(np.asarray(mask, np.uint8), (width - mask.shape[1]) // 2, -cap, width)


@dataclass(frozen=True)
class StrokeHeap:
    """Characters of another script: heaps of short strokes that no one is asked to read."""

    draw: Draw

    @property
    def name(self) -> str:
        """This face."""
        return "heap"

    def covers(self, text: str) -> bool:
        """Stands for anything."""
        return bool(text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """Some strokes in a cell of half a cap height."""
        del character
        width = round(0.5 * cap)
        canvas = np.zeros((cap, width), np.uint8)
        pen = max(1, round(self.draw.between(0.06, 0.11) * cap))
        for _ in range(self.draw.whole(4, 8)):
            x, y = self.draw.whole(0, width), self.draw.whole(0, cap)
            reach = self.draw.between(0.2, 0.9)
            dx, dy = self.draw.pick(((reach, 0.0), (reach, 0.0), (0.0, reach), (reach * 0.5, reach * 0.5), (-reach * 0.4, reach * 0.6)))
            cv2.line(canvas, (x, y), (x + round(dx * width), y + round(dy * cap * 0.6)), 255, pen, cv2.LINE_AA)
        return Glyph(canvas, 0, -cap, width)


@dataclass(frozen=True)
class Colours:
    """Ground and lettering of a kind of plate, RGB."""

    ground: tuple[float, float, float]
    ink: tuple[float, float, float]


KINDS: tuple[tuple[Colours, float], ...] = (
    (Colours((20.0, 70.0, 195.0), (240.0, 240.0, 245.0)), 0.40),
    (Colours((15.0, 125.0, 225.0), (245.0, 248.0, 250.0)), 0.14),
    (Colours((235.0, 185.0, 25.0), (25.0, 22.0, 20.0)), 0.13),
    (Colours((85.0, 200.0, 130.0), (20.0, 24.0, 22.0)), 0.10),
    (Colours((230.0, 230.0, 228.0), (22.0, 22.0, 26.0)), 0.16),
    (Colours((25.0, 25.0, 28.0), (235.0, 235.0, 235.0)), 0.05),
    (Colours((225.0, 225.0, 222.0), (160.0, 25.0, 30.0)), 0.02),
    (Colours((20.0, 110.0, 60.0), (240.0, 240.0, 240.0)), 0.02),
)


def _shifted(colour: tuple[float, float, float], draw: Draw, amount: float) -> Image:
    """The colour under another light: hue, saturation and brightness drift."""
    pixel = cv2.cvtColor(np.array([[colour]], np.float32) / 255.0, cv2.COLOR_RGB2HSV)[0, 0]
    hue, saturation = (pixel[0] + draw.bell(18.0 * amount)) % 360.0, min(1.0, max(0.0, pixel[1] * draw.log_between(1.0 - 0.55 * amount, 1.1)))
    shifted = cv2.cvtColor(np.array([[[hue, saturation, pixel[2]]]], np.float32), cv2.COLOR_HSV2RGB)[0, 0]
    return np.asarray(shifted * 255.0, np.float32)


def _border(view: View, reach: tuple[float, float, float, float], radius: float) -> Field:
    """Signed distance in pixels to a rounded rectangle (left, top, right, bottom in cap heights): positive inside."""
    left, top, right, bottom = reach
    x = np.abs(view.u - (left + right) / 2) - (right - left) / 2 + radius
    y = np.abs(view.v - (top + bottom) / 2) - (bottom - top) / 2 + radius
    outside = np.hypot(np.maximum(x, 0.0), np.maximum(y, 0.0)) + np.minimum(np.maximum(x, y), 0.0) - radius
    return np.asarray(-outside * view.cap, np.float32)


def _bolts(image: Image, view: View, draw: Draw, reach: tuple[float, float, float, float]) -> Image:
    """Screws near the upper and lower edge: bright or dark discs, often over the lettering's edge."""
    for _ in range(draw.whole(1, 3)):
        u, v = draw.between(reach[0] + 0.3, reach[2] - 0.3), draw.pick((reach[1] + 0.13, reach[3] - 0.13)) + draw.bell(0.03)
        disc = ((draw.between(0.05, 0.10) - np.hypot(view.u - u, view.v - v)) * view.cap + 0.5).clip(0.0, 1.0)[:, :, None]
        image = np.asarray(image * (1 - disc) + np.float32(draw.pick((40.0, 110.0, 190.0, 240.0))) * disc, np.float32)
    return image


def _paint(job: Job, view: View) -> Image:
    draw, difficulty = job.draw, job.difficulty
    colours = draw.weighted(KINDS)
    light = draw.log_between(1.0 - 0.72 * difficulty, 1.15)
    ground, ink = (_shifted(part, draw, difficulty) for part in (colours.ground, colours.ink))
    left, _, right, _ = view.box
    edge = draw.between(0.2, 0.36)
    reach = (left - draw.between(0.2, 0.9), -edge, right + draw.between(0.12, 0.3), 1.0 + edge)
    inside = _border(view, reach, 0.08)
    image = np.broadcast_to(ground, (*view.ink.shape, 3)) + cut("cloud", view.ink.shape, draw)[:, :, None] * np.float32(7.0 * difficulty)
    lines = view.ink
    if draw.chance(0.85):
        rim = inside - draw.between(0.03, 0.10) * view.cap
        lines = np.maximum(lines, (draw.between(0.02, 0.045) * view.cap + 0.5 - np.abs(rim)).clip(0.0, 1.0))
    image = print_ink(np.asarray(image, np.float32), spread(lines, draw, view.cap, difficulty) * draw.between(0.7, 1.0), ink)
    if draw.chance(0.5):
        image = relief(image, profile(view.ink, view.cap, 1.0, draw), draw, view.cap, draw.between(0.2, 0.8))
    if draw.chance(0.6):
        image = _bolts(image, view, draw, reach)
    cover = (inside + 0.5).clip(0.0, 1.0)[:, :, None]
    body = surface(draw, view.ink.shape, Wanted(("painted", "plastic", "plain", "oily"), tone=draw.log_between(15.0, 220.0)))
    return np.asarray((image * cover + body * (1.0 - cover)) * light, np.float32)


def _setting(job: Job, chinese: bool) -> Setting:
    draw = job.draw
    margins = random_margins(draw, 0.6 * job.difficulty)
    tracking = draw.between(0.09, 0.2)
    if not chinese:
        return Setting(tracking=tracking, gap=draw.between(0.3, 0.7), margins=margins)
    share = draw.between(0.05, 0.5) if draw.chance(0.55 * job.difficulty) else 0.0
    left = tracking + 0.5 * share if share else min(margins.left, 0.12)
    spread_out = Margins(left=left, top=draw.between(0.05, 0.45), right=draw.between(0.05, 0.35), bottom=draw.between(0.05, 0.45))
    return Setting(
        tracking=tracking, margins=spread_out if draw.chance(0.8) else replace(margins, left=left), neighbours=(share, 0.0), foreign=StrokeHeap(draw)
    )


def _pose(job: Job) -> Pose:
    """Plates are seen from the side and from above more than other codes, and stored at one size whatever their shape."""
    draw, difficulty = job.draw, job.difficulty
    pose = random_pose(draw, difficulty, 3.2)
    slant = replace(pose, shear=draw.bell(0.16 * difficulty, 2.5), turn=min(max(draw.bell(4.0 * difficulty), -12.0), 12.0), roll=0.0, arc=0.0)
    return replace(slant, stretch=draw.log_between(0.75, 1.25))


def number_plate(job: Job) -> Shot:
    """A number plate of one of several schemes."""
    draw = job.draw
    chinese = "\u00b7" in job.code.shown
    face: Face = file_face(job, LETTERING)
    if chinese or draw.chance(0.4):
        face = CellFace(face, draw.between(0.46, 0.56), chinese or draw.chance(0.3))
    height = draw.whole(18, 34) if draw.chance(0.6) else draw.whole(20, 72)
    view, height = shoot(job, face, _setting(job, chinese), _pose(job), height)
    return Shot(_paint(job, view), view, height)
