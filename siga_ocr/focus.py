"""How far a crop is out of focus, and the crop brought back into focus before the network sees it (NumPy only)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from siga_ocr.colour import told_apart
from siga_ocr.config import InputConfig
from siga_ocr.light import evenly_lit, grey_of
from siga_ocr.pixels import check_aspect
from siga_ocr.preprocess import MIN_DEVIATION, Pixels

Levels = npt.NDArray[np.floating]
Numbers = npt.NDArray[Any]
"""Levels, or whole numbers, which take a fraction of the time."""

OUT_OF_FOCUS = 1.1
"""Rows of the network's input: a crop whose sharpest edges are blurred with a larger standard deviation is out of focus."""

IN_FOCUS = 0.7
"""The standard deviation in rows that the edges of crops in focus have."""

OF_A_PIXEL = 0.4
"""The standard deviation, in pixels of the file, that its pixels alone give an edge: what few rows blur is not out of focus."""

ROWS = 32
"""The height at which these were measured."""

SHARPEST = 10
"""Per cent of the strong edges: the widest of these sharpest ones speaks for the crop; the others may be soft on the part itself."""

STRONG = 0.5
"""Of the strongest contrast (its 95th percentile): where less changes within `REACH` is no strong edge."""

REACH = 4
"""Rows and columns to each side of an edge from which its contrast is taken."""

FEWEST = 5
"""Pixels on strong edges, of which a crop has more if anything is written there."""

NOISE = 0.02
"""The ratio of noise to signal that Wiener's filter reckons with, so that it does not enlarge what blur has left nothing of."""

BORDER = 8
"""Rows and columns of the border, repeated around a crop before it is filtered."""


def as_read(image: Pixels, config: InputConfig) -> Pixels:
    """A photograph [h, w, 3] as reading shows it to the network: its colours `told_apart`, fitted to [C, H, w], `evenly_lit`, in focus.

    Raises:
        UsageError: the array is not a crop.
        UnreadableImage: it is too long for one.
    """
    check_aspect(image.shape[1], image.shape[0])
    fitted = evenly_lit(told_apart(image, config), config)
    return in_focus(fitted, blur_to_take_back(fitted, image.shape[0], config))


def in_focus(pixels: Pixels, blur: float) -> Pixels:
    """A crop [C, h, w] with a Gaussian blur of standard deviation `blur`, in `ROWS`-ths of its height, taken back by Wiener's filter.

    Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series, 1949; the same crop where `blur` is 0.
    """
    if blur <= 0:
        return pixels
    deviation = blur * pixels.shape[1] / ROWS
    return np.stack([np.rint(_wiener(layer.astype(np.float64), deviation)).clip(0, 255).astype(np.uint8) for layer in pixels])


def blur_to_take_back(fitted: Pixels, height: int, config: InputConfig) -> float:
    """Of a fitted crop [C, H, w] that had `height` rows: its blur's standard deviation in `ROWS`-ths of its height; 0 if it is in focus, or faint."""
    if not (config.keep_aspect and config.standardise) or fitted.std() < MIN_DEVIATION:
        return 0.0
    of_pixels = OF_A_PIXEL * max(1.0, ROWS / height)
    variance = _edge_width(grey_of(fitted)) ** 2 * (ROWS / fitted.shape[1]) ** 2 - of_pixels**2
    return float(np.sqrt(variance - IN_FOCUS**2)) if variance > OUT_OF_FOCUS**2 else 0.0


def _edge_width(levels: Numbers) -> float:
    """The standard deviation in pixels of the blur at the sharpest strong edges of [h, w]; 0 where there are none.

    Where a step of contrast r was blurred by a Gaussian of standard deviation s, its slope is r / (s sqrt(2 pi)) at most.
    """
    signed: Numbers = levels.astype(np.int16 if levels.dtype == np.uint8 else np.float32)
    contrast = (_greatest(signed, REACH) + _greatest(-signed, REACH)).astype(np.float32)
    levels = levels.astype(np.float32)
    down, across = np.zeros_like(levels), np.zeros_like(levels)
    down[1:-1], across[:, 1:-1] = (levels[2:] - levels[:-2]) / 2, (levels[:, 2:] - levels[:, :-2]) / 2
    slope = np.hypot(down, across)
    edges = (slope > 0) & (slope >= _greatest(slope, 1)) & (contrast > STRONG * np.percentile(contrast, 95))
    if edges.sum() < FEWEST:
        return 0.0
    return float(np.percentile(contrast[edges] / (np.sqrt(2 * np.pi) * slope[edges]), SHARPEST))


def _greatest(levels: Numbers, reach: int) -> Numbers:
    """The greatest of the square around each of [h, w]."""
    height, width = levels.shape
    found, side = np.full((height + 2 * reach, width + 2 * reach), levels.min(), dtype=levels.dtype), 2 * reach + 1
    found[reach:-reach, reach:-reach] = levels
    seen = 1
    while seen < side:  # of `seen` neighbours each, as many more as they are, up to `side`
        step = min(seen, side - seen)
        found = np.maximum(found[:-step], found[step:])
        found = np.maximum(found[:, :-step], found[:, step:])
        seen += step
    return found


def _wiener(levels: Levels, deviation: float) -> Levels:
    height, width = levels.shape
    bordered = np.pad(levels, BORDER, mode="edge")
    mirrored = np.pad(bordered, ((0, bordered.shape[0]), (0, bordered.shape[1])), mode="symmetric")  # so that opposite borders meet evenly
    down, across = np.fft.fftfreq(mirrored.shape[0])[:, None], np.fft.rfftfreq(mirrored.shape[1])[None]
    passed = np.exp(-2 * (np.pi * deviation) ** 2 * (down**2 + across**2))
    gain = (1 + NOISE) * passed / (passed**2 + NOISE)  # 1 where nothing was blurred: the mean stays
    found = np.fft.irfft2(np.fft.rfft2(mirrored) * gain, s=mirrored.shape)
    return found[BORDER : BORDER + height, BORDER : BORDER + width]
