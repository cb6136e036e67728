"""Crops before a fine-tuning: what cannot be used is dropped with its reason, what does not fit the model is an error, sides share nothing."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from siga_ocr.assessing.scored_set import Rows
from siga_ocr.config import ModelConfig
from siga_ocr.errors import LabelError
from siga_ocr.tuning.crops import DROPPED, TRAIN, VALIDATION, Crops, Prepared, divide
from tests.tiny import tiny

MODEL = tiny(characters="0123456789AB", max_length=6)


def prepare(crops: Crops, model: ModelConfig, folder: Path, seed: int) -> Prepared:
    return divide(crops, model, seed).write(folder)


def made(folder: Path, rows: list[tuple[str, str]]) -> Path:
    """A set with one picture of its own for each row whose file does not begin with `no`."""
    folder.mkdir()
    for number, (file, _) in enumerate(rows):
        picture = np.random.default_rng(number).integers(0, 256, (32, 60, 3), dtype=np.uint8)
        if not file.startswith("no"):
            cv2.imwrite(str(folder / file), picture)
    (folder / "labels.csv").write_text("file,text\n" + "".join(f"{file},{text}\n" for file, text in rows))
    return folder


def texts(path: Path) -> list[str]:
    with path.open(newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


TEN = [(f"{number}.png", f"A{number}") for number in range(10)]


def test_rows_are_divided_and_the_rest_is_told(tmp_path: Path) -> None:
    own = made(tmp_path / "own", [*TEN, ("no.png", "A1"), ("blank.png", "")])
    found = prepare(Crops(own), MODEL, tmp_path, 2001)
    assert found == Prepared(8, 2, 8, (("missing", 1), ("empty text", 1)))
    assert sorted(texts(tmp_path / TRAIN) + texts(tmp_path / VALIDATION)) == sorted(text for _, text in TEN)
    assert len(texts(tmp_path / DROPPED)) == 2


def test_a_set_of_its_own_validates_and_nothing_is_divided(tmp_path: Path) -> None:
    own, other = made(tmp_path / "own", TEN), made(tmp_path / "other", [("no.png", "B0"), *TEN[1:3], ("y.png", "B 2")])
    (other / "1.png").write_bytes((own / "9.png").read_bytes())
    (other / "2.png").write_bytes(cv2.imencode(".png", np.full((32, 60, 3), 7, dtype=np.uint8))[1].tobytes())
    found = prepare(Crops(own, other), MODEL, tmp_path, 2001)
    assert texts(tmp_path / VALIDATION) == ["A1", "A2", "B2"]
    assert found.train == 8  # without 9.png, and 3.png, which is the same as y.png
    assert ("in both sets", 2) in found.dropped


@pytest.mark.parametrize(("text", "option"), [("A#", "--charset-add"), ("AAAAAAA", "--max-length")])
def test_a_label_that_does_not_fit_is_an_error(tmp_path: Path, text: str, option: str) -> None:
    own = made(tmp_path / "own", [*TEN, ("more.png", text)])
    with pytest.raises(LabelError, match=rf"line 12.*{option}"):
        prepare(Crops(own), MODEL, tmp_path, 2001)
    assert not (tmp_path / TRAIN).exists()


def test_only_the_wanted_rows_count(tmp_path: Path) -> None:
    own = made(tmp_path / "own", TEN)
    (own / "orientation.csv").write_text("file,turned\n0.png,180\n1.png,0\n")
    counts = [prepare(Crops(own, None, Rows(part=part)), MODEL, tmp_path, 2001) for part in ("A", "B")]
    assert sum(count.train + count.validation for count in counts) == 10
    assert counts[0] != counts[1]
    upright = prepare(Crops(own, None, Rows(upright=True)), MODEL, tmp_path, 2001)
    assert upright.train + upright.validation == 9


def test_too_few_crops_are_an_error_that_says_why(tmp_path: Path) -> None:
    own = made(tmp_path / "own", [("0.png", "A1"), ("no.png", "A2"), ("none.png", "A3")])
    with pytest.raises(LabelError, match=r"1 usable crops.*missing"):
        prepare(Crops(own), MODEL, tmp_path, 2001)
