"""Pictures and arrays of every kind as RGB of 8 bits; it opens no files."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr.errors import UnreadableImage

MAX_PIXELS = 64_000_000
"""A larger image is refused before its pixels are unpacked."""

MAX_ASPECT = 100_000
"""A crop with a side that is more times as long as the other is refused: no code looks so, and what scales it takes memory by its longer side."""

PART = 2**20
"""Pixels whose levels are scaled at a time."""

Rgb = npt.NDArray[np.uint8]
"""[h, w, 3]."""


def check_size(width: int, height: int) -> None:
    """Refuse what is too large for a crop.

    Raises:
        UnreadableImage: more than `MAX_PIXELS`.
    """
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"its {width} x {height} pixels are more than {MAX_PIXELS // 1_000_000} million: give a crop")


def check_aspect(width: int, height: int) -> None:
    """Refuse what is too long for a crop, where it is cut out already.

    Raises:
        UnreadableImage: one side is more than `MAX_ASPECT` times the other.
    """
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise UnreadableImage(f"of its {width} x {height} pixels one side is more than {MAX_ASPECT} times the other: give a crop")


def picture_to_rgb(picture: Image.Image) -> Rgb:
    """The pixels of a picture: what is transparent over white, levels of more than 8 bits scaled, as in `scaled`."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = Image.fromarray(scaled(np.asarray(picture)))
    elif picture.mode == "LAB":
        picture = picture.getchannel("L")
    elif picture.mode in ("La", "RGBa"):  # colours multiplied by their opacity
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
    if not picture.has_transparency_data:
        return np.array(picture.convert("RGB"), dtype=np.uint8)
    layered = picture.convert("RGBA")
    return np.array(Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB"), dtype=np.uint8)


def array_to_rgb(array: npt.NDArray[np.generic]) -> Rgb:
    """The pixels of an array uint8 or uint16 [h, w], [h, w, 1], [h, w, 3] in the order red, green, blue, or [h, w, 4] with opacity last.

    Raises:
        UnreadableImage: it is no such array, has no pixels or too many.
    """
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3) or channels not in (1, 3, 4) or 0 in array.shape:
        raise UnreadableImage(f"an array must be uint8 or uint16 [h, w], [h, w, 1], [h, w, 3] or [h, w, 4], not {array.dtype} {list(array.shape)}")
    check_size(array.shape[1], array.shape[0])
    levels = array.reshape(*array.shape[:2], channels)
    colours = levels[..., :3] if channels == 4 else levels
    rgb = np.repeat(_to_8_bit(colours), 3 // colours.shape[2], axis=2)
    if channels < 4:
        return rgb
    opacity = levels[..., 3:].astype(np.float32) / (255.0 if levels.dtype == np.uint8 else 65535.0)
    blended: Rgb = np.round(rgb * opacity + 255.0 * (1.0 - opacity)).astype(np.uint8)
    return blended


def _to_8_bit(levels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    return np.array(levels, dtype=np.uint8) if levels.dtype == np.uint8 else scaled(levels)


def scaled(levels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Grey levels of cameras with 10 to 16 bits, or fractions 0..1 in floating-point numbers, scaled to 0..255.

    The full scale is that of the smallest depth of 8, 10, 12, 14 or 16 bits that holds the brightest pixel: a 12-bit camera writes its
    levels unshifted into 16-bit files, and scaling those by 65535 would leave 16 grey levels.
    """
    flat = levels.reshape(-1)
    parts = [slice(start, start + PART) for start in range(0, flat.size, PART)]  # a copy of all of them in float64 would be as large as four pictures
    brightest = max((float(_finite(flat[part]).max(initial=0.0)) for part in parts), default=0.0)
    fractions = levels.dtype.kind == "f" and brightest < 2.0  # what is interpolated overshoots
    full = max(1.0, brightest) if fractions else next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if brightest < 2.0**bits), max(brightest, 1.0))
    result = np.empty(flat.size, dtype=np.uint8)
    for part in parts:
        result[part] = np.clip(np.round(_finite(flat[part]) * (255.0 / full)), 0, 255)
    return result.reshape(levels.shape)


def _finite(levels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(levels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
