"""An assessment as numbers for other programs: one JSON object."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from siga_ocr.assessing.assessment import Assessment
from siga_ocr.scores.binomial import wilson
from siga_ocr.scores.comparison import Comparison
from siga_ocr.scores.confidence import coverage_at
from siga_ocr.scores.metrics import CoveragePoint, Scores

SCHEMA_VERSION = 1
"""Changes when a key is removed or changes its meaning, not when one is added."""

RISKS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""At which the widest coverage is given."""

CURVE_POINTS = 200


def document(first: Assessment, second: Assessment | None, comparison: Comparison | None, blank: int) -> bytes:
    """UTF-8 JSON: the model's scores, those of the model that it is compared with, the comparison, every crop."""
    content: dict[str, object] = {"schema_version": SCHEMA_VERSION, "rows_without_text": blank, **record(first)}
    if second is not None and comparison is not None:
        content |= {"compared_with": record(second), "comparison": asdict(comparison)}
    return (json.dumps(content, indent=1, ensure_ascii=True) + "\n").encode()


def record(found: Assessment) -> dict[str, object]:
    """The numbers of one assessment; shares from 0 to 1."""
    return {
        "model": asdict(found.provenance),
        "exact": _scores(found.exact),
        "folded": _scores(found.folded) if found.folded else None,
        "sets": [{"name": one.name, "exact": _scores(one.exact), "folded": _scores(one.folded) if one.folded else None} for one in found.sets],
        "could_not_be_opened": len(found.unreadable),
        "accuracy_by_length": [{"length": length, "crops": crops, "right": right} for length, (crops, right) in found.lengths.items()],
        "confusions": [
            {"expected": one.expected, "read": one.read, "count": one.count, "files": [_file(found, place) for place in one.places[:10]]}
            for one in found.confusions
        ],
        "repeated_characters": asdict(found.repeats),
        "calibration_error": found.calibration_error,
        "reliability": [asdict(part) for part in found.reliability],
        "area_under_risk": found.area_under_risk,
        "coverage_at_risk": [_coverage(risk, coverage_at(found.risk, risk)) for risk in RISKS],
        "risk_coverage": [asdict(point) for point in thinned(found.risk, CURVE_POINTS)],
        "crops": [_crop(found, number) for number in range(len(found.samples))],
    }


def thinned(points: Sequence[CoveragePoint], most: int) -> list[CoveragePoint]:
    """At most about `most` of the points, evenly by their coverage, the first and the last among them."""
    kept: list[CoveragePoint] = []
    for point in points:
        if not kept or point.coverage - kept[-1].coverage >= 1 / most or point is points[-1]:
            kept.append(point)
    return kept


def _scores(scores: Scores) -> dict[str, object]:
    low, high = wilson(scores.word_accuracy, scores.count)
    return {**asdict(scores), "word_accuracy_low": low, "word_accuracy_high": high}


def _coverage(risk: float, point: CoveragePoint | None) -> dict[str, object]:
    return {"risk": risk, "coverage": point.coverage if point else 0.0, "threshold": point.threshold if point else None}


def _file(found: Assessment, number: int) -> str:
    return str(found.samples[number].path)


def _crop(found: Assessment, number: int) -> dict[str, object]:
    sample, reading = found.samples[number], found.readings[number]
    outcome: dict[str, object] = {"file": str(sample.path), "truth": sample.text, "text": reading.text, "right": found.correct[number]}
    is_opened = reading.status != "error"
    return outcome | {"confidence": round(reading.confidence, 6) if is_opened else None, "error": reading.error or None}
