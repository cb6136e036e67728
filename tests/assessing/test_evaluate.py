"""Scores of readings: letter for letter, and by letters and digits alone."""

from pathlib import Path

import pytest

from siga_ocr.assessing.evaluate import compare, evaluate, fold
from siga_ocr.data.labels import Sample
from siga_ocr.errors import UsageError
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading


def readings(*texts: str) -> list[Reading]:
    return [Reading(f"{n}.png", "ok", text) for n, text in enumerate(texts)]


def test_folding_keeps_capitals_and_digits() -> None:
    assert fold("-x12:3.1 ß²") == "X1231SS"
    assert fold("-:.") == ""


def test_folded_scores_forgive_case_and_signs_alone() -> None:
    result = compare(readings("AB-1", "ab1", "AB2", ""), ["AB-1", "AB1", "AB1", "-"])
    assert result.exact.word_accuracy == pytest.approx(1 / 4)
    assert result.folded is not None
    assert result.folded.count == 3
    assert result.folded.word_accuracy == pytest.approx(2 / 3)


def test_truths_without_letters_have_no_folded_score() -> None:
    assert compare(readings("-"), ["-"]).folded is None


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(UsageError):
        compare([], [])


def test_what_cannot_be_opened_counts_as_wrong(tiny_model_folder: Path, tmp_path: Path) -> None:
    result = evaluate(Reader.load(str(tiny_model_folder), "cpu"), [Sample(tmp_path / "none.png", "A1")])
    assert (result.exact.word_accuracy, result.exact.character_error_rate) == (0.0, 1.0)
    assert result.readings[0].status == "error"
