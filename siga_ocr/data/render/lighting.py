"""Light on a height field: from one side, from a low ring, or along the camera's axis, on matt and shiny material, with shadow in deep cuts."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """Where the light stands and how the material answers; angles in radians."""

    kind: str = "raking"  # raking, dark (low ring: flanks shine on dark ground), bright (along the axis: flanks are dark)
    azimuth: float = 0.0
    elevation: float = 0.5
    shine: float = 0.0  # 0 matt, 1 polished
    ambient: float = 0.4  # share of the light that comes from everywhere
    focus: float = 20.0  # exponent of the mirror-like lobe: larger is sharper


def random_lamp(draw: Draw, shine: float) -> Lamp:
    """Mostly raking light from above or below the line, now and then from any side, a ring or the axis; `shine` 0..1 of the material."""
    kind = draw.weighted((("raking", 0.68), ("dark", 0.16), ("bright", 0.16)))
    azimuth = draw.between(0.0, 2 * math.pi) if draw.chance(0.4) else math.radians(draw.pick((-90, 90)) + draw.bell(35.0))
    return Lamp(
        kind=kind,
        azimuth=azimuth,
        elevation=math.radians(draw.between(14.0, 55.0)),
        shine=shine * draw.between(0.3, 1.0),
        ambient=draw.between(0.15, 0.6),
        focus=draw.log_between(6.0, 45.0),
    )


def _slope(height: Field, x: int, y: int) -> Field:
    return np.asarray(cv2.Sobel(height, cv2.CV_32F, x, y, ksize=3, scale=0.125, borderType=cv2.BORDER_REFLECT_101), np.float32)


def lit(image: Image, height: Field, lamp: Lamp) -> Image:
    """The surface `image` [h, w, 3] with relief `height` [h, w], in pixels towards the camera, under the lamp."""
    slope_x, slope_y = (_slope(height, x, y) for x, y in ((1, 0), (0, 1)))
    facing = np.asarray(1.0 / np.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y), np.float32)
    if lamp.kind == "dark":
        steep = np.asarray(1.0 - facing, np.float32)
        glow = steep / (steep + 0.12)
        return np.asarray(image * (0.25 + 0.5 * lamp.ambient + 0.5 * glow)[:, :, None] + (glow * (60.0 + 110.0 * lamp.shine))[:, :, None], np.float32)
    if lamp.kind == "bright":
        kept = facing ** np.float32(2.0 + 0.25 * lamp.focus)
        return np.asarray(image * (0.2 + 0.3 * lamp.ambient + (0.85 - 0.3 * lamp.ambient) * kept)[:, :, None], np.float32)
    return _raking(image, height, (slope_x, slope_y, facing), lamp)


def _raking(image: Image, height: Field, shape: tuple[Field, Field, Field], lamp: Lamp) -> Image:
    """Light from one side: flanks towards it are bright and flash on shiny material, those away from it are dark."""
    slope_x, slope_y, facing = shape
    level, rise = math.cos(lamp.elevation), math.sin(lamp.elevation)
    across = slope_x * np.float32(math.cos(lamp.azimuth)) + slope_y * np.float32(math.sin(lamp.azimuth))
    diffuse = ((rise - level * across) * facing * (1.0 / rise)).clip(0.0, 2.4)
    diffuse = diffuse * (1.0 - 0.75 * _shadow(height, lamp))
    half = math.sqrt(level * level + (1.0 + rise) ** 2)
    mirror = (((1.0 + rise) - level * across) * facing * (1.0 / half)).clip(0.0, 1.0) ** np.float32(lamp.focus)
    image = image * (lamp.ambient + (1.0 - lamp.ambient) * diffuse)[:, :, None]
    if lamp.shine > 0.05:
        image = image * np.float32(1.0 - 0.3 * lamp.shine) + (mirror * (190.0 * lamp.shine))[:, :, None]
    return np.asarray(image, np.float32)


def _shadow(height: Field, lamp: Lamp) -> Field:
    """How much of the light the relief itself keeps away, 0..1 [h, w]."""
    dark = np.zeros_like(height)
    for reach in (1.5, 3.0, 5.0):
        shift = np.array([[1, 0, reach * math.cos(lamp.azimuth)], [0, 1, reach * math.sin(lamp.azimuth)]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        blocker = cv2.warpAffine(height, shift, (height.shape[1], height.shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        dark = np.maximum(dark, blocker - np.float32(reach * math.tan(lamp.elevation)) - height)
    return np.asarray((dark * 2.0).clip(0.0, 1.0), np.float32)
