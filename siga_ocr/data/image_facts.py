"""What a check keeps of an image: its size, a hash of its pixels, a hash of its look, and a small pattern to compare closely."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr.data.label_images import read_image
from siga_ocr.errors import UnreadableImage

Pattern = npt.NDArray[np.int8]

PATTERN_SIZE = (64, 16)
"""Width and height of the small pattern, in pixels."""

STEPS = 32
"""Steps of the pattern's values within one standard deviation."""

_AHEAD = 512  # images that are opened before the first of them is asked for


@dataclass(frozen=True, eq=False)
class ImageFacts:
    """`width` and `height` in pixels; `pixels_sha256` over size and RGB values; `look` is the difference hash.

    `pattern` int8 [16, 64] is a small grey copy, blurred, with mean 0 and standard deviation 32.
    """

    width: int
    height: int
    pixels_sha256: bytes
    look: int
    pattern: Pattern


def facts_of(path: Path) -> ImageFacts:
    """Open an image and keep what a check needs.

    Raises:
        UnreadableImage: with the reason in one line.
    """
    image = read_image(path).image
    height, width = image.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode() + np.ascontiguousarray(image).tobytes()).digest()
    grey = Image.fromarray(image).convert("L")
    return ImageFacts(width, height, digest, difference_hash(grey), _pattern(grey))


def difference_hash(grey: Image.Image) -> int:
    """64 bits: whether each of 8 x 8 places is brighter than its right neighbour, the upper left one in the highest bit."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(small[:, :-1] > small[:, 1:]).tobytes())


def _pattern(grey: Image.Image) -> Pattern:
    """What is the same for a picture that was made brighter, or stored again with losses."""
    small = np.asarray(grey.resize(PATTERN_SIZE, Image.Resampling.BOX), dtype=np.float32)
    standard = (small - small.mean()) / max(float(small.std()), 1.0)  # less than a grey level of contrast is noise
    pattern: Pattern = np.clip(np.rint(STEPS * cv2.blur(standard, (3, 3))), -127, 127).astype(np.int8)
    return pattern


def scan(paths: Iterable[Path], threads: int) -> Iterator[ImageFacts | str]:
    """The facts of each image in order, or why it cannot be opened."""
    left = iter(paths)
    with ThreadPoolExecutor(threads, "siga-ocr") as pool:
        while chunk := list(islice(left, _AHEAD)):
            yield from pool.map(_facts_or_reason, chunk)


def _facts_or_reason(path: Path) -> ImageFacts | str:
    try:
        return facts_of(path)
    except UnreadableImage as error:
        return str(error)
