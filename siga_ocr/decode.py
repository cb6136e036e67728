"""From log-probabilities to characters with confidences and places: written once for every engine (NumPy only)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import END, Charset
from siga_ocr.reading import Alternative, CharReading

Floats = npt.NDArray[np.float32]

CENTRAL = 0.9
"""The share of a character's glyph attention that lies between `x0` and `x1`."""


ALTERNATIVES = 3
"""How many other characters are kept for each position."""


@dataclass(frozen=True)
class Columns:
    """How columns of the glyph attention lie on the crop: `pixels` of the crop for each column, and the crop's `width` in pixels."""

    pixels: float
    width: float


@dataclass(frozen=True)
class Decoded:
    """The characters of one crop, and the product of their confidences and of the end mark's."""

    characters: tuple[CharReading, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The characters as one string."""
        return "".join(character.character for character in self.characters)


def has_ended(log_probabilities: Floats) -> npt.NDArray[np.bool_]:
    """Whether the most probable classes of each crop hold the end mark: [N, T, K] -> bool [N]."""
    ended: npt.NDArray[np.bool_] = (log_probabilities.argmax(axis=-1) == END).any(axis=-1)
    return ended


def greedy(log_probabilities: Floats, glyph_attention: Floats, charset: Charset, columns: Columns) -> Decoded:
    """The most probable class of each step up to the end mark, for one crop.

    `log_probabilities` is float32 [T, K]; `glyph_attention` float32 [T, h, w] sums to 1 over h, w. A crop whose end mark does not come
    within T steps is cut to T - 1 characters; its confidence is then as low as the network finds an end after them improbable.
    """
    best = log_probabilities.argmax(axis=1)
    ends = np.flatnonzero(best == END)
    length = int(ends[0]) if len(ends) else len(best) - 1
    edges = central_span(glyph_attention[:length].sum(axis=1)) * columns.pixels
    edges = np.clip(edges, 0.0, columns.width)
    rows = log_probabilities[:length]
    ranked = np.argsort(-rows, axis=1, kind="stable")[:, : ALTERNATIVES + 2]
    sure = _probabilities(np.take_along_axis(rows, ranked, axis=1))
    characters = tuple(
        CharReading(charset.characters[classes[0] - 1], confidences[0], x0, x1, _alternatives(classes, confidences, charset))
        for classes, confidences, (x0, x1) in zip(ranked.tolist(), sure.tolist(), edges.tolist(), strict=True)
    )
    total = rows[np.arange(length), best[:length]].sum(dtype=np.float64) + np.float64(log_probabilities[length, END])
    return Decoded(characters, float(_probabilities(total)))


def _alternatives(classes: list[int], confidences: list[float], charset: Charset) -> tuple[Alternative, ...]:
    """The characters that rank behind the best class, without the end mark."""
    others = [(index, confidence) for index, confidence in zip(classes[1:], confidences[1:], strict=True) if index != END]
    return tuple(Alternative(charset.characters[index - 1], confidence) for index, confidence in others[:ALTERNATIVES])


def central_span(weights: Floats) -> npt.NDArray[np.float64]:
    """Where the central 90 % of each row of column weights [T, w] begin and end, in columns (column i spans i..i + 1): [T, 2]."""
    sums = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1, dtype=np.float64)], axis=1)
    tail = (1 - CENTRAL) / 2
    borders = np.arange(sums.shape[1], dtype=np.float64)
    spans = [np.interp([tail * row[-1], (1 - tail) * row[-1]], row, borders) for row in sums]
    return np.array(spans, dtype=np.float64).reshape(len(weights), 2)


def _probabilities(log_probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The exponentials, none above 1: a sum of float32 logarithms may exceed 0 by rounding."""
    return np.asarray(np.minimum(np.exp(np.asarray(log_probabilities, dtype=np.float64)), 1.0))
