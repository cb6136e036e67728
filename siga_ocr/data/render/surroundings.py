"""What else a crop of a workpiece shows: the part's edge, bolts and holes, symbols, ruled frames, strokes by hand; never over the text."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.glyphs import Mask
from siga_ocr.data.render.scene import Job, Shot
from siga_ocr.data.render.surface import Image, Wanted, surface, tint
from siga_ocr.data.render.symbols import SIDE, random_symbol, scribble
from siga_ocr.data.render.texture import Field

SIDES = ((-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0))
HOUSED = ("sleeve", "plate", "counter", "segment")
"""Families that paint what is around them themselves."""
CLEAR = 0.2  # cap heights that stay free around the text


@dataclass(frozen=True)
class Room:
    """Where there is room, in cap heights: `box` (left, top, right, bottom) is the text's, `seen` what the crop shows."""

    view: View
    draw: Draw
    box: tuple[float, float, float, float]
    seen: tuple[float, float, float, float]

    @property
    def off_the_line(self) -> "Room":
        """The room above and below the text alone: what stood beside it would read as one of its characters."""
        return replace(self, box=(self.seen[0] - 9.0, self.box[1], self.seen[2] + 9.0, self.box[3]))

    @property
    def free(self) -> float:
        """The widest strip beside the text, of all four sides."""
        return max(self.box[0] - self.seen[0], self.box[1] - self.seen[1], self.seen[2] - self.box[2], self.seen[3] - self.box[3])

    def place(self, radius: float) -> tuple[float, float]:
        """The middle of something `radius` wide that stays clear of the text, cut by the crop's edge where there is too little room."""
        left, top, right, bottom = self.seen
        rooms = (self.box[0] - left, right - self.box[2], self.box[1] - top, bottom - self.box[3])
        side = self.draw.weighted([(side, max(room, 0.0) ** 2 + 1e-3) for side, room in enumerate(rooms)])
        away = CLEAR + radius + self.draw.unit() * max(0.0, rooms[side] - CLEAR - radius * 0.6)
        if side < 2:
            return (self.box[0] - away if side == 0 else self.box[2] + away), self.draw.between(top, bottom)
        return self.draw.between(left, right), (self.box[1] - away if side == 2 else self.box[3] + away)


def _tone(image: Image, draw: Draw) -> Image:
    """A colour [3] that stands out against the image, lighter or darker."""
    under, step = float(image.mean()), draw.between(45.0, 150.0)
    dark = draw.chance(0.65) if 60.0 < under < 190.0 else under > 125.0
    return np.asarray(min(max(under - step if dark else under + step, 6.0), 250.0) * tint(draw, 0.5 if draw.chance(0.3) else 0.1), np.float32)


def _covered(image: Image, cover: Field, colour: Image) -> Image:
    return np.asarray(image + (colour - image) * cover[:, :, None], np.float32)


def part_edge(image: Image, room: Room) -> Image:
    """The workpiece ends: chamfer or burr, a shadow, and what lies behind."""
    draw, view = room.draw, room.view
    rooms = (room.box[0] - room.seen[0], room.seen[2] - room.box[2], room.box[1] - room.seen[1], room.seen[3] - room.box[3])
    side = SIDES[draw.weighted([(place, max(free, 0.0) + 1e-3) for place, free in enumerate(rooms)])]
    angle = math.atan2(side[1], side[0]) + draw.bell(0.06)
    across, down = math.cos(angle), math.sin(angle)
    left, top, right, bottom = room.box
    farthest = max(u * across + v * down for u in (left, right) for v in (top, bottom))
    width = draw.log_between(0.03, 0.3)
    place = farthest + CLEAR + width + draw.unit() * max(0.0, max(rooms) - CLEAR - width) * 0.8
    beyond = np.asarray(view.u * np.float32(across) + view.v * np.float32(down) - np.float32(place), np.float32)
    chamfer = ((beyond + width) * view.cap + 0.5).clip(0.0, 1.0)
    strip = np.asarray(image + (chamfer * draw.between(-70.0, 90.0))[:, :, None], np.float32)
    tone = draw.log_between(8.0, 90.0) if draw.chance(0.65) else draw.between(90.0, 235.0)
    behind = surface(draw, view.ink.shape, Wanted(("plain", "plain", "oily", "cast", "plastic"), tone=tone))
    if draw.chance(0.5):
        shade = 1.0 - draw.between(0.2, 0.7) * np.exp(-beyond.clip(0.0, None) / draw.between(0.1, 0.6))
        behind = np.asarray(behind * shade[:, :, None], np.float32)
    return _covered(strip, np.asarray((beyond * view.cap + 0.5).clip(0.0, 1.0), np.float32), behind)


