"""How a mark changes a surface: ink, relief in raking light, etching; functions of the ink coverage, without any knowledge of text."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.surface import Image, tint
from siga_ocr.data.render.texture import Field, cut


def soften(field: Field, sigma: float) -> Field:
    """Gaussian blur of `sigma` pixels; nothing below 0.2."""
    if sigma < 0.2:
        return field
    height, width = field.shape[:2]
    reduction = min(int(sigma / 2.5), height // 3, width // 3)
    if reduction >= 2:  # a wide blur needs few pixels
        small = cv2.resize(field, (round(width / reduction), round(height / reduction)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), sigma / reduction, borderType=cv2.BORDER_REFLECT_101)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def luminance(image: Image) -> float:
    """The mean grey of an image or colour."""
    return float(image.mean())


def spread(ink: Field, draw: Draw, cap: float, difficulty: float) -> Field:
    """Ink bleeds or dries: strokes a little wider or thinner than the face has them."""
    amount = draw.bell(0.022 * cap * (0.4 + 0.6 * difficulty), 2.0)
    if abs(amount) < 0.25:
        return ink
    sigma = min(abs(amount), 1.6)
    level = 0.5 - 0.28 * (1 if amount > 0 else -1)
    moved = np.asarray(((soften(ink, sigma) - level) * 2.2 + 0.5).clip(0.0, 1.0), np.float32)
    return ink if float(moved.sum()) < 0.65 * float(ink.sum()) else moved  # hairlines would vanish


def wear(ink: Field, draw: Draw, cap: float, amount: float) -> Field:
    """Takes ink away in patches and grains; `amount` 0..1 of it at the worst spots, never all of a character."""
    if amount < 0.03:
        return ink
    kind = draw.pick(("cast", "blasted", "cloud", "brushed", "scratched", "patches"))
    field = cut(kind, ink.shape[:2], draw, max(0.4, cap / 30.0) * draw.log_between(0.6, 2.0))
    loss = ((field - draw.between(0.2, 1.4)) * 2.0).clip(0.0, 1.0)
    return np.asarray(ink * (1.0 - amount * loss), np.float32)


def ink_colour(draw: Draw, under: float, contrast: float, dark: bool, colour: float) -> Image:
    """A colour [3] that differs from a surface of grey `under` by `contrast` grey levels, darker or lighter."""
    grey = under - contrast if dark else under + contrast
    if not 4.0 < grey < 251.0:
        grey = under + contrast if dark else under - contrast
    return np.asarray(min(max(grey, 4.0), 251.0) * tint(draw, colour), np.float32)


def print_ink(image: Image, ink: Field, colour: Image) -> Image:
    """Covers the surface with opaque colour where there is ink."""
    cover = ink[:, :, None]
    return np.asarray(image * (1.0 - cover) + colour * cover, np.float32)


def relief(image: Image, height: Field, draw: Draw, cap: float, strength: float) -> Image:
    """Lights a height field (1 = one stroke depth, positive towards the camera) from one side.

    Flanks that face the light brighten, the others darken; shiny surfaces add highlights, and deep cuts keep some shadow.
    """
    angle = draw.between(0.0, 2 * math.pi) if draw.chance(0.35) else math.radians(draw.pick((-90, 90)) + draw.bell(35.0))
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=cap / 170.0, borderType=cv2.BORDER_REFLECT_101)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=cap / 170.0, borderType=cv2.BORDER_REFLECT_101)
    facing = (slope_x * np.float32(math.cos(angle)) + slope_y * np.float32(math.sin(angle))).clip(-1.5, 1.5)
    gain = strength * draw.between(0.6, 1.2)
    lit = image * (1.0 + gain * facing * 0.8)[:, :, None]
    if draw.chance(0.45):
        lit += (draw.between(60.0, 160.0) * strength * (facing - 0.35).clip(0.0, 1.0))[:, :, None]
    if draw.chance(0.4):
        lit *= (1.0 - draw.between(0.1, 0.45) * strength * np.abs(height).clip(0.0, 1.0))[:, :, None]
    return np.asarray(lit, np.float32)


def profile(ink: Field, cap: float, depth: float, draw: Draw) -> Field:
    """A height field from coverage: strokes with slanting or rounded flanks; negative depth is engraved."""
    rounded = soften(ink, cap * draw.between(0.012, 0.05))
    return np.asarray(rounded * np.float32(depth), np.float32)


def etch(image: Image, ink: Field, draw: Draw, contrast: float, dark: bool) -> Image:
    """Laser and electro-etch: the material stays visible through the mark, lighter or darker, frosted, with burnt edges."""
    grain = cut(draw.pick(("blasted", "grain", "turned", "cast")), ink.shape[:2], draw)
    level = (-contrast if dark else contrast) * (1.0 + 0.22 * grain)
    marked = image * np.float32(draw.between(0.6, 1.0)) + np.float32(image.mean() * 0.2) + level[:, :, None]
    if draw.chance(0.25):
        edge = (soften(ink, 1.2) * (1.0 - ink)).clip(0.0, 1.0)
        image = np.asarray(image - (edge * draw.between(10.0, 60.0))[:, :, None], np.float32)
    if dark and draw.chance(0.2):  # tempering colours
        marked = marked * (1.0 + np.array([1.0, 0.1, -1.1], np.float32) * np.float32(draw.between(-0.25, 0.25)))
    return print_over(image, ink, np.asarray(marked, np.float32))


def print_over(image: Image, ink: Field, marked: npt.NDArray[np.float32]) -> Image:
    """`marked` where there is ink, `image` elsewhere."""
    cover = ink[:, :, None]
    return np.asarray(image * (1.0 - cover) + marked * cover, np.float32)
