"""Whether a crop says what it should: the likelihood of the expected text against that of the best other one."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from siga_ocr.charset import Charset
from siga_ocr.errors import UsageError
from siga_ocr.lattice import Floats, Moves, best_paths, log_probability

MIN_MARGIN = 2.2
"""Nats: the expected text is nine times as likely as the best other one, or the other way round."""


@dataclass(frozen=True)
class Difference:
    """What another text has instead of a part of the expected one, which begins at `position` (from 1); either part may be empty."""

    position: int
    expected: str
    other: str


@dataclass(frozen=True)
class Verification:
    """The outcome; by how many nats the expected text is more likely than the best `other`; where the two differ, unless it is a match."""

    outcome: Literal["match", "mismatch", "unsure"]
    margin: float
    other: str
    differences: tuple[Difference, ...]


def check_expected(expected: str, charset: Charset, max_length: int) -> None:
    """A text that a model can read.

    Raises:
        UsageError: it holds characters that the model does not know, or is too long for it.
    """
    charset.encode(expected)
    if len(expected) > max_length:
        raise UsageError(f"{expected!r} has {len(expected)} characters, and this model reads at most {max_length}.")


def verified(log_probabilities: Floats, expected: str, charset: Charset, min_margin: float = MIN_MARGIN) -> Verification:
    """The outcome for the log-probabilities of all positions of a crop [T, K].

    A text that is impossible for the network is as unlikely as float32 can say.
    """
    ids = tuple(charset.encode(expected))
    best = next(path for path in best_paths(log_probabilities, Moves.free(charset)) if path.ids != ids)
    margin = max(log_probability(log_probabilities, ids), -1e4) - best.log_probability
    outcome: Literal["match", "mismatch", "unsure"] = "match" if margin >= min_margin else "mismatch" if margin <= -min_margin else "unsure"
    other = charset.decode(best.ids)
    return Verification(outcome, margin, other, () if outcome == "match" else differences(expected, other))


def differences(expected: str, other: str) -> tuple[Difference, ...]:
    """Where two texts differ: place by place where they are of one length, else by their longest common parts."""
    if len(expected) == len(other):
        pairs = enumerate(zip(expected, other, strict=True), start=1)
        return tuple(Difference(position, one, another) for position, (one, another) in pairs if one != another)
    codes = SequenceMatcher(None, expected, other, autojunk=False).get_opcodes()
    return tuple(Difference(a + 1, expected[a:b], other[c:d]) for tag, a, b, c, d in codes if tag != "equal")
