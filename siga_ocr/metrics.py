"""How good readings are: word accuracy, character error rate, what is mistaken for what, and risk against coverage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from siga_ocr.errors import UsageError

Edit = tuple[str, str]
"""A character of the truth and what was read for it; "" stands for nothing."""


@dataclass(frozen=True)
class Scores:
    """Over `count` crops: the share read without a fault, and edits for each character of the truth."""

    count: int
    word_accuracy: float
    character_error_rate: float


@dataclass(frozen=True)
class CoveragePoint:
    """Accepting only readings of at least `threshold` keeps the share `coverage`, of which the share `risk` is wrong."""

    threshold: float
    coverage: float
    risk: float


def edits(text: str, truth: str) -> list[Edit]:
    """The fewest insertions, deletions and replacements that turn `truth` into `text`, from left to right."""
    distance = _distances(text, truth)
    row, column, found = len(truth), len(text), []
    while row or column:
        here = distance[row][column]
        if row and column and here == distance[row - 1][column - 1] + (truth[row - 1] != text[column - 1]):
            row, column = row - 1, column - 1
            if truth[row] != text[column]:
                found.append((truth[row], text[column]))
        elif row and here == distance[row - 1][column] + 1:
            row -= 1
            found.append((truth[row], ""))
        else:
            column -= 1
            found.append(("", text[column]))
    return found[::-1]


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
    right = sum(text == truth for text, truth in zip(texts, truths, strict=True))
    faults = sum(edit_distance(text, truth) for text, truth in zip(texts, truths, strict=True))
    return Scores(len(texts), right / len(texts), faults / max(sum(map(len, truths)), 1))


def confusions(texts: Sequence[str], truths: Sequence[str]) -> Counter[Edit]:
    """How often each edit occurs over all pairs."""
    return Counter(edit for text, truth in zip(texts, truths, strict=True) for edit in edits(text, truth))


def risk_coverage(confidences: Sequence[float], correct: Sequence[bool]) -> list[CoveragePoint]:
    """One point for each different confidence, from the strictest threshold to accepting everything."""
    ranked = sorted(zip(confidences, correct, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for accepted, (confidence, right) in enumerate(ranked, start=1):
        wrong += not right
        if accepted == len(ranked) or ranked[accepted][0] < confidence:
            points.append(CoveragePoint(confidence, accepted / len(ranked), wrong / accepted))
    return points


def _distances(text: str, truth: str) -> list[list[int]]:
    """Edit distances between all prefixes: [len(truth) + 1][len(text) + 1]."""
    table = [list(range(len(text) + 1))]
    for row, expected in enumerate(truth, start=1):
        line = [row]
        for column, character in enumerate(text, start=1):
            line.append(min(table[-1][column] + 1, line[-1] + 1, table[-1][column - 1] + (expected != character)))
        table.append(line)
    return table
