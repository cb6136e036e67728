"""`siga-ocr calibrate` and `read --max-error` as they are called."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.assessing.calibrate import FEWEST
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.reader import Reader
from siga_ocr.store.calibration import read
from siga_ocr.store.folder import CALIBRATION_NAME

COUNT = FEWEST + 10


@pytest.fixture
def model(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A model folder of one's own."""
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


@pytest.fixture
def labelled(tmp_path: Path, model: Path) -> Path:
    """Crops that are all labelled as the tiny network reads them, and one that is not there."""
    folder = tmp_path / "set"
    folder.mkdir()
    source = np.random.default_rng(0)
    paths = [folder / f"{number}.png" for number in range(COUNT)]
    for path in paths:
        Image.fromarray(source.integers(0, 255, (32, 60, 3), dtype=np.uint8)).save(path)
    texts = [reading.text for reading in Reader.load(str(model), "cpu").read(map(str, paths))]
    rows = [f"{path.name}\t{text}\n" for path, text in zip(paths, texts, strict=True)]
    (folder / "labels.tsv").write_text("".join(["file\ttext\n", *rows, "gone.png\tA\n"]))
    return folder


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def test_a_calibrated_model_takes_thresholds_and_refuses_what_was_not_shown(model: Path, labelled: Path) -> None:
    crop = labelled / "0.png"
    assert run("read", crop, "--model", model, "--max-error", "0.1")[0] == ExitCode.MODEL
    code, shown, said = run("calibrate", "--data", labelled, "--model", model, "--allow-blank", "--max-error", "0.2")
    assert code == ExitCode.OK
    assert "1 crops could not be opened" in said
    assert "at most 20 % wrong\taccept 100.0 %" in shown
    assert "at most 0.1 % wrong\tno promise: it takes at least 4093" in shown
    found = read(model)
    assert found is not None
    assert (found.crops, found.wrong) == (COUNT, 0)
    assert run("read", crop, "--model", model, "--max-error", "0.2", "--format", "text")[0] == ExitCode.OK
    code, _, said = run("read", crop, "--model", model, "--max-error", "0.001")
    assert code == ExitCode.MODEL
    assert "cannot promise 0.001" in said


def test_a_calibration_is_replaced_only_with_force(model: Path, labelled: Path) -> None:
    arguments = ("calibrate", "--data", labelled, "--model", model, "--allow-blank")
    assert [run(*arguments)[0], run(*arguments)[0], run(*arguments, "--force")[0]] == [ExitCode.OK, ExitCode.USAGE, ExitCode.OK]


def test_a_copy_leaves_the_model_alone(model: Path, labelled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    arguments = ("calibrate", "--data", labelled, "--model", model, "--allow-blank", "-o", copy)
    assert run(*arguments)[0] == ExitCode.OK
    assert not (model / CALIBRATION_NAME).exists()
    assert read(copy) is not None
    assert run(*arguments)[0] == ExitCode.USAGE


def test_models_that_came_with_the_program_stay_as_they_are(labelled: Path) -> None:
    code, _, said = run("calibrate", "--data", labelled)
    assert code == ExitCode.USAGE
    assert "-o DIR" in said


def test_too_few_crops_and_two_rules_are_wrong_use(model: Path, labelled: Path) -> None:
    (labelled / "labels.tsv").write_text("file\ttext\n0.png\tA\n")
    assert run("calibrate", "--data", labelled, "--model", model)[0] == ExitCode.USAGE
    assert run("read", labelled / "0.png", "--model", model, "--max-error", "0.1", "--min-confidence", "0.5")[0] == ExitCode.USAGE
