"""Mechanical counters: wheels side by side in a window, some of them between two digits."""

from dataclasses import dataclass, replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.counter_window import behind_glass, in_window, window_margins
from siga_ocr.data.render.display import segment_display
from siga_ocr.data.render.geometry import Pose, View, random_pose
from siga_ocr.data.render.glyphs import Face, Mask
from siga_ocr.data.render.mark import ink_colour, print_ink, soften, wear
from siga_ocr.data.render.scene import CAPS, Job, Shot, file_face, frame, native_height
from siga_ocr.data.render.surface import Image, tint
from siga_ocr.data.render.texture import cut
from siga_ocr.data.render.typeset import PAD, Artwork, Placed, Setting, stamp

LETTERING = (
    "routed",
    "din",
    "osifont",
    "nimbussans",
    "roboto",
    "vera",
    "liberationsans",
    "switzera",
    "arimo",
    "b612",
    "freesans",
    "gillius",
    "clearsans",
)


@dataclass(frozen=True)
class Wheels:
    """The build of a counter in cap heights: `pitch` between wheels, `step` between the digits of a wheel, the window's room `above` and
    `below` the digits, each wheel's `rolls` (share of a step that its digit has moved up), `turning` 1 where the next digit comes from
    below and -1 from above."""

    pitch: float
    step: float
    above: float
    below: float
    rolls: tuple[float, ...]
    turning: int


def _rolls(draw: Draw, digits: str, difficulty: float) -> list[float]:
    """Digits in line but for small play; the last one anywhere between two, those before it follow where it nears zero; worn gears leave one
    of the others between two as well."""
    rolls = [draw.bell(0.05 * difficulty, 2.0) for _ in digits]
    if draw.chance(0.6 * difficulty):
        rolls[-1] = draw.between(-0.4, 0.4)
        for place in range(len(digits) - 1, 0, -1):
            if (digits[place] == "9" and rolls[place] > 0.15) or (digits[place] == "0" and rolls[place] < -0.15):
                rolls[place - 1] = rolls[place] * draw.between(0.4, 0.9)
            else:
                break
    if draw.chance(0.15 * difficulty):
        rolls[draw.whole(0, len(digits) - 1)] = draw.pick((-1.0, 1.0)) * draw.between(0.12, 0.38)
    return rolls


def random_wheels(draw: Draw, digits: str, difficulty: float) -> Wheels:
    """A build and a position of the wheels that show `digits`."""
    rolls, common = _rolls(draw, digits, difficulty), draw.bell(0.10 * difficulty, 2.0)
    step, turning = draw.between(1.15, 1.7), 1 if draw.chance(0.85) else -1
    room = draw.between(0.08, 0.36) if draw.chance(0.75) else draw.between(0.3, 0.55)
    pitch = draw.between(0.9, 1.4) if draw.chance(0.8) else draw.between(0.8, 0.95)
    return Wheels(pitch, step, room, room + draw.bell(0.05), tuple(min(max(roll + common, -0.45), 0.45) for roll in rolls), turning)


@dataclass(frozen=True)
class Drums:
    """How wheels look: `body` and `ink` [3], the same for the last `fraction` wheels, which count parts of a unit."""

    body: Image
    ink: Image
    fraction: int
    fraction_body: Image
    fraction_ink: Image


