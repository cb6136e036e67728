"""Readings against labels: how many words are right, letter for letter and by letters and digits alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from siga_ocr.assessing.scored_set import source_of
from siga_ocr.data.labels import Sample
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.scores.metrics import Scores, score

UNOPENED = "\0"
"""What stands for the text of a crop that could not be opened: no label holds it, so that an empty one is not met either."""


@dataclass(frozen=True)
class Evaluation:
    """`exact` compares letter for letter; `folded` capitals and digits alone, over the crops whose truth holds some.

    `readings` are in the order of the samples; one that could not be opened is wrong, whatever its truth.
    """

    exact: Scores
    folded: Scores | None
    readings: tuple[Reading, ...]


def evaluate(reader: Reader, samples: Sequence[Sample]) -> Evaluation:
    """Read every sample and compare.

    Raises:
        UsageError: there is no sample.
    """
    return compare(list(reader.read(source_of(sample) for sample in samples)), [sample.text for sample in samples])


def compare(readings: Sequence[Reading], truths: Sequence[str]) -> Evaluation:
    """Compare readings with their truths, which are in the same order.

    Raises:
        UsageError: there is nothing to compare.
    """
    texts = [scored_text(reading) for reading in readings]
    pairs = [(fold(text), fold(truth)) for text, truth in zip(texts, truths, strict=True) if fold(truth)]
    folded = score([text for text, _ in pairs], [truth for _, truth in pairs]) if pairs else None
    return Evaluation(score(texts, truths), folded, tuple(readings))


def scored_text(reading: Reading) -> str:
    """The text that a reading is scored by."""
    return UNOPENED if reading.status == "error" else reading.text


def is_right(reading: Reading, truth: str) -> bool:
    """Whether a crop could be opened and was read without a fault."""
    return reading.status != "error" and reading.text == truth


def fold(text: str) -> str:
    """`text` in capitals, without all that is neither A to Z nor a digit."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())
