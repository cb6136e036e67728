"""What a number plate wears besides its characters: colours of its country, a band with a flag, slogans, rim, bolts; nothing of it can be read."""

from dataclasses import dataclass

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import Box, View
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Colours:
    """Ground and lettering of a kind of plate, RGB."""

    ground: Colour
    ink: Colour


@dataclass(frozen=True)
class Dress:
    """A kind of plate: its `colours`, `edge` from the capitals to its rim in cap heights, `band` at the left, small `slogans` above and below,
    `engraved` instead of embossed and painted, `slim` characters as on motorcycles."""

    colours: Colours
    edge: float
    band: bool = False
    slogans: bool = False
    engraved: bool = False
    slim: bool = False


CHINESE: tuple[tuple[Colours, float], ...] = (
    (Colours((20.0, 70.0, 195.0), (240.0, 240.0, 245.0)), 0.56),
    (Colours((15.0, 125.0, 225.0), (245.0, 248.0, 250.0)), 0.18),
    (Colours((235.0, 185.0, 25.0), (25.0, 22.0, 20.0)), 0.12),
    (Colours((85.0, 200.0, 130.0), (20.0, 24.0, 22.0)), 0.09),
    (Colours((230.0, 230.0, 228.0), (22.0, 22.0, 26.0)), 0.03),
    (Colours((25.0, 25.0, 28.0), (235.0, 235.0, 235.0)), 0.02),
)
OTHERS: tuple[tuple[Colours, float], ...] = (
    (Colours((230.0, 230.0, 228.0), (22.0, 22.0, 26.0)), 0.48),
    (Colours((235.0, 190.0, 30.0), (25.0, 22.0, 20.0)), 0.17),
    (Colours((25.0, 25.0, 28.0), (235.0, 235.0, 235.0)), 0.08),
    (Colours((225.0, 228.0, 235.0), (25.0, 45.0, 125.0)), 0.09),
    (Colours((225.0, 225.0, 222.0), (160.0, 25.0, 30.0)), 0.06),
    (Colours((225.0, 228.0, 222.0), (15.0, 95.0, 55.0)), 0.04),
    (Colours((20.0, 110.0, 60.0), (240.0, 240.0, 240.0)), 0.04),
    (Colours((20.0, 60.0, 170.0), (240.0, 240.0, 240.0)), 0.04),
)
METAL = Colours((165.0, 166.0, 168.0), (45.0, 45.0, 48.0))


def random_dress(draw: Draw, chinese: bool) -> Dress:
    """A Chinese plate, or one of the European, American, motorcycle and trailer kinds."""
    edge = draw.between(0.2, 0.36)
    if chinese:
        return Dress(draw.weighted(CHINESE), edge)
    kind = draw.weighted((("plain", 0.34), ("european", 0.30), ("american", 0.20), ("motorcycle", 0.08), ("trailer", 0.08)))
    if kind == "trailer":
        return Dress(METAL, edge, engraved=True)
    colours = draw.weighted(OTHERS)
    wide = draw.between(0.4, 0.62) if kind == "american" else edge
    return Dress(colours, wide, band=kind == "european", slogans=kind == "american", slim=kind == "motorcycle")


def bolted(image: Image, view: View, draw: Draw, reach: Box) -> Image:
    """Screws near the upper and lower edge: bright or dark discs, often over the lettering's edge."""
    for _ in range(draw.whole(1, 3)):
        u, v = draw.between(reach[0] + 0.3, reach[2] - 0.3), draw.pick((reach[1] + 0.13, reach[3] - 0.13)) + draw.bell(0.03)
        disc = ((draw.between(0.05, 0.10) - np.hypot(view.u - u, view.v - v)) * view.cap + 0.5).clip(0.0, 1.0)[:, :, None]
        image = np.asarray(image * (1 - disc) + np.float32(draw.pick((40.0, 110.0, 190.0, 240.0))) * disc, np.float32)
    return image


