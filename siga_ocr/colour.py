"""The grey levels of a crop whose brightness hides what its colours show: burnt out, or of colours that are equally bright (NumPy and PIL only)."""

from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr.config import InputConfig
from siga_ocr.preprocess import MIDDLE_GREY, MIN_DEVIATION, Pixels

Levels = npt.NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""The shares of red, green and blue in a grey level (ITU-R 601)."""

ROWS = 32
"""A crop with at least twice as many rows is judged in about so many."""

BURNT_OUT = 254
"""Where the brightest channel reaches this level it is burnt out, and luma only tells what the others show."""

LEAST_BURNT = 0.1
"""Of the crop: where less is burnt out, luma is left."""

CLEARER = 1.2
"""How much more than luma the darkest channel has to deviate where the crop is burnt out, to be taken instead."""

COLOURFUL = 2.0
"""How much more than luma a channel has to deviate where luma is faint, for the colours to be told apart by what they differ in."""

FAINTEST = 5.0
"""In grey levels: what deviates by less is noise rather than a darkest channel that shows more."""


def told_apart(image: Pixels, config: InputConfig) -> Pixels:
    """A crop [h, w, 3] RGB, in grey levels of another kind than luma where those show more of it; else the same.

    Where a highlight, or the exposure, has burnt out some of its channels, but not all, the darkest of the three; where luma is faint, because its
    colours are about equally bright, what they differ in: the first principal component of red, green and blue. For networks that see grey levels.
    """
    if config.channels != 1 or not (config.keep_aspect and config.standardise):
        return image
    height, width = image.shape[:2]
    finer = min(max(1, height // ROWS), width)
    sample = np.asarray(Image.fromarray(image).reduce(finer) if finer > 1 else image)
    levels = np.ascontiguousarray(sample.reshape(-1, 3).T).astype(np.float32)
    luma = LUMA @ levels
    if _is_burnt_out(levels, luma):
        return _grey(image.min(axis=2))
    of_luma = float(luma.std())
    if of_luma >= MIN_DEVIATION:
        return image
    deviation, mean = float(levels.std(axis=1).max()), levels.mean(axis=1)
    if deviation <= COLOURFUL * max(1.0, of_luma):
        return image
    centred = levels - mean[:, None]
    component = _first_component(centred)
    gain = deviation / float((component @ centred).std())
    return _grey(np.rint((image - mean) @ (gain * component) + np.float32(MIDDLE_GREY)).clip(0, 255).astype(np.uint8))


def _is_burnt_out(levels: Levels, luma: Levels) -> bool:
    """Whether the darkest of three channels [3, n] shows more than luma [n] where one is burnt out, and not less in the whole."""
    burnt = levels.max(axis=0) >= BURNT_OUT
    if burnt.mean() <= LEAST_BURNT:
        return False
    darkest = levels.min(axis=0)
    shown = float(darkest[burnt].std())
    return shown > max(FAINTEST, CLEARER * float(luma[burnt].std())) and float(darkest.std()) > float(luma.std())


def _first_component(centred: Levels) -> Levels:
    """The unit vector along which channels [3, n] deviate most; brighter where luma is brighter."""
    component = np.linalg.eigh(centred @ centred.T)[1][:, -1]
    return cast(Levels, (component if component @ LUMA >= 0 else -component).astype(np.float32))


def _grey(levels: npt.NDArray[np.uint8]) -> Pixels:
    return np.repeat(levels[..., None], 3, axis=2)
