"""What is worked out of readings and labels."""

import json
from pathlib import Path

import pytest

from siga_ocr.assessing.assessment import Assessment, Confusion, assess
from siga_ocr.assessing.record import document, thinned
from siga_ocr.data.labels import Sample
from siga_ocr.reading import Provenance, Reading
from siga_ocr.scores.comparison import paired
from siga_ocr.scores.metrics import risk_coverage


def assessed(*crops: tuple[str, str, float]) -> Assessment:
    """Of crops (truth, text, confidence); a confidence below 0 stands for a crop that could not be opened."""
    samples = [Sample(Path(f"{number}.png"), truth) for number, (truth, _, _) in enumerate(crops)]
    readings = [
        Reading(f"{number}.png", "ok", text, sure) if sure >= 0 else Reading(f"{number}.png", "error", error="no such file")
        for number, (_, text, sure) in enumerate(crops)
    ]
    return assess(samples, readings, Provenance("m"))


def test_confusions_know_their_crops() -> None:
    found = assessed(("B0", "80", 0.9), ("BB", "88", 0.8), ("A1", "A", 0.7), ("C", "C", 1.0))
    assert found.confusions == (Confusion("B", "8", 3, (0, 1)), Confusion("1", "", 1, (2,)))


def test_crops_that_cannot_be_opened_are_wrong_and_have_no_confidence() -> None:
    found = assessed(("A", "A", 0.9), ("B", "", -1), ("", "", -1))
    assert found.correct == (True, False, False)
    assert found.unreadable == [1, 2]
    assert found.wrong == []
    assert [point.coverage for point in found.risk] == [1.0]
    assert found.confusions == ()


def test_a_crop_without_a_code_that_cannot_be_opened_is_wrong_in_every_figure() -> None:
    found = assessed(("", "", -1), ("", "", 0.9))
    assert (found.exact.word_accuracy, found.exact.similarity, found.exact.character_error_rate) == (0.5, 0.5, 1.0)
    assert found.lengths == {0: (2, 1)}
    one, other = assess(found.samples, found.readings, Provenance("m"), [(Path("a"), 1), (Path("b"), 1)]).sets
    assert (one.exact.word_accuracy, other.exact.word_accuracy) == (0.0, 1.0)


def test_the_surest_mistakes_come_first() -> None:
    assert assessed(("A", "B", 0.3), ("A", "C", 0.9), ("A", "A", 1.0)).wrong == [1, 0]


def test_the_document_holds_every_crop_and_the_comparison() -> None:
    first, second = assessed(("A", "B", 0.3), ("A", "A", 0.9)), assessed(("A", "A", 0.5), ("A", "A", 0.9))
    content = json.loads(document(first, second, paired(first.correct, second.correct), 3))
    assert content["rows_without_text"] == 3
    assert [crop["right"] for crop in content["crops"]] == [False, True]
    assert content["exact"]["word_accuracy"] == 0.5
    assert content["compared_with"]["exact"]["word_accuracy"] == 1.0
    assert content["comparison"]["difference"] == 0.5
    at_none = content["coverage_at_risk"][0]
    assert (at_none["risk"], at_none["coverage"], at_none["threshold"]) == (0.0, 0.5, 0.9)


@pytest.mark.parametrize("most", [1, 7, 50])
def test_a_thinned_curve_keeps_its_ends(most: int) -> None:
    points = risk_coverage([1 - number / 1000 for number in range(1000)], [number % 7 > 0 for number in range(1000)])
    kept = thinned(points, most)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(kept) <= most + 2


def test_sets_are_scored_by_themselves_and_together() -> None:
    samples = [Sample(Path(f"{text}.png"), text) for text in ("A1", "b-2", "C3")]
    readings = [Reading("", "ok", text, 0.9) for text in ("A1", "B2", "C4")]
    found = assess(samples, readings, Provenance("m"), [(Path("one"), 1), (Path("other"), 2)])
    assert [(one.name, one.exact.word_accuracy, one.folded and one.folded.word_accuracy) for one in found.sets] == [("one", 1, 1), ("other", 0, 0.5)]
    assert [one["name"] for one in json.loads(document(found, None, None, 0))["sets"]] == ["one", "other"]
    assert assess(samples, readings, Provenance("m"), [(Path("one"), 3)]).sets == ()
