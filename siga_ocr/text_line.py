"""Where a line of text lies in its crop, by the glyph maps of its characters (NumPy only)."""

import numpy as np
import numpy.typing as npt

from siga_ocr.window import Window

Floats = npt.NDArray[np.float32]

DEVIATIONS = 5.0
"""How many standard deviations of the maps across the line are shown: maps keep to the telling parts of their characters, and leave the rims out."""

RIM = 1
"""Rows at the top and at the bottom of the maps that do not count: most peaks that miss their character lie there, above or below it."""

LOWEST, HIGHEST = 0.35, 1.1
"""How high a line may be taken to be, in heights of the crop."""

STEEPEST = 0.45
"""Rise of a line; what seems steeper is two lines, or none."""

STEADY = 0.02
"""Squared heights of the crop that are added to how far the characters spread, so that a short text is not turned by chance."""


def text_line(glyph_attention: Floats, height: int, width: int, own: float) -> Window | None:
    """The strip that the maps [T, h, w] of T characters show; None for no character.

    The crop is `height` x `width` pixels as the network takes it; `own` is its share of the maps' columns, the rest is padding.
    """
    maps = glyph_attention.sum(axis=0, dtype=np.float64)
    maps = maps[:, : max(1, int(np.ceil(own * maps.shape[1])))]
    if len(maps) > 2 * RIM:
        maps[:RIM] = maps[-RIM:] = 0.0
    total = maps.sum()
    if total <= 0:
        return None
    long = width / height
    x = (np.arange(maps.shape[1]) + 0.5) / (own * glyph_attention.shape[2]) * long
    y = ((np.arange(maps.shape[0]) + 0.5) / maps.shape[0])[:, None]
    x0, y0 = float((maps * x).sum() / total), float((maps * y).sum() / total)
    spread = float((maps * (x - x0) ** 2).sum() / total)
    slope = float((maps * (x - x0) * (y - y0)).sum() / total) / (spread + STEADY) if len(glyph_attention) > 1 else 0.0
    slope = min(max(slope, -STEEPEST), STEEPEST)
    deviation = float(np.sqrt((maps * (y - y0 - slope * (x - x0)) ** 2).sum() / total))
    left = y0 - slope * x0
    return Window(left, left + slope * long, min(max(DEVIATIONS * deviation, LOWEST), HIGHEST))
