"""From log-probabilities to characters with confidences and places: written once for every engine (NumPy only)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import END, Charset
from siga_ocr.reading import Alternative, CharReading, Found
from siga_ocr.window import Window

if TYPE_CHECKING:
    from siga_ocr.intake import Taken

Floats = npt.NDArray[np.float32]

CENTRAL = 0.9
"""The share of a character's glyph attention that lies between `x0` and `x1`."""


BLANK = 0.05
"""A crop that is less probable to hold nothing is not read as nothing, however improbable every text is: a reading with gaps helps more."""


ALTERNATIVES = 3
"""How many other characters are kept for each position."""


@dataclass(frozen=True)
class Columns:
    """How columns of the glyph attention lie on the crop: `pixels` of the crop for each column, and the crop's `width` in pixels.

    The first column begins `margin` pixels before the crop.
    """

    pixels: float
    width: float
    margin: float = 0.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network says of one crop: `log_probabilities` float32 [T, K]; `glyph_attention` float32 [T, h, w], which sums to 1 over h, w."""

    log_probabilities: Floats
    glyph_attention: Floats


@dataclass(frozen=True)
class Decoded:
    """The characters of one crop, and the product of their confidences and of the end mark's, less where there may be a second line.

    `found` is what a search adds to it, `seen` what it needs for that, kept where there will be one; `log_probabilities` float32 [T, K] are kept
    where they are asked for or looks are compared, `line`, the strip of the crop that the text takes, where it is doubted. `parts` are those of
    a long code that was read in parts: what the network took of each, and how many characters it read there; its confidence holds the end of
    each part. `second_line` is what seems to stand above or below the characters, `left` what that has left of the confidence;
    `contested` says whether another look read another text.
    """

    characters: tuple[CharReading, ...]
    confidence: float
    found: Found | None = None
    log_probabilities: Floats | None = field(default=None, compare=False, repr=False)
    line: Window | None = field(default=None, compare=False, repr=False)
    parts: "tuple[tuple[Taken, int], ...]" = field(default=(), compare=False, repr=False)
    second_line: str = ""
    contested: bool = field(default=False, compare=False)
    left: float = field(default=1.0, compare=False)
    seen: tuple[Seen, Columns] | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The characters as one string."""
        return "".join(character.character for character in self.characters)

    @property
    def weakest(self) -> float:
        """The confidence of the weakest character; that of the end mark alone where there is none."""
        return min((character.confidence for character in self.characters), default=self.confidence)


def has_ended(log_probabilities: Floats) -> npt.NDArray[np.bool_]:
    """Whether the most probable classes of each crop hold the end mark: [N, T, K] -> bool [N]."""
    ended: npt.NDArray[np.bool_] = (log_probabilities.argmax(axis=-1) == END).any(axis=-1)
    return ended


def greedy(log_probabilities: Floats, glyph_attention: Floats, charset: Charset, columns: Columns) -> Decoded:
    """The most probable class of each step up to the end mark, for one crop: `spell` of `greedy_ids`."""
    return spell(greedy_ids(log_probabilities), Seen(log_probabilities, glyph_attention), charset, columns)


def greedy_ids(log_probabilities: Floats) -> tuple[int, ...]:
    """The most probable class of each step [T, K] up to the end mark; what has none within T steps is cut to T - 1 characters."""
    best = log_probabilities.argmax(axis=1)
    ends = np.flatnonzero(best == END)
    return tuple(best[: int(ends[0]) if len(ends) else len(best) - 1].tolist())


def likely_ids(log_probabilities: Floats) -> tuple[int, ...]:
    """`greedy_ids` of a crop [T, K], or none where it is more probable that it holds nothing than that it says this.

    On texture the first step prefers some character to the end by a little, though none of the texts behind it is as probable as no text.
    """
    ids = greedy_ids(log_probabilities)
    nothing = float(log_probabilities[0, END])
    if not ids or nothing < np.log(BLANK):
        return ids
    places = np.arange(len(ids) + 1)
    return ids if log_probabilities[places, [*ids, END]].sum(dtype=np.float64) >= nothing else ()


def spell(ids: tuple[int, ...], seen: Seen, charset: Charset, columns: Columns) -> Decoded:
    """A text that is given by its classes, with what the network thinks of each of them, and of the end behind them.

    A crop whose end mark does not come within T steps has a confidence as low as the network finds an end after them improbable.
    """
    length = len(ids)
    edges = central_span(seen.glyph_attention[:length].sum(axis=1)) * columns.pixels - columns.margin
    edges = np.clip(edges, 0.0, columns.width)
    rows = seen.log_probabilities[:length]
    ranked = np.argsort(-rows, axis=1, kind="stable")[:, : ALTERNATIVES + 2]
    sure = _probabilities(np.take_along_axis(rows, ranked, axis=1))
    own = rows[np.arange(length), list(ids)]
    characters = tuple(
        CharReading(charset.characters[chosen - 1], confidence, x0, x1, _alternatives(chosen, classes, confidences, charset))
        for chosen, confidence, classes, confidences, (x0, x1) in zip(
            ids, _probabilities(own).tolist(), ranked.tolist(), sure.tolist(), edges.tolist(), strict=True
        )
    )
    total = own.sum(dtype=np.float64) + np.float64(seen.log_probabilities[length, END])
    return Decoded(characters, float(_probabilities(total)))


def _alternatives(chosen: int, classes: list[int], confidences: list[float], charset: Charset) -> tuple[Alternative, ...]:
    """The best characters but the chosen one, without the end mark."""
    others = [(index, confidence) for index, confidence in zip(classes, confidences, strict=True) if index not in (END, chosen)]
    return tuple(Alternative(charset.characters[index - 1], confidence) for index, confidence in others[:ALTERNATIVES])


def central_span(weights: Floats) -> npt.NDArray[np.float64]:
    """Where the central 90 % of each row of column weights [T, w] begin and end, in columns (column i spans i..i + 1): [T, 2]."""
    sums = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1, dtype=np.float64)], axis=1)
    tail = (1 - CENTRAL) / 2
    ends = sums[:, -1:] * np.array([tail, 1 - tail])  # [T, 2]
    columns = np.clip((sums[:, None] <= ends[:, :, None]).sum(axis=2) - 1, 0, weights.shape[1] - 1)
    before, behind = np.take_along_axis(sums, columns, axis=1), np.take_along_axis(sums, columns + 1, axis=1)
    spans: npt.NDArray[np.float64] = columns + (ends - before) / np.maximum(behind - before, np.finfo(np.float64).tiny)
    return spans


def _probabilities(log_probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The exponentials, none above 1: a sum of float32 logarithms may exceed 0 by rounding."""
    return np.asarray(np.minimum(np.exp(np.asarray(log_probabilities, dtype=np.float64)), 1.0))
