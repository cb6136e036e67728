"""Number plates: embossed characters between frame, bolts and the edge of a cut-off character, small and compressed."""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import Box, Pose, View, inside_rounded, random_pose
from siga_ocr.data.render.glyphs import Face, FileFace, Glyph
from siga_ocr.data.render.mark import print_ink, profile, relief, soften, spread
from siga_ocr.data.render.plate_dress import Colour, Dress, banded, bolted, random_dress, sloganed
from siga_ocr.data.render.scene import Job, Shot, file_face, random_margins, shoot
from siga_ocr.data.render.surface import Image, Wanted, surface
from siga_ocr.data.render.texture import cut
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


def _shifted(colour: Colour, draw: Draw, amount: float) -> Image:
    """The colour under another light: hue, saturation and brightness drift."""
    pixel = cv2.cvtColor(np.array([[colour]], np.float32) / 255.0, cv2.COLOR_RGB2HSV)[0, 0]
    hue, saturation = (pixel[0] + draw.bell(18.0 * amount)) % 360.0, min(1.0, max(0.0, pixel[1] * draw.log_between(1.0 - 0.55 * amount, 1.1)))
    shifted = cv2.cvtColor(np.array([[[hue, saturation, pixel[2]]]], np.float32), cv2.COLOR_HSV2RGB)[0, 0]
    return np.asarray(shifted * 255.0, np.float32)


def _lettered(view: View, dress: Dress, draw: Draw, difficulty: float, reach: Box) -> Image:
    """The plate's sheet: ground, dress, rim and characters."""
    ground, ink = (_shifted(part, draw, difficulty) for part in (dress.colours.ground, dress.colours.ink))
    image = np.broadcast_to(ground, (*view.ink.shape, 3)) + cut("cloud", view.ink.shape, draw)[:, :, None] * np.float32(7.0 * difficulty)
    image = np.asarray(image, np.float32)
    if dress.band:
        image = banded(image, view, draw, reach)
    if dress.slogans:
        image = sloganed(image, view, draw, reach)
    lines = view.ink
    if draw.chance(0.85):
        rim = inside_rounded(view, reach, 0.08) - draw.between(0.03, 0.10) * view.cap
        lines = np.maximum(lines, (draw.between(0.02, 0.045) * view.cap + 0.5 - np.abs(rim)).clip(0.0, 1.0))
    lines = spread(lines, draw, view.cap, difficulty)
    if draw.chance(0.35 * difficulty):  # headlights make the lettering bloom
        lines = np.maximum(lines, (1.5 * soften(lines, draw.between(0.03, 0.07) * view.cap)).clip(0.0, 1.0))
    if dress.engraved:
        image = relief(image, profile(view.ink, view.cap, -2.0, draw), draw, view.cap, draw.between(0.5, 1.0))
        lines = lines * draw.between(0.35, 1.0)
    image = print_ink(image, lines * draw.between(0.7, 1.0), ink)
    return relief(image, profile(view.ink, view.cap, 1.0, draw), draw, view.cap, draw.between(0.2, 0.8)) if draw.chance(0.5) else image


def _paint(job: Job, view: View, dress: Dress) -> Image:
    draw = job.draw
    light = draw.log_between(1.0 - 0.72 * job.difficulty, 1.2)
    left, _, right, _ = view.box
    reach = (
        left - (draw.between(0.45, 0.7) if dress.band else draw.between(0.2, 0.9)),
        -dress.edge,
        right + draw.between(0.12, 0.3),
        1.0 + dress.edge,
    )
    image = _lettered(view, dress, draw, job.difficulty, reach)
    if draw.chance(0.6):
        image = bolted(image, view, draw, reach)
    cover = (inside_rounded(view, reach, 0.08) + 0.5).clip(0.0, 1.0)[:, :, None]
    body = surface(draw, view.ink.shape, Wanted(("painted", "plastic", "plain", "oily"), tone=draw.log_between(15.0, 220.0)))
    return np.asarray((image * cover + body * (1.0 - cover)) * light, np.float32)


def _dressed_margins(job: Job, dress: Dress) -> Margins:
    """Room for what the plate wears, in most crops."""
    draw, margins = job.draw, random_margins(job.draw, 0.6 * job.difficulty)
    if dress.band and draw.chance(0.75):
        margins = replace(margins, left=draw.between(0.25, 0.8))
    if dress.slogans and draw.chance(0.75):
        margins = replace(margins, top=draw.between(0.2, 0.7), bottom=draw.between(0.2, 0.7))
    return margins


def _setting(job: Job, chinese: bool, dress: Dress) -> Setting:
    draw = job.draw
    margins = _dressed_margins(job, dress)
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
    turn = draw.between(-13.0, 13.0) * difficulty if draw.chance(0.3) else min(max(draw.bell(4.0 * difficulty), -12.0), 12.0)
    slant = replace(pose, shear=draw.bell(0.16 * difficulty, 2.5), turn=turn, roll=0.0, arc=0.0)
    return replace(slant, stretch=draw.log_between(0.75, 1.25))


def number_plate(job: Job) -> Shot:
    """A number plate of one of several schemes."""
    draw = job.draw
    chinese = "\u00b7" in job.code.shown
    dress = random_dress(draw, chinese)
    face: Face = file_face(job, LETTERING)
    if chinese or dress.slim or draw.chance(0.4):
        face = CellFace(face, draw.between(0.36, 0.44) if dress.slim else draw.between(0.46, 0.56), chinese or draw.chance(0.3))
    height = draw.whole(18, 34) if draw.chance(0.6) else draw.whole(20, 72)
    view, height = shoot(job, face, _setting(job, chinese, dress), _pose(job), height)
    return Shot(_paint(job, view, dress), view, height)
