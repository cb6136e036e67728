"""How far the strokes of a line of text lean, by its pixels alone (NumPy only)."""

import numpy as np
import numpy.typing as npt

LEANS = np.arange(-12, 13) / 20
"""Columns to the right for each row downwards that are tried: as far as italics and plates that are seen from the side lean."""


def lean(pixels: npt.NDArray[np.uint8]) -> float:
    """The lean of upright strokes in the pixels [C, h, w] of a level line: columns to the right for each row downwards, one of `LEANS`.

    Sums along lines that lean as the strokes do are the most uneven: every edge falls into a few of them. 0 for pixels without any edge.
    """
    grey = pixels.mean(axis=0)
    edges = np.abs(grey[:, 2:] - grey[:, :-2])
    height, width = edges.shape
    if not edges.any():
        return 0.0
    shifts = np.rint(LEANS[:, None] * (np.arange(height) - (height - 1) / 2)).astype(np.intp)  # [leans, h]
    beside = int(np.abs(shifts).max())
    padded = np.pad(edges.astype(np.float32), ((0, 0), (2 * beside, 2 * beside)))
    columns = np.arange(beside, beside + width + 2 * beside)
    upright = padded[np.arange(height)[:, None], columns + shifts[:, :, None]]  # [leans, h, w]
    return float(LEANS[int((upright.sum(axis=1) ** 2).sum(axis=1).argmax())])
