"""From a crop's pixels to the network's input: the one path for training, reading and measuring (NumPy and PIL only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr.config import InputConfig
from siga_ocr.errors import UsageError

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

MIN_WIDTH = 4
"""The narrowest input in pixels: one column of features."""

WIDEST = 4
"""Inputs of the largest width that are kept of a crop which is too wide for one."""

CLOSELY = 8
"""Columns: a batch that is padded closely is as wide as a multiple of these, and so of a column of any network's features."""

FINER, FINEST = 1.25, 3.0
"""Heights of the network: a crop at least as high as the first is kept in more rows than the network takes too, in no more than the second."""

FEW_ROWS = 16
"""A crop with fewer rows is drawn in the network's by Lanczos' filter: its strokes are a pixel wide, and stay sharper so."""

MIN_DEVIATION = 8.0
"""In grey levels: a crop that varies less is not blown up to full contrast, so that the noise of an empty crop stays noise."""

MIDDLE_GREY = 128
"""The mean of a crop whose grey levels are drawn anew."""

_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True, eq=False)
class Batch:
    """`images` float32 [N, C, H, W], 0 on padding; `mask` float32 [N, W], 1 on a crop's own columns.

    Raises:
        UsageError: the shapes do not fit each other.
    """

    images: Floats
    mask: Floats

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.mask.shape != (self.images.shape[0], self.images.shape[3]):
            raise UsageError(f"A batch needs images [N, C, H, W] and a mask [N, W], got {self.images.shape} and {self.mask.shape}.")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def widths(self) -> npt.NDArray[np.int64]:
        """Each crop's own columns: int64 [N]."""
        return cast(npt.NDArray[np.int64], self.mask.sum(axis=1).astype(np.int64))


def fitted_width(height: int, width: int, config: InputConfig) -> int:
    """The columns that a crop of `height` x `width` pixels takes at the network's height, without padding."""
    if not config.keep_aspect:
        return config.widths[0]
    return within(width * config.height / height, config)


def within(width: float, config: InputConfig) -> int:
    """The columns nearest to `width` that the network takes."""
    return min(max(round(width), MIN_WIDTH), config.widths[-1])


def fit(image: Pixels, config: InputConfig, *, softly: bool = False) -> Pixels:
    """Scale a crop, uint8 [h, w, 3] RGB, to the network's height: uint8 [C, H, w], grey (ITU-R 601 luma) where C is 1.

    What has fewer than `FEW_ROWS`, if grey levels are standardised, by Lanczos' filter (Duchon, Lanczos filtering in one and two dimensions, 1979),
    unless it is to be drawn `softly`, as others are.

    Raises:
        UsageError: the array is not a crop.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise UsageError(f"A crop is uint8 [h, w, 3] with at least one pixel, got {image.dtype} {image.shape}.")
    way = _RESAMPLING[config.resample] if softly else _way(image, config)
    return _scaled(image, (fitted_width(image.shape[0], image.shape[1], config), config.height), config, way)


def _way(image: Pixels, config: InputConfig) -> Image.Resampling:
    return Image.Resampling.LANCZOS if _has_few_rows(image, config) else _RESAMPLING[config.resample]


def softly_fitted(image: Pixels, config: InputConfig) -> Pixels | None:
    """What `fit` would make of a crop of few rows if it had more: without Lanczos' filter, which sharpens noise too. None for all others."""
    return fit(image, config, softly=True) if _has_few_rows(image, config) else None


def unsqueezed(image: Pixels, config: InputConfig) -> Pixels | None:
    """What `fit` makes of a crop that is too wide for the network, but up to `WIDEST` times as wide as it takes; None for all others."""
    if not config.keep_aspect or image.shape[1] * config.height <= config.widths[-1] * image.shape[0]:
        return None
    width = round(image.shape[1] * config.height / image.shape[0])
    return _scaled(image, (min(width, WIDEST * config.widths[-1]), config.height), config, _way(image, config))


