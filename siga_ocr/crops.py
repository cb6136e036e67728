"""Opening images as crops: the only place that does; it knows files and what they hold, nothing of networks."""

import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr import decoders
from siga_ocr.errors import UnreadableImage, UsageError
from siga_ocr.pixels import array_to_rgb, check_size, picture_to_rgb

MAX_BYTES = 512 * 2**20
"""A larger file is refused before it is read: 64 million pixels of 8 bytes."""

Roi = tuple[int, int, int, int]
"""A region x, y, width, height in pixels of the upright image, from its upper left corner."""


@dataclass(frozen=True, eq=False)
class Crop:
    """One cropped code image: `image` uint8 [h, w, 3] RGB, `source` the path as it was given.

    Raises:
        UsageError: the array is not such an image.
    """

    image: npt.NDArray[np.uint8]
    source: str

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3 or 0 in self.image.shape:
            raise UsageError(f"A crop is uint8 [h, w, 3] with at least one pixel, got {self.image.dtype} {self.image.shape}.")


def read_crop(path: str) -> Crop:
    """Open one image file as `decode_image` does.

    Raises:
        UnreadableImage: with the reason in one line, without the path.
    """
    return decode_image(read_bytes(path), path)


def read_bytes(path: str) -> bytes:
    """What a file holds.

    Raises:
        UnreadableImage: with the reason in one line, in words that do not depend on the decoder and without the path.
    """
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImage("this is a folder, and not one that can be listed")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage("this is no regular file")
        if status.st_size > MAX_BYTES:
            raise UnreadableImage(f"the file is larger than {MAX_BYTES // 2**20} MiB: give a crop")
        with Path(path).open("rb") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableImage("no such file or folder") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise UnreadableImage(f"the file cannot be opened: {_one_line(error)}") from error


def decode_image(data: bytes, source: str) -> Crop:
    """An encoded image as RGB: its first page, upright (EXIF), what is transparent over white, more than 8 bits scaled to 8.

    Raises:
        UnreadableImage: with the reason in one line.
    """
    if not data:
        raise UnreadableImage("the file is empty (0 bytes)")
    try:
        with decoders.quiet(), decoders.opened(data) as picture:
            check_size(picture.width, picture.height)
            return Crop(picture_to_rgb(decoders.upright(picture)), source)
    except UnreadableImage:
        raise
    except Exception as error:  # decoders raise anything on damaged files (struct.error, SyntaxError, ...): each must become a row
        raise _damaged(error) from error


def to_crop(image: npt.NDArray[np.generic] | Image.Image, source: str = "") -> Crop:
    """A crop of what is in memory: an array as `pixels.array_to_rgb` takes it, or a picture of Pillow, turned upright.

    Raises:
        UnreadableImage: it is neither, has no pixels or too many.
    """
    if isinstance(image, np.ndarray):
        return Crop(array_to_rgb(image), source)
    if not isinstance(image, Image.Image) or 0 in image.size:
        raise UnreadableImage(f"this is no image with pixels: {type(image).__name__}")
    check_size(image.width, image.height)
    try:
        with decoders.quiet():
            return Crop(picture_to_rgb(decoders.upright(image)), source)
    except Exception as error:  # a picture that is opened lazily decodes only here
        raise _damaged(error) from error


def cut(crop: Crop, roi: Roi) -> Crop:
    """The part of a crop that lies in `roi`; what sticks out beyond the image is left away.

    Raises:
        UnreadableImage: no pixel of the image lies in the region.
    """
    x, y, width, height = roi
    part = crop.image[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    if 0 in part.shape:
        raise UnreadableImage(f"the region {x},{y},{width},{height} lies outside the image of {crop.image.shape[1]} x {crop.image.shape[0]} pixels")
    return Crop(np.ascontiguousarray(part), crop.source)


def _damaged(error: Exception) -> UnreadableImage:
    if isinstance(error, MemoryError):
        return UnreadableImage("there is not enough memory to open it: give a crop")
    return UnreadableImage(f"the image is damaged: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    """The reason without the path, which the row names already."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__
