"""What light and wear do on the workpiece: uneven light, vignette, shadow, glare, scratches, dirt. `strength` runs from 0 to 1 throughout."""

import math

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field, cut


def _grid(shape: tuple[int, ...]) -> tuple[Field, Field]:
    """Places across and down in -1..1, as a row and a column."""
    return np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :], np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]


def _lit(image: Image, gain: Field) -> Image:
    return np.asarray(image * gain[:, :, None], np.float32)


def gradient(image: Image, draw: Draw, strength: float) -> Image:
    """Light that falls off evenly across the crop."""
    x, y = _grid(image.shape)
    gain = 1.0 + x * np.float32(draw.bell(0.22 * strength, 2.0)) + y * np.float32(draw.bell(0.15 * strength, 2.0))
    return _lit(image, np.asarray(gain.clip(0.3, 2.0), np.float32))


def vignette(image: Image, draw: Draw, strength: float) -> Image:
    """Corners darker than a middle that need not be the crop's own."""
    x, y = _grid(image.shape)
    far = ((x - np.float32(draw.bell(0.2))) ** 2 + (y - np.float32(draw.bell(0.2))) ** 2) * np.float32(0.5)
    return _lit(image, np.asarray(1.0 - strength * draw.between(0.45, 0.8) * far.clip(0.0, 1.0), np.float32))


def shadow(image: Image, draw: Draw, strength: float) -> Image:
    """The edge of a shadow, hard or soft, or a bar of shade between two edges."""
    x, y = _grid(image.shape)
    angle, place, soft = draw.between(0, 2 * math.pi), draw.bell(0.4, 1.5), draw.log_between(0.02, 0.35)
    along = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle) * 0.5)
    side = 1.0 / (1.0 + np.exp(((along - place) / soft).clip(-30, 30)))
    if draw.chance(0.3):
        side = side * (1.0 - 1.0 / (1.0 + np.exp(((along - place + draw.between(0.3, 0.9)) / soft).clip(-30, 30))))
    return _lit(image, np.asarray(1.0 - draw.between(0.4, 0.7) * strength * side, np.float32))


def glare(image: Image, draw: Draw, strength: float) -> Image:
    """A bright spot or streak that washes part of the crop out."""
    height, width = image.shape[:2]
    x = (np.arange(width, dtype=np.float32)[None, :] - draw.unit() * width) / height
    y = (np.arange(height, dtype=np.float32)[:, None] - draw.unit() * height) / height
    angle, long, short = draw.between(0, math.pi), draw.log_between(0.25, 2.5), draw.log_between(0.1, 0.45)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    spot = np.exp(-((along / long) ** 2 + (across / short) ** 2).clip(0, 30)) * np.float32(draw.between(70.0, 150.0) * strength)
    return np.asarray(image + spot[:, :, None], np.float32)


def scratches(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Thin lines across everything, straight or swept, bright with a dark flank as scratched metal is or merely dark."""
    layer = np.zeros(image.shape[:2], np.float32)
    height, width = image.shape[:2]
    main = draw.between(0, math.pi)
    for _ in range(draw.whole(2, 3 + round(9 * strength))):
        angle = main + draw.bell(0.25) if draw.chance(0.7) else draw.between(0, math.pi)
        x, y, length, sweep = draw.unit() * width, draw.unit() * height, draw.log_between(0.4, 6.0) * cap, draw.bell(0.2)
        steps = np.linspace(-1.0, 1.0, 7)
        bow = sweep * steps**2
        down, right = steps * math.sin(angle) + bow * math.cos(angle), steps * math.cos(angle) - bow * math.sin(angle)
        path = np.stack([x + length * right, y + length * down], 1)
        pen = max(1, round(cap * draw.between(0.005, 0.035)))
        cv2.polylines(layer, [np.round(path * 8).astype(np.int32)], False, draw.between(0.25, 1.0), pen, cv2.LINE_AA, 3)
    level = draw.between(60.0, 140.0) * (0.4 + 0.6 * strength)
    if draw.chance(0.4):
        return np.asarray(image - (layer * level)[:, :, None], np.float32)
    flank = np.roll(layer, (1, 0), (0, 1)) * np.float32(0.5)
    return np.asarray(image + ((layer - flank) * level)[:, :, None], np.float32)


def _stain(image: Image, draw: Draw, strength: float, cap: float) -> Field:
    """How far stains cover, 0..1."""
    kind = draw.pick(("cloud", "cast", "patches", "pitted"))
    field = cut(kind, (image.shape[0], image.shape[1]), draw, cap / 24.0 * draw.log_between(0.4, 1.5))
    field = -field if kind == "pitted" else field
    most = 0.5 if kind == "patches" else 0.75  # patches have sharp edges: what lies under them must still show
    return np.asarray(((field - draw.between(0.5, 1.3)) * 1.5).clip(0.0, 1.0) * np.float32(draw.between(0.35, most) * strength), np.float32)


def dirt(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Stains, specks, and now and then a fingerprint's or rag's smear."""
    stain = _stain(image, draw, strength, cap)
    if draw.chance(0.35):
        smear = soften(np.abs(cut("brushed", stain.shape, draw, cap / 12.0)), 0.5) * np.float32(0.25 * strength)
        stain = np.maximum(stain, smear.clip(0.0, 0.6) * (cut("cloud", stain.shape, draw) > 0.3))
    colour = draw.pick(((22.0, 20.0, 18.0), (45.0, 38.0, 30.0), (75.0, 55.0, 35.0), (120.0, 80.0, 50.0), (185.0, 182.0, 175.0)))
    cover = stain[:, :, None]
    return np.asarray(image * (1.0 - cover) + np.asarray(colour, np.float32) * cover, np.float32)
