"""Wire sleeves, terminal markers and device plates of control cabinets, seen close, curved, tight and often blurred."""

import math
from dataclasses import dataclass, replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.camera import luma
from siga_ocr.data.render.geometry import Pose, View, random_pose
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.mark import ink_colour, print_ink, soften, spread, wear
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.strokes import StrokeFace
from siga_ocr.data.render.surface import Image, Wanted, surface, tint
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.data.render.typeset import Margins

THIN = (
    "routed",
    "osifont",
    "din",
    "nimbusmono",
    "cousine",
    "vera",
    "sans-regular",
    "ocr",
    "roboto-light",
    "light",
    "mono",
    "nimbussans",
    "arimo",
    "liberationsans",
)
BOLD = ("narrow-bold", "condensed-bold", "bold", "boldcond", "din", "ptn77", "rg2014", "dejavusanscondensed", "nimbussansnarrow")


@dataclass(frozen=True)
class Tube:
    """What carries the mark: mean `colour` [3], how far it reaches above and below the text in cap heights, how `round` it is (0 flat)."""

    colour: Image
    above: float
    below: float
    round: float


def _tube(draw: Draw, difficulty: float) -> Tube:
    """White and grey sleeves mostly, yellow plates often, other colours seldom."""
    kind = draw.weighted((("white", 0.72), ("yellow", 0.23), ("other", 0.05)))
    tone = draw.log_between(65.0, 200.0) if draw.chance(0.12) else 253.0 - 75.0 * draw.unit() ** 1.9
    if kind == "yellow":
        hue = np.array([1.25, draw.between(1.02, 1.2), draw.between(0.0, 0.4)], np.float32)
        colour = hue / hue.mean() * np.float32(draw.between(95.0, 205.0))
    elif kind == "white":
        colour = tone * tint(draw, 0.035 if draw.chance(0.7) else 0.12)
    else:
        colour = tone * tint(draw, 0.7)
    flat = kind == "yellow" or draw.chance(0.4)
    room = 0.3 + 0.9 * draw.unit()
    return Tube(np.asarray(colour, np.float32), room, room + draw.bell(0.08), 0.0 if flat else draw.between(0.1, 0.65) * (0.3 + 0.7 * difficulty))


def _tight(margins: Margins, draw: Draw) -> Margins:
    """A detector trained on sleeves cuts close above and below, less so at the ends."""
    share = draw.between(0.4, 0.85)
    return replace(margins, top=min(margins.top, margins.top * share), bottom=min(margins.bottom, margins.bottom * share))


SHORT = 3
"""Characters of a sleeve that turns on its wire and is seen aslant."""

LOW, HIGH = frozenset("._,"), frozenset("\"'^*`")


def _kept(margins: Margins, text: str) -> Margins:
    """No cut that would take a whole character away: an underscore or a full stop at the bottom, a quote at the top."""
    top, bottom = (max(margins.top, 0.0) if HIGH & set(text) else margins.top), (max(margins.bottom, 0.0) if LOW & set(text) else margins.bottom)
    return replace(margins, top=top, bottom=bottom)


NARROW = frozenset("1Iil|-.:_,;'!")
"""Characters of which a cut at the side would leave nothing to read."""


def side_cut(margins: Margins, text: str, draw: Draw) -> Margins:
    """The crop begins inside the first character or ends inside the last, by less than half of it."""
    share = -draw.between(0.08, 0.24)
    if draw.chance(0.5):
        return margins if text[:1] in NARROW else replace(margins, left=share)
    return margins if text[-1:] in NARROW else replace(margins, right=share)


def _height(draw: Draw, short: bool) -> int:
    """Pixels of the file: half of the crops between 26 and 42; a `short` mark is often seen from far away."""
    middle = 21.0 if short and draw.chance(0.45) else 33.0
    return min(max(round(middle * math.exp(draw.bell(0.36))), 12), 84)


def _around(job: Job, view: View) -> Image:
    """What lies behind the tube: dark gaps, other wires, cabinet."""
    draw, shape = job.draw, view.ink.shape
    image = surface(
        draw,
        shape,
        Wanted(
            ("plain", "plastic", "painted", "rubber"),
            tone=draw.log_between(12.0, 240.0) if draw.chance(0.5) else draw.between(90.0, 235.0),
            photos=job.style.surfaces,
        ),
    )
    if draw.chance(0.75):  # ducts, doors and terminals are grey, wires seldom vivid
        image = np.asarray(image * np.float32(0.2) + luma(image)[:, :, None] * np.float32(0.8), np.float32)
    if draw.chance(0.35):
        stripe = np.sin((view.u * draw.bell(2.0) + view.v * draw.bell(3.0)) + draw.between(0, 6.0))
        image = image + np.asarray(
            (stripe > draw.between(-0.5, 0.8)).astype(np.float32)[:, :, None] * draw.between(-60.0, 90.0) * tint(draw, 1.0), np.float32
        )
    return np.asarray(image, np.float32)


