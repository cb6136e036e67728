"""Finding and opening input images: the only place that does; it knows files and pixels, nothing of networks."""

import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from siga_ocr.errors import NoInputError, UnreadableImage, UsageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
"""What a folder is searched for, whatever the case; a file that is named itself may end in anything."""

FORMATS = ("BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What is opened, judged by content: no format that runs a foreign program to be decoded."""

MAX_PIXELS = 64_000_000
"""A larger image is refused before its pixels are unpacked."""


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


def find_images(paths: Iterable[str], recursive: bool) -> Iterator[str]:
    """The images that `paths` name: files as given, folders sorted by name and joined with it; nothing is made absolute.

    A path that is not there, and a folder that cannot be listed, come out as they are: `read_crop` says why they cannot be read, so that
    they become rows and not silence. Entries that begin with a dot and, below a folder, links to folders are passed over.

    Raises:
        NoInputError: nothing at all was found.
    """
    found = False
    searched = []
    for path in paths:
        searched.append(path)
        for image in _in_folder(path, recursive) if Path(path).is_dir() else (path,):
            found = True
            yield image
    if not found:
        hint = "" if recursive else ", or search sub-folders with --recursive"
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise NoInputError(f"No image in {', '.join(searched) or 'nothing'}: name image files or folders that hold some ({kinds}){hint}.")


def _in_folder(folder: str, recursive: bool) -> Iterator[str]:
    """The images in one folder, by name; `folder` itself where it cannot be listed."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if recursive:
                yield from _in_folder(entry.path, recursive)
        elif Path(entry.name).suffix.lower() in SUFFIXES and not entry.is_dir():
            yield entry.path


def read_crop(path: str) -> Crop:
    """Open one image as RGB: its first page, upright (EXIF), what is transparent over white, more than 8 bits scaled to 8.

    Raises:
        UnreadableImage: with the reason in one line, without the path.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning of the decoder is no news for whoever reads the result
            return Crop(_open(path), path)
    except UnreadableImage:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"the content is no image of a known kind ({', '.join(FORMATS)})") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"it has more than {MAX_PIXELS // 1_000_000} million pixels: give a crop") from error
    except Exception as error:  # decoders raise anything on damaged files (struct.error, SyntaxError, ...): each must become a row
        raise UnreadableImage(f"the image is damaged: {_one_line(error)}") from error


def _check_file(path: str) -> None:
    """Say what is wrong with the file itself, in words that do not depend on the decoder."""
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImage("this is a folder, and not one that can be listed")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImage("this is no regular file")
        if status.st_size == 0:
            raise UnreadableImage("the file is empty (0 bytes)")
        with Path(path).open("rb"):
            return
    except FileNotFoundError as error:
        raise UnreadableImage("no such file or folder") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise UnreadableImage(f"the file cannot be opened: {_one_line(error)}") from error


def _open(path: str) -> npt.NDArray[np.uint8]:
    with Image.open(path, formats=FORMATS) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise UnreadableImage(f"its {picture.width} x {picture.height} pixels are more than {MAX_PIXELS // 1_000_000} million: give a crop")
        upright = ImageOps.exif_transpose(picture)
        if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
            upright = Image.fromarray(_to_8_bit(np.asarray(upright, dtype=np.float64)))
        return np.array(_to_rgb(upright), dtype=np.uint8)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def _to_8_bit(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Grey levels of cameras with 10 to 16 bits, or fractions 0..1, scaled to 0..255.

    The full scale is that of the smallest depth of 8, 10, 12, 14 or 16 bits that holds the brightest pixel: a 12-bit camera writes its
    levels unshifted into 16-bit files, and scaling those by 65535 would leave 16 grey levels.
    """
    levels = np.nan_to_num(levels, nan=0.0, posinf=0.0, neginf=0.0)
    brightest = float(levels.max(initial=0.0))
    fractions = brightest <= 1.0 and bool((levels != np.round(levels)).any())
    full = 1.0 if fractions else next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if brightest < 2.0**bits), max(brightest, 1.0))
    return np.clip(np.round(levels * (255.0 / full)), 0, 255).astype(np.uint8)


def _one_line(error: Exception) -> str:
    """The reason without the path, which the row names already."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__
