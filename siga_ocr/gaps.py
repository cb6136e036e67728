"""Where the characters of a line leave room for a cut: columns that hold no ink, between their middles (NumPy only)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

INNER = 0.22
"""Of the way from one character's middle to the next: how far from either a cut stays."""

RIM = 0.12
"""Of the height, above and below: rows that say nothing about ink."""


def inner_rows(grey: Floats) -> Floats:
    """Grey levels [h, w] between the rims."""
    edge = round(RIM * len(grey))
    return grey[edge : len(grey) - edge]


def unrest(grey: Floats) -> Floats:
    """How much each column [h, w] varies between the rims: [w]."""
    return np.asarray(inner_rows(grey).std(axis=0))


def between(left: float, right: float, width: int) -> slice:
    """The columns, one at least, of a picture `width` wide that may be cut between the middles of two characters."""
    begin = min(round(left + INNER * (right - left)), width - 1)
    return slice(begin, max(begin + 1, round(right - INNER * (right - left))))
