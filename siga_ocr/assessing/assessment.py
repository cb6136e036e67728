"""All that a labelled set says about a model: scores, what is mistaken for what and where, and what its confidences are worth."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.assessing.evaluate import compare, is_right, scored_text
from siga_ocr.data.labels import Sample
from siga_ocr.reading import Provenance, Reading
from siga_ocr.scores.confidence import ReliabilityBin, area_under_risk, calibration_error, reliability
from siga_ocr.scores.metrics import CoveragePoint, Edit, Repeats, Scores, by_length, faults, repeats, risk_coverage


@dataclass(frozen=True)
class Confusion:
    """`expected` was read as `read` ("" stands for nothing) `count` times; `places` are the crops where it happened, by their number."""

    expected: str
    read: str
    count: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class SetScores:
    """One of several sets by itself, named by its path."""

    name: str
    exact: Scores
    folded: Scores | None


@dataclass(frozen=True)
class Assessment:
    """One model on one set. `samples`, `readings` and `correct` go together; what could not be opened is wrong.

    `sets` are the sets that were joined, each by itself, where there are several. `lengths` are by the length of the truth: crops, and those
    that are right. The curves leave out what could not be opened; it has no confidence.
    """

    provenance: Provenance
    samples: tuple[Sample, ...]
    readings: tuple[Reading, ...]
    correct: tuple[bool, ...]
    exact: Scores
    folded: Scores | None
    lengths: dict[int, tuple[int, int]]
    confusions: tuple[Confusion, ...]
    repeats: Repeats
    risk: tuple[CoveragePoint, ...]
    reliability: tuple[ReliabilityBin, ...]
    sets: tuple[SetScores, ...] = ()

    @property
    def unreadable(self) -> list[int]:
        """The numbers of the crops that could not be opened."""
        return [number for number, reading in enumerate(self.readings) if reading.status == "error"]

    @property
    def wrong(self) -> list[int]:
        """The numbers of the crops that were misread, those first that the model was most sure of."""
        misread = [number for number, reading in enumerate(self.readings) if reading.status != "error" and not self.correct[number]]
        return sorted(misread, key=lambda number: -self.readings[number].confidence)

    @property
    def calibration_error(self) -> float:
        """ECE of the word confidences."""
        return calibration_error(self.reliability)

    @property
    def area_under_risk(self) -> float:
        """Area under the risk-coverage curve."""
        return area_under_risk(self.risk)


def assess(samples: Sequence[Sample], readings: Sequence[Reading], provenance: Provenance, sizes: Sequence[tuple[Path, int]] = ()) -> Assessment:
    """Work out everything from readings that are in the order of the samples, `sizes` of which came from each path.

    Raises:
        UsageError: there is no sample.
    """
    truths, texts = [sample.text for sample in samples], [scored_text(reading) for reading in readings]
    scores = compare(readings, truths)
    correct = tuple(is_right(reading, truth) for reading, truth in zip(readings, truths, strict=True))
    opened = [number for number, reading in enumerate(readings) if reading.status != "error"]
    sure, right = [readings[number].confidence for number in opened], [correct[number] for number in opened]
    return Assessment(
        provenance,
        tuple(samples),
        scores.readings,
        correct,
        scores.exact,
        scores.folded,
        by_length(texts, truths),
        confusions([(number, texts[number], truths[number]) for number in opened]),
        repeats([texts[number] for number in opened], [truths[number] for number in opened]),
        tuple(risk_coverage(sure, right)),
        tuple(reliability(sure, right)),
        tuple(_apart(readings, truths, sizes)) if len(sizes) > 1 else (),
    )


def _apart(readings: Sequence[Reading], truths: Sequence[str], sizes: Sequence[tuple[Path, int]]) -> Iterator[SetScores]:
    """Each set by itself; one none of whose rows count has no scores."""
    begin = 0
    for path, size in sizes:
        own = slice(begin, begin + size)
        begin += size
        if size:
            scores = compare(readings[own], truths[own])
            yield SetScores(str(path), scores.exact, scores.folded)


def confusions(crops: Sequence[tuple[int, str, str]]) -> tuple[Confusion, ...]:
    """What is mistaken for what over crops (number, text, truth), the most frequent first; one crop may hold a confusion several times."""
    found: dict[Edit, list[int]] = defaultdict(list)
    for number, text, truth in crops:
        for fault in faults(text, truth) if text != truth else ():
            found[fault.expected, fault.read].append(number)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Confusion(*edit, len(places), tuple(dict.fromkeys(places))) for edit, places in ranked)
