"""What is kept beside a model, and what a damaged one does."""

import json
import shutil
from pathlib import Path

import pytest

from siga_ocr.assessing.calibrate import copy_with, keep
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.reader import Reader
from siga_ocr.scores.promises import Promise
from siga_ocr.store.calibration import Calibration, read, temperature_of, threshold_for
from siga_ocr.store.files import check, contents
from siga_ocr.store.folder import CALIBRATION_NAME, describe

PROMISES = (Promise(0.01, 0.9, 0.8, 800, 1), Promise(0.05, 0.6, 0.9, 900, 20))


@pytest.fixture
def model(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A model folder that a test may write into."""
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def calibration(model: Path, temperature: float = 2.0) -> Calibration:
    return Calibration(
        format=1,
        weights_sha256=describe(model).weights_sha256,
        temperature=temperature,
        crops=1000,
        wrong=100,
        calibration_error=0.01,
        promises=PROMISES,
    )


def test_what_is_kept_comes_back(model: Path) -> None:
    assert read(model) is None
    assert temperature_of(model) == 1.0
    keep(calibration(model), model)
    assert read(model) == calibration(model)
    assert temperature_of(model) == 2.0


def test_thresholds_are_those_of_the_widest_promise_that_is_kept(model: Path) -> None:
    keep(calibration(model), model)
    for rate, threshold in ((0.01, 0.9), (0.03, 0.9), (0.05, 0.6), (0.5, 0.6)):
        assert threshold_for(str(model), rate) == threshold


def test_what_was_not_promised_is_refused(model: Path) -> None:
    with pytest.raises(ModelError, match="siga-ocr calibrate"):
        threshold_for(str(model), 0.01)
    keep(calibration(model), model)
    with pytest.raises(ModelError, match=r"least promise is 0\.01"):
        threshold_for(str(model), 0.001)
    for rate in (0.0, 1.0, -1.0):
        with pytest.raises(UsageError):
            threshold_for(str(model), rate)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": "2"},
        {"format": 2},
        {"more": 1},
        {"wrong": 1001},
        {"promises": [{"max_error": 2}]},
        {"weights_sha256": "0" * 64},
    ],
)
def test_what_cannot_be_used_is_refused(model: Path, change: dict[str, object]) -> None:
    keep(calibration(model), model)
    path = model / CALIBRATION_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match="siga-ocr calibrate"):
        Reader.load(str(model), "cpu")


def test_a_copy_is_a_whole_model_with_its_calibration(model: Path, tmp_path: Path) -> None:
    copy_with(calibration(model), model, tmp_path / "copy")
    check(tmp_path / "copy", "copy")
    assert CALIBRATION_NAME in [file.name for file in contents(tmp_path / "copy")]
    assert read(tmp_path / "copy") == calibration(model)
    assert read(model) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "model"]
