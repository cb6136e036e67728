"""Mechanical counters: wheels side by side in a window, some of them between two digits."""

from dataclasses import dataclass, replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.display import segment_display
from siga_ocr.data.render.geometry import View, random_pose
from siga_ocr.data.render.glyphs import Face, Mask
from siga_ocr.data.render.mark import ink_colour, print_ink, soften, wear
from siga_ocr.data.render.scene import CAPS, Job, Shot, file_face, frame, native_height, random_margins
from siga_ocr.data.render.surface import Image, Wanted, surface, tint
from siga_ocr.data.render.texture import cut
from siga_ocr.data.render.typeset import PAD, Artwork, Margins, Placed, Setting, stamp

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


def random_wheels(draw: Draw, digits: str, difficulty: float) -> Wheels:
    """Wheels in line but for small play; the last one anywhere between two digits, the one before it follows where it nears zero."""
    play = 0.05 * difficulty
    rolls = [draw.bell(play, 2.0) for _ in digits]
    if draw.chance(0.6 * difficulty):
        last = draw.between(-0.4, 0.4)
        rolls[-1] = last
        for place in range(len(digits) - 1, 0, -1):
            if (digits[place] == "9" and rolls[place] > 0.15) or (digits[place] == "0" and rolls[place] < -0.15):
                rolls[place - 1] = rolls[place] * draw.between(0.4, 0.9)
            else:
                break
    common = draw.bell(0.05 * difficulty)
    step = draw.between(1.25, 1.75)
    turning = 1 if draw.chance(0.85) else -1
    room = draw.between(0.12, 0.55)
    return Wheels(draw.between(0.8, 1.35), step, room, room + draw.bell(0.06), tuple(min(max(roll + common, -0.45), 0.45) for roll in rolls), turning)


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


def _wheel_bodies(view: View, wheels: Wheels, draw: Draw, body: Image, ink: Image) -> Image:
    """Drums lit from one side with the gaps, rims and gear marks between them."""
    place = view.u / np.float32(wheels.pitch)
    number = np.floor(place).clip(0, len(wheels.rolls) - 1).astype(np.int32)
    shades = 1.0 + draw.generator.normal(0.0, 0.04, len(wheels.rolls)).astype(np.float32)
    grounds, inks = np.tile(body, (len(wheels.rolls), 1)), np.tile(ink, (len(wheels.rolls), 1))
    if draw.chance(0.2):  # the last wheels count fractions: red, or red ground
        count = draw.whole(1, max(1, len(wheels.rolls) // 2))
        red = np.array([draw.between(150.0, 210.0), draw.between(20.0, 60.0), draw.between(20.0, 60.0)], np.float32)
        (inks if float(body.mean()) > 120 else grounds)[-count:] = red
    across = ((view.v + wheels.above) / (1.0 + wheels.above + wheels.below) * 2.0 - 1.0).clip(-1.0, 1.0)
    fall = 1.0 - draw.between(0.0, 0.45) * np.abs(across - draw.bell(0.25)) ** 2
    image = grounds[number] * (shades[number] * fall)[:, :, None] + cut("cloud", view.ink.shape, draw)[:, :, None] * np.float32(4.0)
    image = print_ink(np.asarray(image, np.float32), view.ink, np.asarray(inks[number], np.float32))
    seam = (draw.between(0.015, 0.05) - np.abs(place - np.round(place)) * wheels.pitch) * view.cap + 0.5
    dark = seam.clip(0.0, 1.0) * draw.between(0.4, 1.0)
    if draw.chance(0.5):  # teeth beside the digits
        offset, length = draw.between(0.08, 0.16), draw.log_between(0.15, 0.6)
        tooth = ((0.03 - np.abs((place - np.floor(place)) * wheels.pitch - offset)) * view.cap + 0.5).clip(0.0, 1.0)
        dark = np.maximum(dark, tooth * (np.mod(view.v + draw.unit(), length * 1.6) < length) * draw.between(0.4, 1.0))
    return np.asarray(image * (1.0 - dark[:, :, None]) + ink * dark[:, :, None], np.float32)


def _in_window(view: View, wheels: Wheels, draw: Draw, image: Image) -> Image:
    """The frame around the wheels, with its shadow on them."""
    side = draw.between(0.0, 0.25)
    right = len(wheels.rolls) * wheels.pitch + side
    inside = np.minimum(np.minimum(view.u + side, right - view.u), np.minimum(view.v + wheels.above, 1.0 + wheels.below - view.v)) * view.cap
    shadow = 1.0 - draw.between(0.0, 0.6) * np.exp(-inside.clip(0.0, None) / (draw.between(0.03, 0.15) * view.cap))
    tone = draw.log_between(10.0, 60.0) if draw.chance(0.6) else draw.between(60.0, 220.0)
    frame_image = surface(draw, view.ink.shape, Wanted(("plastic", "plain", "rubber"), tone=tone))
    cover = (inside + 0.5).clip(0.0, 1.0)[:, :, None]
    lit = image * shadow[:, :, None] * cover + frame_image * (1.0 - cover)
    return np.asarray(lit * tint(draw, 0.6) if draw.chance(0.3) else lit * tint(draw, 0.1), np.float32)


def _window_margins(draw: Draw, difficulty: float) -> Margins:
    """Mostly cut to the window; sometimes with its frame."""
    if draw.chance(0.6):
        left, top, right, bottom = draw.between(-0.05, 0.1), draw.between(-0.08, 0.03), draw.between(-0.05, 0.1), draw.between(-0.08, 0.03)
    else:
        room = random_margins(draw, difficulty)
        left, right = max(room.left, 0.0), max(room.right, 0.0)
        top, bottom = (min(max(side, -0.06), 0.35) for side in (room.top, room.bottom))
    return Margins(left=left, top=top, right=right, bottom=bottom)


def counter_wheels(job: Job) -> Shot:
    """A row of counter wheels; the text is the digit of each wheel that is nearest to the middle of the window."""
    draw, difficulty, digits = job.draw, job.difficulty, job.code.shown
    if not digits.strip() or not digits.isdigit():
        return segment_display(job)
    wheels = random_wheels(draw, digits, difficulty)
    margins = _window_margins(draw, difficulty)
    height = draw.whole(40, 86) if draw.chance(0.5) else native_height(draw, difficulty)
    cap = next((size for size in CAPS if size >= 0.7 * height), CAPS[-1])
    pose = replace(random_pose(draw, 0.8 * difficulty, len(digits) * wheels.pitch), stretch=draw.log_between(0.75, 1.15), roll=0.0, arc=0.0)
    artwork = _stamped(digits, file_face(job, LETTERING, draw.chance(0.9)), cap, wheels)
    view, height = frame(job, artwork, Setting(margins=margins), pose, height)
    view = replace(view, ink=soften(view.ink, view.cap * draw.between(0.0, 0.02)))
    if draw.chance(0.25 * difficulty):
        view = replace(view, ink=wear(view.ink, draw, view.cap, draw.between(0.2, 0.6)))
    light = draw.chance(0.8)
    body = np.asarray(draw.between(135.0, 240.0) * tint(draw, 0.12) if light else draw.between(15.0, 55.0) * tint(draw, 0.1), np.float32)
    ink = ink_colour(draw, float(body.mean()), draw.between(70.0, 170.0), light, 0.1)
    image = _wheel_bodies(view, wheels, draw, body, ink)
    return Shot(_in_window(view, wheels, draw, image), view, height)