def fastener(image: Image, room: Room) -> Image:
    """A hole, rivet, hexagon bolt or slotted screw; too large for a round character where it stands in the line."""
    draw, view = room.draw, room.view
    radius = draw.between(0.35, 1.3)
    u, v = room.place(radius)
    if -0.6 < v < 1.6 and radius < 0.85:
        v = -CLEAR - radius - draw.unit() if draw.chance(0.5) else 1.0 + CLEAR + radius + draw.unit()
    x, y = (view.u - np.float32(u)) / np.float32(radius), (view.v - np.float32(v)) / np.float32(radius)
    far, kind, light = np.hypot(x, y), draw.pick(("hole", "rivet", "hexagon", "slot", "cross")), draw.unit() * 6.3
    if kind == "hexagon":
        turn = draw.unit()
        far = np.maximum.reduce([np.abs(x * math.cos(turn + k * math.pi / 3) + y * math.sin(turn + k * math.pi / 3)) for k in range(3)]) * 1.08
    facing = x * np.float32(math.cos(light)) + y * np.float32(math.sin(light))
    edge = view.cap * radius
    cover = ((1.0 - far) * edge + 0.5).clip(0.0, 1.0)
    rim = np.exp(-(((far - 1.0) * edge / max(1.0, 0.08 * edge)) ** 2)) * facing.clip(-1.0, 1.0)
    if kind == "hole":
        body = np.float32(draw.between(5.0, 35.0)) + 18.0 * facing.clip(0.0, 1.0)
    else:
        body = np.float32(float(image.mean()) * draw.between(0.55, 1.4)) + draw.between(15.0, 60.0) * facing
        groove = np.abs(x * math.cos(light + 1.0) + y * math.sin(light + 1.0))
        groove = np.minimum(groove, np.abs(x * math.sin(light + 1.0) - y * math.cos(light + 1.0))) if kind == "cross" else groove
        body = body * (1.0 - 0.7 * ((groove < 0.14) & (far < 0.8))) if kind in ("slot", "cross") else body
    painted = _covered(image, np.asarray(cover, np.float32), np.asarray(body[:, :, None] * np.ones(3, np.float32), np.float32))
    return np.asarray(painted + (rim * draw.between(20.0, 70.0))[:, :, None], np.float32)


def _pasted(room: Room, picture: Mask, middle: tuple[float, float], size: tuple[float, float], turn: float) -> Field:
    """A symbol `size` wide and high in cap heights as coverage [h, w] of the crop, clear of the text."""
    view = room.view
    u, v = view.u - np.float32(middle[0]), view.v - np.float32(middle[1])
    x, y = u * np.float32(math.cos(turn)) + v * np.float32(math.sin(turn)), v * np.float32(math.cos(turn)) - u * np.float32(math.sin(turn))
    place_x, place_y = (x / size[0] + 0.5) * SIDE - 0.5, (y / size[1] + 0.5) * SIDE - 0.5
    shrink = max(0.0, SIDE / (min(size) * view.cap) - 1.0) * 0.5
    smooth = cv2.GaussianBlur(picture, (0, 0), shrink) if shrink > 0.3 else picture
    found = cv2.remap(smooth, place_x, place_y, cv2.INTER_LINEAR).astype(np.float32) / 255.0
    left, top, right, bottom = room.box
    apart = np.maximum(np.maximum(left - view.u, view.u - right), np.maximum(top - view.v, view.v - bottom))
    return np.asarray(found * ((apart - 0.6 * CLEAR) * view.cap).clip(0.0, 1.0), np.float32)


def _marked(image: Image, cover: Field, draw: Draw) -> Image:
    """As ink, or cut into the material."""
    if draw.chance(0.6):
        return _covered(image, np.asarray(cover * np.float32(draw.between(0.55, 1.0)), np.float32), _tone(image, draw))
    shift = draw.pick(((1, 0), (0, 1), (1, 1), (-1, 1)))
    slope = cover - np.roll(cover, shift, (0, 1))
    return np.asarray(image + (slope * draw.between(40.0, 110.0))[:, :, None] - (cover * draw.between(0.0, 25.0))[:, :, None], np.float32)


