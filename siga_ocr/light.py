"""The light on a crop: whether it varies more than what is written there, and the crop without it (NumPy only)."""

from typing import cast

import numpy as np
import numpy.typing as npt

from siga_ocr.config import InputConfig
from siga_ocr.preprocess import MIDDLE_GREY, Pixels, fit

NEAR = 5 / 32
"""Of the height: how far around a pixel the mean is taken for the light that falls there."""

SHADED = 0.3
"""Of all that a crop's grey levels deviate: where what is drawn in them, the rest without the light, deviates less, the crop is evened."""

PARTLY_SHADED = 0.5
"""The same share: where less is drawn, a crop that is doubted is looked at with its local contrast normalised too."""

CONTRAST = 40.0
"""Grey levels for one standard deviation where local contrast is normalised."""

SMOOTHEST, SMOOTH = 4.0, 0.3
"""The least deviation that local contrast is divided by: in grey levels, and of that of the whole picture; smooth ground stays smooth."""


def evenly_lit(image: Pixels, config: InputConfig) -> Pixels:
    """What `fit` makes of a crop, `evened` where it `is_shaded`: a photograph as reading shows it to the network.

    Raises:
        UsageError: the array is not a crop.
    """
    fitted = fit(image, config)
    return evened(fitted) if is_shaded(fitted, config) else fitted


def is_shaded(fitted: Pixels, config: InputConfig) -> bool:
    """Whether the light on a fitted crop [C, H, w], a shadow's edge or a reflection, varies so much that what is written there is hardly seen."""
    return config.keep_aspect and config.standardise and _drawn_less_than(SHADED, fitted)


def is_partly_shaded(fitted: Pixels, config: InputConfig) -> bool:
    """Whether the light on a fitted crop [C, H, w] varies more than what is written there; so it does on one that `is_shaded`."""
    return config.keep_aspect and config.standardise and _drawn_less_than(PARTLY_SHADED, fitted)


def _drawn_less_than(share: float, fitted: Pixels) -> bool:
    levels = grey_of(fitted).astype(np.float64)
    return float((levels - _light(levels)).std()) < share * float(levels.std())


def grey_of(fitted: Pixels) -> npt.NDArray[np.uint8] | npt.NDArray[np.float64]:
    """The grey levels of a fitted crop [C, h, w]: [h, w]."""
    return fitted[0] if len(fitted) == 1 else cast(npt.NDArray[np.float64], fitted.mean(axis=0))


def evened(pixels: Pixels) -> Pixels:
    """A crop [C, h, w] without the light that falls on it: each grey level less the mean around it, and a middle grey more."""
    layers = np.stack([layer - _light(layer.astype(np.float64)) for layer in pixels])
    return cast(Pixels, np.rint(layers + MIDDLE_GREY).clip(0, 255).astype(np.uint8))


def contrast_normalised(pixels: Pixels) -> Pixels:
    """A crop [C, h, w] in the same contrast everywhere: each grey level less the mean around it, divided by the deviation around it.

    Local contrast normalisation (Jarrett et al., What is the best multi-stage architecture for object recognition?, 2009) with a square window.
    """
    return np.stack([_contrast_normalised(layer.astype(np.float64)) for layer in pixels])


def _contrast_normalised(levels: npt.NDArray[np.float64]) -> Pixels:
    drawn = levels - _light(levels)
    deviation = np.sqrt(np.maximum(_light(levels**2) - (levels - drawn) ** 2, 0))
    contrast = CONTRAST * drawn / np.maximum(deviation, max(SMOOTHEST, SMOOTH * float(levels.std())))
    return cast(Pixels, np.rint(contrast + MIDDLE_GREY).clip(0, 255).astype(np.uint8))


def _light(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of grey levels [h, w] over the square around each, the border's levels repeated."""
    reach = max(1, round(NEAR * len(levels)))
    side = 2 * reach + 1
    sums = np.pad(levels, ((reach + 1, reach), (reach + 1, reach)), mode="edge").cumsum(axis=0).cumsum(axis=1)
    return cast(npt.NDArray[np.float64], (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2)
