"""What light, dirt and the camera do to a crop: uneven light, glare, shadow, scratches, blur, noise, low resolution, compression."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field, cut

Pixels = npt.NDArray[np.uint8]


def luma(image: Image) -> Field:
    """The grey of an image, float32 [h, w]."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def _grid(shape: tuple[int, ...]) -> tuple[Field, Field]:
    """Places across and down in -1..1, as a row and a column."""
    return np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :], np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]


def uneven_light(image: Image, draw: Draw, amount: float) -> Image:
    """A gradient across the crop, a vignette now and then, a shadow's edge seldom."""
    x, y = _grid(image.shape)
    gain = 1.0 + x * np.float32(draw.bell(0.22 * amount, 2.0)) + y * np.float32(draw.bell(0.15 * amount, 2.0))
    if draw.chance(0.12 * amount):
        gain = gain * (1.0 - draw.between(0.1, 0.5) * ((x - draw.bell(0.3)) ** 2 + (y - draw.bell(0.3)) ** 2) * 0.5)
    if draw.chance(0.10 * amount):
        angle, place, soft = draw.between(0, 2 * math.pi), draw.bell(0.5, 1.5), draw.log_between(0.02, 0.4)
        side = 1.0 / (1.0 + np.exp(((x * math.cos(angle) + y * math.sin(angle) * 0.5 - place) / soft).clip(-30, 30)))
        gain = gain * (1.0 - draw.between(0.15, 0.55) * side)
    return np.asarray(image * gain.clip(0.15, 2.5)[:, :, None], np.float32)


def glare(image: Image, draw: Draw) -> Image:
    """A bright spot or streak that washes part of the crop out."""
    height, width = image.shape[:2]
    x = (np.arange(width, dtype=np.float32)[None, :] - draw.unit() * width) / height
    y = (np.arange(height, dtype=np.float32)[:, None] - draw.unit() * height) / height
    angle, long, short = draw.between(0, math.pi), draw.log_between(0.2, 2.5), draw.log_between(0.08, 0.4)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    spot = np.exp(-((along / long) ** 2 + (across / short) ** 2).clip(0, 30)) * np.float32(draw.between(30.0, 130.0))
    return np.asarray(image + spot[:, :, None], np.float32)


def scratches(image: Image, draw: Draw, cap: float) -> Image:
    """Thin bright or dark lines across everything."""
    layer = np.zeros(image.shape[:2], np.float32)
    height, width = image.shape[:2]
    for _ in range(draw.whole(1, 5)):
        x, y, angle, length = draw.unit() * width, draw.unit() * height, draw.between(0, math.pi), draw.log_between(0.5, 8.0) * cap
        dx, dy = math.cos(angle) * length, math.sin(angle) * length
        cv2.line(
            layer,
            (int(x - dx), int(y - dy)),
            (int(x + dx), int(y + dy)),
            draw.between(0.2, 0.9),
            max(1, round(cap * draw.between(0.01, 0.05))),
            cv2.LINE_AA,
        )
    level = draw.between(60.0, 140.0) * (1 if draw.chance(0.5) else -1)
    return np.asarray(image + (layer * level)[:, :, None], np.float32)


def dirt(image: Image, draw: Draw, cap: float) -> Image:
    """Stains and specks."""
    field = cut(draw.pick(("cloud", "cast", "patches")), image.shape[:2], draw, cap / 24.0 * draw.log_between(0.4, 1.5))
    stain = ((field - draw.between(0.8, 1.8)) * 1.5).clip(0.0, 1.0) * np.float32(draw.between(0.1, 0.5))
    return np.asarray(image * (1.0 - stain[:, :, None]) + np.float32(draw.pick((20.0, 40.0, 70.0, 180.0))) * stain[:, :, None], np.float32)


def motion(image: Image, draw: Draw, length: float) -> Image:
    """Blur along a line of `length` pixels."""
    size = max(3, int(length) | 1)
    kernel = np.zeros((size, size), np.float32)
    angle, middle = (draw.bell(0.3) if draw.chance(0.7) else draw.between(0, math.pi)), size // 2
    dx, dy = round(math.cos(angle) * middle), round(math.sin(angle) * middle)
    cv2.line(kernel, (middle - dx, middle - dy), (middle + dx, middle + dy), 1.0, 1)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101), np.float32)