def in_detail(image: Pixels, config: InputConfig) -> Pixels | None:
    """What `fit` makes of a crop, in up to `FINEST` times as many rows where the crop has them; None where it has too few or is too wide."""
    height, width = image.shape[:2]
    rows = min(height, round(FINEST * config.height))
    if not config.keep_aspect or height < FINER * config.height or width * config.height > config.widths[-1] * height:
        return None
    return _scaled(image, (max(1, round(width * rows / height)), rows), config, _RESAMPLING[config.resample])


def squeezed(pixels: Pixels, config: InputConfig) -> Pixels:
    """Fitted pixels [C, H, w], at most as wide as the network takes; the same ones where they are no wider."""
    return pixels if pixels.shape[2] <= config.widths[-1] else resized(pixels, config.widths[-1], config)


def resized(pixels: Pixels, width: float, config: InputConfig) -> Pixels:
    """Fitted pixels [C, h, w] at the network's height and about `width`, within what it takes."""
    size = (within(width, config), config.height)
    layers = [np.asarray(Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR), dtype=np.uint8) for layer in pixels]
    return np.ascontiguousarray(np.stack(layers))


def _has_few_rows(image: Pixels, config: InputConfig) -> bool:
    return config.keep_aspect and config.standardise and image.shape[0] < FEW_ROWS


def _scaled(image: Pixels, size: tuple[int, int], config: InputConfig, way: Image.Resampling) -> Pixels:
    picture = Image.fromarray(image)
    if config.channels == 1:
        picture = picture.convert("L")
    scaled = np.asarray(picture.resize(size, way), dtype=np.uint8)  # PIL smooths where it shrinks
    return np.ascontiguousarray(scaled.reshape(size[1], size[0], config.channels).transpose(2, 0, 1))


def bucket(width: int, config: InputConfig) -> int:
    """The smallest bucket width that holds `width` columns.

    Raises:
        UsageError: no bucket does.
    """
    for candidate in config.widths:
        if width <= candidate:
            return candidate
    raise UsageError(f"A crop of {width} columns fits no bucket of {config.widths}: scale it with `fit` first.")


def normalise(fitted: Pixels, config: InputConfig) -> Floats:
    """Grey levels of a fitted crop, uint8 [C, H, w], as the network wants them: float32 [C, H, w]."""
    levels = fitted.astype(np.float32)
    if config.standardise:
        return cast(Floats, (levels - levels.mean()) / np.maximum(levels.std(), np.float32(MIN_DEVIATION)))
    mean = np.asarray(config.mean, dtype=np.float32)[:, None, None]
    std = np.asarray(config.std, dtype=np.float32)[:, None, None]
    return cast(Floats, (levels / np.float32(255) - mean) / std)


def to_batch(crops: Sequence[Pixels], config: InputConfig, *, closely: bool = False) -> Batch:
    """Normalise fitted crops, each uint8 [C, H, w], and pad them on the right to the bucket of the widest.

    `closely` pads no farther than to the next multiple of `CLOSELY` columns: fewer to compute, but more widths than buckets to prepare for.

    Raises:
        UsageError: there is no crop, one has other channels or another height, or one is wider than every bucket.
    """
    if not crops:
        raise UsageError("A batch needs at least one crop.")
    widest = max(crop.shape[2] for crop in crops)
    width = bucket(widest, config)
    if closely:
        width = min(width, -(-widest // CLOSELY) * CLOSELY)
    images = np.zeros((len(crops), config.channels, config.height, width), dtype=np.float32)
    mask = np.zeros((len(crops), width), dtype=np.float32)
    for row, crop in enumerate(crops):
        if crop.shape[:2] != (config.channels, config.height):
            raise UsageError(f"A fitted crop is [{config.channels}, {config.height}, w], got {crop.shape}.")
        images[row, :, :, : crop.shape[2]] = normalise(crop, config)
        mask[row, : crop.shape[2]] = 1
    return Batch(images, mask)