def banded(image: Image, view: View, draw: Draw, reach: Box) -> Image:
    """A blue or flag-striped band at the left end, with a ring of specks or a few strokes on it, all smaller than a character."""
    left, top, _, bottom = reach
    wide = min(draw.between(0.3, 0.5), view.box[0] - 0.06 - left)
    if wide <= 0.05:
        return image
    inside = np.minimum(view.u - left, left + wide - view.u) * view.cap
    cover = (inside + 0.5).clip(0.0, 1.0)[:, :, None]
    paint = np.broadcast_to(np.asarray(draw.pick(((20.0, 50.0, 150.0), (15.0, 35.0, 120.0), (30.0, 70.0, 175.0))), np.float32), image.shape)
    if draw.chance(0.3):  # a flag: stripes in three colours
        tones = np.asarray([[200.0, 30.0, 45.0], [235.0, 235.0, 235.0], [35.0, 70.0, 160.0]], np.float32)[[draw.whole(0, 2) for _ in range(3)]]
        paint = tones[((view.v - top) / (bottom - top) * 3.0).clip(0.0, 2.0).astype(np.int32)]
    specks = np.zeros(view.ink.shape, np.float32)
    for number in range(draw.whole(7, 12)):  # stars
        angle = number * 0.63
        u, v = left + wide * (0.5 + 0.3 * np.cos(angle)), top + 0.38 * (bottom - top) + 0.3 * wide * np.sin(angle)
        specks = np.maximum(specks, ((0.035 - np.hypot(view.u - u, view.v - v)) * view.cap + 0.5).clip(0.0, 1.0))
    strokes = _strokes(view, draw, (left + 0.25 * wide, bottom - 0.42, left + 0.75 * wide, bottom - 0.22))
    image = np.asarray(image * (1.0 - cover) + paint * cover, np.float32)
    marks = np.maximum(specks * np.float32(draw.pick((0.0, 1.0))), strokes * 0.9)[:, :, None] * cover
    return np.asarray(image * (1.0 - marks) + np.asarray((240.0, 215.0, 90.0), np.float32) * marks, np.float32)


def sloganed(image: Image, view: View, draw: Draw, reach: Box) -> Image:
    """A country's name above and a slogan below, as rows of strokes far too small to read; a picture's blurred patch now and then."""
    middle, ink = (view.box[0] + view.box[2]) / 2, np.asarray(draw.pick(((30.0, 50.0, 140.0), (160.0, 35.0, 35.0), (30.0, 30.0, 35.0))), np.float32)
    if draw.chance(0.3):
        u, wide = draw.between(view.box[0], view.box[2]), draw.between(0.4, 1.4)
        patch = np.exp(-(((view.u - u) / wide) ** 2 + ((view.v - 0.5) / 0.5) ** 2).clip(0.0, 30.0))[:, :, None] * np.float32(draw.between(10.0, 45.0))
        image = np.asarray(image - patch * np.asarray((1.0, draw.unit(), draw.unit()), np.float32), np.float32)
    for top, bottom in ((reach[1] + 0.07, -0.12), (1.12, reach[3] - 0.07)):
        if draw.chance(0.8):
            half = draw.between(0.5, 0.5 * (view.box[2] - view.box[0]) + 0.1)
            high = min(bottom - top, draw.between(0.12, 0.24))
            row = _strokes(view, draw, (middle - half, top, middle + half, top + high))[:, :, None] * np.float32(draw.between(0.5, 1.0))
            image = np.asarray(image * (1.0 - row) + ink * row, np.float32)
    return image


def _strokes(view: View, draw: Draw, area: Box) -> Field:
    """Ink 0..1 of short strokes in a row that look like lettering from afar."""
    left, top, right, bottom = area
    scale = 48.0
    columns, rows = max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale))
    canvas = np.zeros((rows, columns), np.uint8)
    cell, x = 0.7 * rows, 0.0
    while x + cell <= columns:
        if draw.chance(0.88):
            for _ in range(draw.whole(2, 3)):
                start = (round(x + draw.unit() * cell * 0.7), round(draw.unit() * rows))
                end = (start[0] + round(draw.pick((0.0, 0.6, 0.4)) * cell), round(draw.pick((0.0, 1.0, 0.5)) * (rows - 1)))
                cv2.line(canvas, start, end, 255, max(1, round(0.14 * rows)), cv2.LINE_AA)
        x += cell * 1.15
    u, v = ((view.u - left) * scale).astype(np.float32), ((view.v - top) * scale).astype(np.float32)
    return np.asarray(cv2.remap(canvas, u, v, cv2.INTER_LINEAR), np.float32) / np.float32(255.0)