def random_drums(draw: Draw, wheels: int) -> Drums:
    """Water meters with dark digits on light drums mostly; gas and electricity meters and machines with light digits on black ones, the last
    wheels red or set off."""
    light = draw.weighted((("water", 0.74), ("gas", 0.13), ("electricity", 0.13))) == "water"
    body = np.asarray(draw.between(155.0, 245.0) * tint(draw, 0.08) if light else draw.between(12.0, 55.0) * tint(draw, 0.08), np.float32)
    contrast = draw.between(110.0, 205.0) if draw.chance(0.85) else draw.between(65.0, 110.0)
    ink = ink_colour(draw, float(body.mean()), contrast, light, 0.06)
    red = np.array([draw.between(140.0, 205.0), draw.between(20.0, 60.0), draw.between(20.0, 55.0)], np.float32)
    fraction = draw.whole(1, min(4, max(1, wheels // 2))) if draw.chance(0.22 if light else 0.5) else 0
    if light:
        return Drums(body, ink, fraction, body, red)
    other = draw.weighted(((red, 0.75), (np.full(3, draw.between(120.0, 220.0), np.float32), 0.25)))
    return Drums(body, ink, fraction, other, ink if other is red else np.full(3, 25.0, np.float32))


def _stamped(digits: str, face: Face, cap: int, wheels: Wheels) -> Artwork:
    """The digits on their wheels and the ones above and below them, cut at the window."""
    pad = round(PAD * cap)
    shape = (cap + 2 * pad, round(len(digits) * wheels.pitch * cap) + 2 * pad)
    coverage, labels = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for place, (digit, roll) in enumerate(zip(digits, wheels.rolls, strict=True)):
        for step in (-1, 1, 0):
            glyph = face.glyph(str((int(digit) + step) % 10), cap)
            x = (place + 0.5) * wheels.pitch * cap - glyph.mask.shape[1] / 2
            shift = (step - roll) * wheels.turning * wheels.step * cap
            stamp(coverage, labels, Placed(glyph, round(x), glyph.top + round(shift), place + 1 if step == 0 else 0), pad, cap)
    return Artwork(*_windowed(coverage, labels, pad, cap, wheels), cap, (0.0, -wheels.above, len(digits) * wheels.pitch, 1.0 + wheels.below))


def _windowed(coverage: Mask, labels: Mask, pad: int, cap: int, wheels: Wheels) -> tuple[Mask, Mask]:
    """Nothing shows above and below the window."""
    top, bottom = max(0, round(pad - wheels.above * cap)), round(pad + cap + wheels.below * cap)
    for field in (coverage, labels):
        field[:top] = 0
        field[bottom:] = 0
    return coverage, labels


def _lit(view: View, wheels: Wheels, draw: Draw) -> Image:
    """Light on the drums, brightest somewhere in the middle; [h, w, 1]."""
    across = ((view.v + wheels.above) / (1.0 + wheels.above + wheels.below) * 2.0 - 1.0).clip(-1.0, 1.0)
    return np.asarray(1.0 - draw.between(0.0, 0.28) * np.abs(across - draw.bell(0.25)) ** 2, np.float32)[:, :, None]


def _gaps(view: View, wheels: Wheels, draw: Draw) -> Image:
    """The gaps between the wheels and the teeth beside the digits, 0..1 [h, w, 1]."""
    place = view.u / np.float32(wheels.pitch)
    seam = (draw.log_between(0.012, 0.08) - np.abs(place - np.round(place)) * wheels.pitch) * view.cap + 0.5
    dark = seam.clip(0.0, 1.0) * draw.between(0.5, 1.0)
    if draw.chance(0.6):
        offset, length, wide = draw.between(0.06, 0.15), draw.log_between(0.15, 0.6), draw.log_between(0.015, 0.08)
        offset = wheels.pitch - offset if draw.chance(0.6) else offset
        tooth = ((wide - np.abs((place - np.floor(place)) * wheels.pitch - offset)) * view.cap + 0.5).clip(0.0, 1.0)
        dark = np.maximum(dark, tooth * (np.mod(view.v + draw.unit(), length * 1.6) < length) * draw.between(0.5, 1.0))
    return np.asarray(dark, np.float32)[:, :, None]


def _wheel_bodies(view: View, wheels: Wheels, draw: Draw, drums: Drums) -> Image:
    """Drums lit from one side with the gaps, rims and gear marks between them."""
    count = len(wheels.rolls)
    number = np.floor(view.u / np.float32(wheels.pitch)).clip(0, count - 1).astype(np.int32)
    grounds, inks = np.tile(drums.body, (count, 1)), np.tile(drums.ink, (count, 1))
    if drums.fraction:
        grounds[-drums.fraction :], inks[-drums.fraction :] = drums.fraction_body, drums.fraction_ink
    shades = 1.0 + draw.generator.normal(0.0, 0.04, count).astype(np.float32)
    image = grounds[number] * shades[number][:, :, None] * _lit(view, wheels, draw)
    image = image + cut("cloud", view.ink.shape, draw)[:, :, None] * np.float32(4.0)
    image = print_ink(np.asarray(image, np.float32), view.ink, np.asarray(inks[number], np.float32))
    dark = _gaps(view, wheels, draw)
    gap = np.minimum(drums.ink, drums.body) * np.float32(draw.between(0.3, 1.0))
    return np.asarray(image * (1.0 - dark) + gap * dark, np.float32)


def _pose(job: Job, wheels: Wheels) -> Pose:
    """Meters are photographed from the front, some with their dial turned."""
    draw, difficulty = job.draw, job.difficulty
    pose = random_pose(draw, 0.8 * difficulty, len(wheels.rolls) * wheels.pitch)
    if draw.chance(0.08 * difficulty):
        pose = replace(pose, turn=draw.between(-13.0, 13.0))
    return replace(pose, stretch=draw.log_between(0.85, 1.25), roll=0.0, arc=0.0)


def counter_wheels(job: Job) -> Shot:
    """A row of counter wheels; the text is the digit of each wheel that is nearest to the middle of the window."""
    draw, difficulty, digits = job.draw, job.difficulty, job.code.shown
    if not digits.strip() or not digits.isdigit():
        return segment_display(job)
    wheels = random_wheels(draw, digits, difficulty)
    margins = window_margins(draw, difficulty, max(0.0, min(wheels.above, wheels.below)))
    height = draw.whole(44, 86) if draw.chance(0.65) else native_height(draw, difficulty)
    cap = next((size for size in CAPS if size >= 0.7 * height), CAPS[-1])
    face = file_face(job, LETTERING, draw.chance(0.9))
    view, height = frame(job, _stamped(digits, face, cap, wheels), Setting(margins=margins), _pose(job, wheels), height)
    view = replace(view, ink=soften(view.ink, view.cap * draw.between(0.0, 0.02)))
    if draw.chance(0.25 * difficulty):
        view = replace(view, ink=wear(view.ink, draw, view.cap, draw.between(0.2, 0.6)))
    image = _wheel_bodies(view, wheels, draw, random_drums(draw, len(digits)))
    return Shot(behind_glass(in_window(image, view, draw, face), view, draw, difficulty), view, height)
