"""An LMDB of crops is taken by every command that takes labelled crops, with pictures of it in the pages."""

import csv
import io
import json
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from typer.testing import CliRunner

from siga_ocr.assessing.calibrate import FEWEST
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.store.calibration import read

pytestmark = pytest.mark.usefixtures("one_core")

COUNT = FEWEST + 4
CORRUPT, MISSING = COUNT + 1, COUNT + 2


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops with texts that differ, then one that cannot be decoded and one without an image."""
    folder = tmp_path_factory.mktemp("sets") / "set_lmdb"
    with lmdb.open(str(folder), map_size=2**26) as store, store.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(MISSING).encode())
        for number in range(1, MISSING + 1):
            text = f"{number}A{100 - number}"
            crop = np.full((32, 110, 3), 210, dtype=np.uint8)
            cv2.putText(crop, text, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2, cv2.LINE_AA)
            transaction.put(f"label-{number:09d}".encode(), text.encode())
            if number != MISSING:
                content = b"junk" if number == CORRUPT else cv2.imencode(".png", crop)[1].tobytes()
                transaction.put(f"image-{number:09d}".encode(), content)
    return folder


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def named(number: int) -> str:
    return f"image-{number:09d}"


def test_data_check_finds_faults_and_what_it_keeps_can_be_read_again(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.csv"
    code, shown, _ = run("data", "check", crops, "--model", tiny_model_folder, "--fixed", fixed, "--format", "csv", "--doubts", 2)
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert code == ExitCode.NOT_ALL
    assert [(row["file"], row["finding"]) for row in rows[:2]] == [(named(CORRUPT), "corrupt"), (named(MISSING), "missing")]
    assert all(row["finding"] in ("doubt", "upside down") for row in rows[2:])
    assert len(rows) > 2
    assert run("data", "check", fixed, "--model", tiny_model_folder, "--doubts", 0)[0] == ExitCode.OK


def test_evaluate_shows_crops_and_what_the_model_saw_in_them(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    page, scores = tmp_path / "page.html", tmp_path / "scores.json"
    code, shown, _ = run("evaluate", "--data", crops, "--model", tiny_model_folder, "--html", page, "--json", scores, "--worst", 3)
    assert code == ExitCode.NOT_ALL
    assert f"could not be opened: {crops / named(MISSING)}: no such file" in shown
    content = page.read_text()
    assert content.count('<figure class="crop">') == 3
    worst = content.split("Sure and wrong", 1)[1]
    assert worst.count("data:image/png;base64,") == 3
    assert "data:image/png;base64," in content.split("Mistaken characters", 1)[1].split("Repeated characters", 1)[0]
    kept = json.loads(scores.read_text())["crops"]
    assert kept[0]["file"] == str(crops / named(1))
    assert [crop["confidence"] is None for crop in kept[-3:]] == [False, True, True]


def test_evaluate_shows_each_of_several_stores_as_benchmarks_are_reported(tiny_model_folder: Path, tmp_path: Path) -> None:
    """Letter for letter, and as the published tables count: without case, letters and digits alone."""
    stores = [tmp_path / name for name in ("IIIT5k_3000", "SVT")]
    for store, texts in zip(stores, (("Ab-1", "C2", "D3"), ("E4",)), strict=True):
        with lmdb.open(str(store), map_size=2**24) as opened, opened.begin(write=True) as transaction:
            transaction.put(b"num-samples", str(len(texts)).encode())
            for number, text in enumerate(texts, 1):
                transaction.put(f"label-{number:09d}".encode(), text.encode())
                image = cv2.imencode(".png", np.full((32, 100, 3), 60 * number, dtype=np.uint8))[1]
                transaction.put(f"image-{number:09d}".encode(), image.tobytes())
    code, shown, _ = run("evaluate", "--data", stores[0], "--data", stores[1], "--model", tiny_model_folder, "--json", tmp_path / "scores.json")
    assert code == ExitCode.OK
    assert [line.split(")")[0] for line in shown.splitlines() if line.startswith(("IIIT", "SVT"))] == ["IIIT5k_3000 (3", "SVT (1"]
    sets = json.loads((tmp_path / "scores.json").read_text())["sets"]
    assert [(one["name"], one["exact"]["count"]) for one in sets] == [(str(stores[0]), 3), (str(stores[1]), 1)]


def test_calibrate_measures_what_can_be_opened(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    code, _, said = run("calibrate", "--data", crops, "--model", tiny_model_folder, "-o", tmp_path / "calibrated")
    assert code == ExitCode.OK, said
    found = read(tmp_path / "calibrated")
    assert found is not None
    assert found.crops == COUNT


def test_finetune_learns_from_it_and_checks_on_it(crops: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    given = ("--data", crops, "--model", tiny_model_folder, "-o", out, "--replay", crops, "--steps", 2, "--batch-size", 4, "--device", "cpu")
    code, _, said = run("finetune", *given)
    assert code == ExitCode.OK, said
    assert "2 corrupt" in said  # of --data and of --replay
    assert "2 missing" in said
    sides = [list(csv.DictReader((out / name).read_text().splitlines())) for name in ("train.csv", "val.csv")]
    assert sorted(Path(row["file"]).name for side in sides for row in side) == [named(number) for number in range(1, COUNT + 1)]