def scene_faults(image: Image, draw: Draw, cap: float, difficulty: float) -> Image:
    """What happens on the workpiece: light, glare, scratches, dirt."""
    image = uneven_light(image, draw, 0.3 + 0.7 * difficulty)
    if draw.chance(0.08 * difficulty):
        image = glare(image, draw)
    if draw.chance(0.10 * difficulty):
        image = scratches(image, draw, cap)
    if draw.chance(0.10 * difficulty):
        image = dirt(image, draw, cap)
    return image


def optics(image: Image, draw: Draw, cap: float, difficulty: float) -> Image:
    """Defocus or motion, in proportion to the character size so that strokes stay apart."""
    fate = draw.unit()
    if fate < 0.10 * difficulty:
        return motion(image, draw, cap * draw.between(0.08, 0.24))
    strongest = 0.012 + (0.095 if fate > 0.7 else 0.04) * difficulty
    return soften(image, cap * draw.between(0.0, strongest))


def exposed(image: Image) -> Image:
    """Darkens what would burn out in more than a few hundredths of the crop, as a camera's exposure does; clipped to 0..255."""
    bright = float(np.quantile(image[::2, ::3].max(axis=2), 0.94))
    return np.asarray((image * (245.0 / bright) if bright > 245.0 else image).clip(0.0, 255.0), np.float32)


def legible(image: Image, labels: Pixels, least: float) -> Image:
    """Raises the contrast where the text differs from what is around it by less than `least` grey levels: a person could not read it either.

    The difference is that of the means for ink, and the strokes' own light and shadow for relief; slow changes of light do not count.
    """
    text = labels > 0
    if not text.any():
        return image
    image = exposed(image)
    grey = luma(image)
    detail = grey - soften(grey, max(1.0, 0.3 * image.shape[0]))
    reach = max(3, image.shape[0] // 5) | 1
    near = (cv2.dilate(labels, np.ones((reach, reach), np.uint8)) > 0) & ~text
    inside, outside = detail[text], detail[near if near.any() else text]
    relief = math.sqrt(max(0.0, float(inside.var()) - float(outside.var())))
    apart = max(abs(float(inside.mean()) - float(outside.mean())), 1.2 * relief)
    if apart >= least:
        return image
    ground = soften(image, max(1.0, 0.3 * image.shape[0])).clip(45.0, 205.0)
    return np.asarray(ground + (image - ground) * min(3.5, least / max(apart, 1.0)), np.float32)


def _tones(image: Image, draw: Draw, difficulty: float) -> Image:
    """Exposure, contrast and white balance of the camera."""
    mean = float(image.mean())
    contrast = 1.0 if draw.chance(0.5) else draw.log_between(1.0 - 0.5 * difficulty, 1.0 + 0.3 * difficulty)
    shift = draw.bell(22.0 * difficulty, 2.0)
    cast = 1.0 + np.array([draw.bell(0.04), draw.bell(0.02), draw.bell(0.05)], np.float32) * np.float32(difficulty)
    return np.asarray(((image - mean) * contrast + min(max(mean + shift, 25.0), 230.0)) * cast, np.float32)


def _noise(image: Image, draw: Draw, difficulty: float) -> Image:
    """Sensor noise, per channel or grey."""
    if not draw.chance(0.3 + 0.4 * difficulty):
        return image
    deviation = min(draw.log_between(0.7, 2.0 + 10.0 * difficulty), 1.0 + 0.4 * float(image.std()))
    channels = 3 if draw.chance(0.5) else 1
    noise = draw.generator.standard_normal((*image.shape[:2], channels), dtype=np.float32)
    return np.asarray(image + noise * np.float32(deviation), np.float32)


def _compress(pixels: Pixels, quality: int) -> Pixels:
    _, packed = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def camera(image: Image, draw: Draw, difficulty: float) -> Pixels:
    """From light to the file: tones, noise, grey or interlaced sensors, sharpening, compression; uint8 [h, w, 3]."""
    image = _noise(_tones(image, draw, difficulty), draw, difficulty)
    if draw.chance(0.12):
        image = np.asarray(cv2.merge([luma(image)] * 3), np.float32)
    if draw.chance(0.02 * difficulty) and image.shape[0] > 24:
        image[1::2] = np.roll(image[1::2], draw.pick((-1, 1)), axis=1)
    if draw.chance(0.12):
        image = np.asarray(image + draw.between(0.3, 1.2) * (image - soften(image, 1.0)), np.float32)
    pixels = np.ascontiguousarray(image.clip(0.0, 255.0).astype(np.uint8))
    if draw.chance(0.25 + 0.4 * difficulty):
        pixels = _compress(pixels, draw.whole(round(90 - 60 * difficulty), 95))
    return pixels