def symbol(image: Image, room: Room) -> Image:
    """A symbol larger than a character, often cut by the crop's edge; only solid ones stand beside the line."""
    draw = room.draw
    solid = draw.chance(0.5)
    side, where = draw.between(1.25, 2.6), room if solid else room.off_the_line
    turn = draw.bell(0.04) if draw.chance(0.8) else draw.bell(0.5)
    return _marked(image, _pasted(where, random_symbol(draw, solid), where.place(side / 2), (side, side), turn), draw)


def ruled_frame(image: Image, room: Room) -> Image:
    """The border of a label or field: a whole frame, or one rule that runs through the crop."""
    draw, view = room.draw, room.view
    left, top, right, bottom = room.box
    gaps = [CLEAR + draw.between(0.03, 0.6) for _ in range(4)]
    if room.seen[3] - room.seen[1] < 1.8:  # an upright rule would be as high as a character
        gaps[0] = gaps[2] = 99.0
    reach = (left - gaps[0], top - gaps[1], right + gaps[2], bottom + gaps[3])
    if draw.chance(0.55):
        line = np.maximum(np.maximum(reach[0] - view.u, view.u - reach[2]), np.maximum(reach[1] - view.v, view.v - reach[3]))
    else:
        line = draw.pick((view.u - reach[0], view.u - reach[2], view.v - reach[1], view.v - reach[3]))
    half = draw.log_between(0.015, 0.07)
    cover = ((half - np.abs(line)) * view.cap + 0.5).clip(0.0, 1.0)
    if draw.chance(0.2):  # a second, thinner one
        cover = np.maximum(cover, ((half * 0.6 - np.abs(line - 3.5 * half)) * view.cap + 0.5).clip(0.0, 1.0))
    return _marked(image, np.asarray(cover, np.float32), draw)


def handwriting(image: Image, room: Room) -> Image:
    """Strokes of chalk or crayon that come from outside and stay clear of the line."""
    draw, room = room.draw, room.off_the_line
    width, height = room.seen[2] - room.seen[0], room.seen[3] - room.seen[1]
    chalk = draw.between(170.0, 245.0) * tint(draw, 0.5) if draw.chance(0.6) else draw.between(20.0, 90.0) * tint(draw, 0.8)
    for _ in range(draw.whole(1, 3)):
        size = (max(width, 1.0) * draw.between(0.6, 1.6), max(height, 1.5) * draw.between(0.9, 1.4))
        middle = (draw.between(room.seen[0], room.seen[2]), draw.between(room.seen[1], room.seen[3]))
        cover = _pasted(room, scribble(draw), middle, size, draw.bell(0.2)) * np.float32(draw.between(0.5, 0.95))
        grain = draw.generator.random(cover.shape, dtype=np.float32) * np.float32(0.5) + np.float32(0.5)
        image = _covered(image, cover * grain, np.asarray(chalk, np.float32))
    return image


THINGS: dict[str, tuple[Callable[[Image, Room], Image], float]] = {
    "part_edge": (part_edge, 0.28),
    "fasteners": (fastener, 0.24),
    "symbols": (symbol, 0.22),
    "frames": (ruled_frame, 0.16),
    "handwriting": (handwriting, 0.10),
}
"""What can stand around, with its share."""


def surrounded(shot: Shot, job: Job, family: str) -> Shot:
    """The shot with what stands around the text: the style's fault where it is one of these, else one or two things now and then.

    Crops without a code hold up to three, anywhere.
    """
    draw, view, blank = job.draw, shot.view, not job.code.text
    if family in HOUSED and not (blank or job.style.fault):
        return shot
    if not job.style.fault and not draw.chance(0.7 if blank else 0.45 * job.difficulty):
        return shot
    seen = (float(view.u.min()), float(view.v.min()), float(view.u.max()), float(view.v.max()))
    spot = (draw.between(seen[0], seen[2]), draw.between(seen[1], seen[3]))
    room = Room(view, draw, (spot[0], spot[1], spot[0], spot[1]) if blank else view.box, seen)
    if job.style.fault:
        kinds = [job.style.fault] if job.style.fault in THINGS else []
    else:
        count = draw.whole(1, 3) if blank else draw.whole(1, 2) * (room.free > 1.5 * CLEAR)
        kinds = [draw.weighted([(name, share) for name, (_, share) in THINGS.items()]) for _ in range(count)]
    image = shot.image
    for kind in kinds:
        image = THINGS[kind][0](image, room)
    return replace(shot, image=image)
