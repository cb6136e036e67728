"""What lens, sensor and file do to a crop. `strength` runs from 0 to 1, `cap` is the pixels per cap height throughout."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field

Pixels = npt.NDArray[np.uint8]
LIGHTS = (
    (1.30, 0.98, 0.42),  # sodium lamp
    (1.18, 1.00, 0.72),  # tungsten
    (1.45, 0.62, 0.58),  # red ring light
    (0.62, 1.28, 0.70),  # green diodes
    (0.60, 0.86, 1.40),  # blue diodes
    (0.90, 0.98, 1.14),  # sky through a gate
    (0.92, 1.10, 0.90),  # old fluorescent tube
)
"""Colours of the light that turn a whole picture, RGB of mean about 1."""


def luma(image: Image) -> Field:
    """The grey of an image, float32 [h, w]."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def defocus(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Blur in proportion to the character size, so that strokes stay apart."""
    return soften(image, cap * strength * draw.between(0.075, 0.11))


def motion(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Blur along a line, mostly along the text: the part moves past the camera."""
    size = max(3, int(cap * draw.between(0.16, 0.28) * (0.4 + 0.6 * strength)) | 1)
    kernel = np.zeros((size, size), np.float32)
    angle, middle = (draw.bell(0.3) if draw.chance(0.7) else draw.between(0, math.pi)), size // 2
    dx, dy = round(math.cos(angle) * middle), round(math.sin(angle) * middle)
    cv2.line(kernel, (middle - dx, middle - dy), (middle + dx, middle + dy), 1.0, 1)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101), np.float32)


def colour_cast(image: Image, draw: Draw, strength: float) -> Image:
    """One coloured light over everything."""
    light = 1.0 + (np.asarray(draw.pick(LIGHTS), np.float32) - 1.0) * np.float32(strength * draw.between(0.6, 1.0))
    return np.asarray(image * light, np.float32)


def grey(image: Image, draw: Draw) -> Image:
    """A sensor without colours: its three channels alike, weighed as its glass and light have it."""
    if draw.chance(0.6):
        return np.asarray(cv2.merge([luma(image)] * 3), np.float32)
    weights = np.array([draw.unit(), draw.unit(), draw.unit()], np.float32) + np.float32(0.15)
    level = image @ (weights / weights.sum())
    return np.asarray(cv2.merge([level] * 3), np.float32)


def low_contrast(image: Image, draw: Draw, strength: float) -> Image:
    """Everything close to one grey, as through haze, on black anodising or with too little light in the right place."""
    haze = np.float32(draw.between(50.0, 200.0) * 0.5 + 0.5 * float(image.mean()))
    share = np.float32(1.0 - strength * draw.between(0.65, 0.85))
    return np.asarray((image - image.mean()) * share + haze, np.float32)


def low_resolution(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """A crop that was small and has been enlarged: characters of 7 pixels and more, blown up by one of the usual ways."""
    rows, columns = image.shape[:2]
    share = (7.0 + 4.0 * draw.unit() + 6.0 * (1.0 - strength)) / cap
    if share > 0.85:
        return image
    size = (max(4, round(columns * share)), max(4, round(rows * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    way = draw.pick((cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC))
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=way), np.float32)


def exposure(image: Image, draw: Draw, strength: float, levels: tuple[float, float]) -> Image:
    """Too bright or too dark, with a sensor's clipping; `levels` are the greys of text and ground, which stay apart.

    Bright: the darker of the two stays below 205, so that the lighter one burns out alone. Dark: 12 levels remain between them.
    """
    dark, light = min(levels), max(levels)
    if draw.chance(0.5):
        gain = min(1.0 + strength * draw.between(0.4, 1.6), 205.0 / max(dark, 20.0))
        return np.asarray((image * max(gain, 1.0)).clip(0.0, 255.0), np.float32)
    gain = max(1.0 - strength * draw.between(0.5, 0.88), min(1.0, 12.0 / max(light - dark, 6.0)))
    return np.asarray((image * gain - draw.between(0.0, 4.0)).clip(0.0, 255.0), np.float32)


def tones(image: Image, draw: Draw, strength: float) -> Image:
    """Contrast, brightness, gamma and white balance as cameras differ in them."""
    mean = float(image.mean())
    contrast = 1.0 if draw.chance(0.5) else draw.log_between(1.0 - 0.5 * strength, 1.0 + 0.3 * strength)
    shift = draw.bell(22.0 * strength, 2.0)
    balance = 1.0 + np.array([draw.bell(0.04), draw.bell(0.02), draw.bell(0.05)], np.float32) * np.float32(strength)
    toned = np.asarray(((image - mean) * contrast + min(max(mean + shift, 25.0), 230.0)) * balance, np.float32)
    if draw.chance(0.2 * strength):
        power = draw.log_between(0.6, 1.6)
        toned = np.asarray(255.0 * (toned.clip(0.0, 255.0) / 255.0) ** np.float32(power), np.float32)
    return toned


def noise(image: Image, draw: Draw, strength: float, channels: int) -> Image:
    """Sensor noise of `channels` 1 or 3, stronger where it is bright now and then, never so strong that it drowns the picture."""
    deviation = min(draw.log_between(0.7, 2.0 + 16.0 * strength), 1.0 + 0.42 * float(image.std()))
    grain = draw.generator.standard_normal((*image.shape[:2], channels), dtype=np.float32) * np.float32(deviation)
    if draw.chance(0.3):
        grain = grain * np.sqrt(image.mean(axis=2, keepdims=True).clip(4.0, 255.0) / np.float32(110.0))
    return np.asarray(image + grain, np.float32)


def bands(image: Image, draw: Draw, strength: float) -> Image:
    """Rows of unlike brightness: a shutter that rolls under pulsed light, or a sensor whose rows are amplified unlike."""
    rows = np.arange(image.shape[0], dtype=np.float32)
    if draw.chance(0.6):
        gain = 1.0 + strength * draw.between(0.08, 0.28) * np.sin(rows * draw.between(0.06, 0.7) + draw.unit() * 6.3)
    else:
        gain = 1.0 + strength * draw.between(0.02, 0.07) * draw.generator.standard_normal(rows.size)
    return np.asarray(image * gain.astype(np.float32)[:, None, None], np.float32)


def hot_pixels(image: Image, draw: Draw, strength: float) -> Image:
    """Single pixels that are always white, black or of one colour."""
    spoiled = image.copy()
    for _ in range(draw.whole(1, 2 + round(6 * strength))):
        row, column = draw.whole(0, image.shape[0] - 1), draw.whole(0, image.shape[1] - 1)
        spoiled[row, column] = draw.pick(((255.0,) * 3, (0.0,) * 3, (255.0, 40.0, 40.0), (60.0, 90.0, 255.0)))
    return spoiled


def interlaced(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Two half pictures taken one after the other: every second row is moved along, or is made up from its neighbours."""
    if image.shape[0] < 18:
        return image
    combed = image.copy()
    if draw.chance(0.2):
        combed[1:-1:2] = (image[0:-2:2][: combed[1:-1:2].shape[0]] + image[2::2][: combed[1:-1:2].shape[0]]) * np.float32(0.5)
        return combed
    move = max(0.8, cap * draw.between(0.05, 0.12) * strength) * (1 if draw.chance(0.5) else -1)
    warp = np.array([[1.0, 0.0, move], [0.0, 1.0, 0.0]], np.float32)
    moved = cv2.warpAffine(image, warp, (image.shape[1], image.shape[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    combed[1::2] = moved[1::2] * np.float32(draw.between(0.96, 1.04))
    return combed


def halo(image: Image, draw: Draw, strength: float, cap: float) -> Image:
    """Sharpening that leaves a light seam around dark strokes."""
    apart = image - soften(image, max(0.8, cap * draw.between(0.03, 0.08)))
    return np.asarray(image + np.float32(draw.between(0.5, 2.0) * strength) * apart, np.float32)


def jpeg(pixels: Pixels, draw: Draw, strength: float, cap: float) -> Pixels:
    """Blocks and fringes of a compressed file: quality 95 down to 12, for characters of few pixels not below 30."""
    lowest = 12.0 + max(0.0, 26.0 - cap) * 1.2
    quality = max(round(95.0 - (95.0 - lowest) * strength * draw.between(0.85, 1.0)), 5)
    _, packed = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])