def _shade(view: View, tube: Tube, draw: Draw) -> Field:
    """Light on a cylinder: bright along one line, falling off to the edges."""
    across = ((view.v + tube.above) / (1.0 + tube.above + tube.below) * 2.0 - 1.0).clip(-1.2, 1.2)
    crest = draw.bell(0.35, 1.5)
    fall = 1.0 - tube.round * np.abs(across - crest) ** draw.between(1.5, 3.0) * 0.75
    if tube.round and draw.chance(0.3):
        fall = fall + draw.between(0.05, 0.3) * np.exp(-(((across - crest) / draw.between(0.1, 0.3)) ** 2))
    return np.asarray((fall / float(fall.mean()) ** 0.7).clip(0.12, 1.6), np.float32)


def _cover(view: View, tube: Tube, draw: Draw) -> Field:
    """1 where the tube is, 0 beside it, with edges one pixel soft; its ends lie beyond the text."""
    edge = view.cap
    inside = np.minimum((view.v + tube.above) * edge, (1.0 + tube.below - view.v) * edge)
    start, end = view.box[0] - draw.between(0.15, 1.2), view.box[2] + draw.between(0.15, 1.2)
    cover = np.minimum(inside, np.minimum((view.u - start) * edge, (end - view.u) * edge)).clip(0.0, 1.0)
    return np.asarray(cover, np.float32)


def _face(job: Job) -> Face:
    draw = job.draw
    strokes = StrokeFace(draw.between(0.09, 0.18), draw.between(0.75, 1.15))
    if draw.chance(0.18) and strokes.covers(job.code.text):
        return strokes
    return file_face(job, draw.weighted(((THIN, 0.5), (BOLD, 0.35), ((), 0.15))))


def _pose(job: Job) -> Pose:
    """Tubes are turned little, but printed wide or narrow, and bent."""
    draw = job.draw
    pose = random_pose(draw, 0.7 * job.difficulty, 0.6 * len(job.code.shown))
    arc = draw.bell(0.14 * job.difficulty, 2.0) if draw.chance(0.3) else 0.0
    if len(job.code.shown) <= SHORT and draw.chance(0.45):  # nothing holds a short sleeve upright
        pose = replace(pose, turn=draw.between(-20.0, 20.0) * job.difficulty, shear=draw.bell(0.2 * job.difficulty, 2.0))
    elif draw.chance(0.15):
        pose = replace(pose, shear=draw.bell(0.25 * job.difficulty, 2.0))
    return replace(
        pose, stretch=draw.log_between(0.64, 1.4), roll=0.0, arc=arc, barrel=draw.between(0.0, 0.6) * job.difficulty if draw.chance(0.4) else 0.0
    )


def _unsharp(draw: Draw) -> float:
    """How soft the print itself is, in cap heights: soaked into cloth and rubber, or out of the camera's focus."""
    return draw.between(0.05, 0.15) if draw.chance(0.35) else draw.between(0.0, 0.05)


def wire_sleeve(job: Job) -> Shot:
    """A printed sleeve, terminal marker or device plate."""
    draw, difficulty = job.draw, job.difficulty
    face = _face(job)
    setting = random_setting(draw, difficulty)
    if not setting.line_pitch:
        setting = replace(setting, margins=_tight(setting.margins, draw))
    setting = replace(setting, tracking=draw.log_between(0.04, 0.42), pitch=0.0, wobble=0.02 * draw.unit())
    if draw.chance(0.18 * difficulty):  # the detector cut into the line
        cut_off = -draw.log_between(0.1, 0.38)
        setting = replace(setting, margins=replace(setting.margins, top=cut_off) if draw.chance(0.5) else replace(setting.margins, bottom=cut_off))
    if draw.chance(0.08 * difficulty):
        setting = replace(setting, margins=side_cut(setting.margins, job.code.text, draw))
    setting = replace(setting, margins=_kept(setting.margins, job.code.text))
    view, height = shoot(job, face, setting, _pose(job), _height(draw, len(job.code.shown) <= SHORT))
    tube = _tube(draw, difficulty)
    image = np.broadcast_to(tube.colour, (*view.ink.shape, 3)) * _shade(view, tube, draw)[:, :, None]
    image = image + cut("cloud", view.ink.shape, draw)[:, :, None] * np.float32(3.0)
    under = float(tube.colour.mean())
    contrast = draw.between(0.75, 0.97) * under if draw.chance(0.6) else max(28.0, under * draw.between(0.35, 0.8))
    ink = spread(soften(view.ink, view.cap * _unsharp(draw) * difficulty), draw, view.cap, difficulty)
    if draw.chance(0.2 * difficulty):
        ink = wear(ink, draw, view.cap, draw.between(0.2, 0.7))
    tone = ink_colour(draw, under, contrast, under > 45 and draw.chance(0.97), 0.15)
    image = print_ink(np.asarray(image, np.float32), ink, tone)
    cover = _cover(view, tube, draw)[:, :, None]
    return Shot(np.asarray(image * cover + _around(job, view) * (1.0 - cover), np.float32), view, height)
