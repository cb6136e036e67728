"""How good readings are: word accuracy, character error rate, what is mistaken for what, and risk against coverage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from siga_ocr.errors import UsageError

Edit = tuple[str, str]
"""A character of the truth and what was read for it; "" stands for nothing."""


@dataclass(frozen=True)
class Scores:
    """Over `count` crops: the share read without a fault, edits for each character of the truth, and 1-NED: the mean of 1 less the edits
    for each character of the longer of reading and truth."""

    count: int
    word_accuracy: float
    character_error_rate: float
    similarity: float


@dataclass(frozen=True)
class Fault:
    """One edit and where it is: `expected` of the truth at `truth_place` was read as `read` at `text_place`; "" stands for nothing."""

    expected: str
    read: str
    truth_place: int
    text_place: int


@dataclass(frozen=True)
class Repeats:
    """How runs of one character were read: `pairs` of equal neighbours in the truths, characters `lost` from a run, and `doubled` ones."""

    pairs: int
    lost: int
    doubled: int


@dataclass(frozen=True)
class CoveragePoint:
    """Accepting only readings of at least `threshold` keeps the share `coverage`, of which the share `risk` is wrong."""

    threshold: float
    coverage: float
    risk: float


def faults(text: str, truth: str) -> list[Fault]:
    """The fewest insertions, deletions and replacements that turn `truth` into `text`, from left to right."""
    distance = _distances(text, truth)
    row, column, found = len(truth), len(text), []
    while row or column:
        here = distance[row][column]
        if row and column and here == distance[row - 1][column - 1] + (truth[row - 1] != text[column - 1]):
            row, column = row - 1, column - 1
            if truth[row] != text[column]:
                found.append(Fault(truth[row], text[column], row, column))
        elif row and here == distance[row - 1][column] + 1:
            row -= 1
            found.append(Fault(truth[row], "", row, column))
        else:
            column -= 1
            found.append(Fault("", text[column], row, column))
    return found[::-1]


def edits(text: str, truth: str) -> list[Edit]:
    """What is mistaken for what, from left to right."""
    return [(fault.expected, fault.read) for fault in faults(text, truth)]


def edit_distance(text: str, truth: str) -> int:
    """The number of `edits` (Levenshtein)."""
    return _distances(text, truth)[-1][-1]


def score(texts: Sequence[str], truths: Sequence[str]) -> Scores:
    """Compare what was read with the truth, letter for letter.

    Raises:
        UsageError: there is nothing to compare, or the two differ in number.
    """
    if not texts or len(texts) != len(truths):
        raise UsageError(f"Scores need as many readings as truths and at least one, got {len(texts)} and {len(truths)}.")
    count, pairs = len(texts), list(zip(texts, truths, strict=True))
    distances = [0 if text == truth else edit_distance(text, truth) for text, truth in pairs]
    similar = sum(1 - distance / max(len(text), len(truth), 1) for distance, (text, truth) in zip(distances, pairs, strict=True))
    return Scores(count, distances.count(0) / count, sum(distances) / max(sum(map(len, truths)), 1), similar / count)


def confusions(texts: Sequence[str], truths: Sequence[str]) -> Counter[Edit]:
    """How often each edit occurs over all pairs."""
    return Counter(edit for text, truth in zip(texts, truths, strict=True) for edit in edits(text, truth))


def repeats(texts: Sequence[str], truths: Sequence[str]) -> Repeats:
    """Count characters of runs (`00`, `111`) that were lost, and characters that were read once more than they are there."""
    pairs = lost = doubled = 0
    for text, truth in zip(texts, truths, strict=True):
        pairs += sum(one == other for one, other in pairwise(truth))
        for fault in faults(text, truth) if text != truth else ():
            lost += not fault.read and _has_twin(truth, fault.truth_place)
            doubled += not fault.expected and _has_twin(text, fault.text_place)
    return Repeats(pairs, lost, doubled)


def by_length(texts: Sequence[str], truths: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Length of the truth -> crops, and crops read without a fault; the shortest first."""
    counts = Counter(map(len, truths))
    right = Counter(len(truth) for text, truth in zip(texts, truths, strict=True) if text == truth)
    return {length: (counts[length], right[length]) for length in sorted(counts)}


def risk_coverage(confidences: Sequence[float], correct: Sequence[bool]) -> list[CoveragePoint]:
    """One point for each different confidence, from the strictest threshold to accepting everything."""
    ranked = sorted(zip(confidences, correct, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for accepted, (confidence, right) in enumerate(ranked, start=1):
        wrong += not right
        if accepted == len(ranked) or ranked[accepted][0] < confidence:
            points.append(CoveragePoint(confidence, accepted / len(ranked), wrong / accepted))
    return points


def _has_twin(text: str, place: int) -> bool:
    """Whether the character at `place` stands beside an equal one."""
    return text[place] in (text[max(place - 1, 0) : place], text[place + 1 : place + 2])


def _distances(text: str, truth: str) -> list[list[int]]:
    """Edit distances between all prefixes: [len(truth) + 1][len(text) + 1]."""
    table = [list(range(len(text) + 1))]
    for row, expected in enumerate(truth, start=1):
        line = [row]
        for column, character in enumerate(text, start=1):
            line.append(min(table[-1][column] + 1, line[-1] + 1, table[-1][column - 1] + (expected != character)))
        table.append(line)
    return table
