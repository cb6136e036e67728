"""How the strokes of a line of text lean, by its pixels alone (NumPy only)."""

import numpy as np
import numpy.typing as npt

LEANS = np.arange(-12, 13) / 20
"""Columns to the right for each row downwards that are tried: as far as italics and plates that are seen from the side lean."""

FANS = np.arange(2, 21, 2) / 5
"""By how much more strokes lean at one end of the line than at the other: those of a line that is seen from above or below."""

WIDEST_FAN = 0.45
"""The largest fan for each height that the line is long: where strokes that are drawn on meet 2.2 heights above or below the line."""

FANNED = 1.05
"""How much more uneven than along equal leans the sums have to be, for a fan to be believed."""

EDGES = 0.25
"""The share of the pixels that counts: the strongest edges."""


def lean(pixels: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """How upright strokes lean in the pixels [C, h, w] of a level line: columns to the right for each row downwards.

    The lean in the middle of the line, and by how much it is greater at its right end than at its left one (its fan, mostly 0). Sums along lines
    that lean as the strokes do are the most uneven: every edge falls into a few of them. 0, 0 for pixels without any edge.
    """
    grey = pixels.mean(axis=0)
    edges = np.abs(grey[:, 2:] - grey[:, :-2]).astype(np.float32)
    if not edges.any():
        return 0.0, 0.0
    strokes = _Strokes(edges)
    level, equal = max((strokes.unevenness(one, 0.0), float(one)) for one in LEANS)
    most = WIDEST_FAN * edges.shape[1] / edges.shape[0]
    fans = [float(sign * fan) for fan in FANS[most >= FANS] for sign in (-1, 1)]
    tried = [(strokes.unevenness(one, fan), float(one), fan) for fan in fans for one in LEANS[::4]]
    if not tried:
        return equal, 0.0
    _, near, wide = max(tried)
    uneven, middle, fan = max((strokes.unevenness(near + a, wide + b), near + a, wide + b) for a in (-0.1, 0.0, 0.1) for b in (-0.2, 0.0, 0.2))
    return (middle, fan) if uneven >= FANNED * level else (equal, 0.0)


class _Strokes:
    """The strongest of the edges [h, w]: where they lie, rows from the middle one, and how strong they are."""

    def __init__(self, edges: npt.NDArray[np.float32]) -> None:
        height, self._width = edges.shape
        weights = edges.ravel()
        count = max(1, int(EDGES * weights.size))
        weakest = np.partition(weights, -count)[-count]
        places = np.flatnonzero(weights >= max(weakest, np.finfo(np.float32).tiny))
        self._weights = weights[places]
        self._rows = (places // self._width - (height - 1) / 2).astype(np.float32)
        self._columns = (places % self._width).astype(np.float32)

    def unevenness(self, middle: float, fan: float) -> float:
        """The sum of squares of the sums along lines of this lean."""
        upright = (self._columns + (fan / 2 - middle) * self._rows) / (1 + fan / self._width * self._rows)
        bins = np.rint(upright).astype(np.intp)
        return float((np.bincount(bins - bins.min(), self._weights) ** 2).sum())
