"""Whether confidences mean what they say: how often readings of a confidence are right, and how well a score tells two kinds of crops apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr.scores.metrics import CoveragePoint

BINS = 15
"""Equal parts of 0..1 in which confidences are compared with what came true."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The readings whose confidence lies in `low`..`high`: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], correct: Sequence[bool]) -> list[ReliabilityBin]:
    """The bins that hold readings, the least sure first; a confidence between two bins belongs to the upper one, 1 to the last."""
    sure, right = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    places = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    held = [(place, places == place) for place in np.unique(places).tolist()]
    return [
        ReliabilityBin(place / BINS, (place + 1) / BINS, int(inside.sum()), float(sure[inside].mean()), float(right[inside].mean()))
        for place, inside in held
    ]


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Expected calibration error (ECE): the gap between confidence and accuracy, averaged over all readings; 0 where there is none."""
    total = sum(part.count for part in bins)
    return sum(part.count * abs(part.confidence - part.accuracy) for part in bins) / max(total, 1)


def area_under_risk(points: Sequence[CoveragePoint]) -> float:
    """Area under the risk-coverage curve (0 is best): the mean risk over all coverages, the risk of a point holding back to the one before."""
    before, area = 0.0, 0.0
    for point in points:
        area += (point.coverage - before) * point.risk
        before = point.coverage
    return area


def coverage_at(points: Sequence[CoveragePoint], risk: float) -> CoveragePoint | None:
    """The point of widest coverage at which no more than `risk` of the accepted readings is wrong."""
    return next((point for point in reversed(points) if point.risk <= risk), None)


def area_under_roc(positive: npt.ArrayLike, negative: npt.ArrayLike) -> float:
    """The chance that a positive example scores higher than a negative one, ties counted as half; not a number where one kind is missing."""
    high, low = np.asarray(positive, dtype=np.float64), np.sort(np.asarray(negative, dtype=np.float64))
    if not len(high) or not len(low):
        return float("nan")
    below, up_to = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + up_to).mean() / 2 / len(low))
