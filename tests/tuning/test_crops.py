"""Crops before a fine-tuning: what cannot be used is dropped with its reason, what does not fit the model is an error, sides share nothing."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from siga_ocr.assessing.scored_set import Rows
from siga_ocr.config import ModelConfig
from siga_ocr.errors import LabelError
from siga_ocr.tuning.crops import DROPPED, REPLAY, TRAIN, VALIDATION, Crops, Prepared, divide
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


def printed(text: str, brightness: float = 1.0) -> bytes:
    """A picture of the text, which stays nearly the same when it is made brighter."""
    picture = np.full((32, 80, 3), 170, dtype=np.uint8)
    cv2.putText(picture, text, (4, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2, cv2.LINE_AA)
    return cv2.imencode(".png", np.clip(picture * brightness, 0, 255).astype(np.uint8))[1].tobytes()


def test_nearly_equal_pictures_are_not_learned_from_where_they_validate(tmp_path: Path) -> None:
    own, other = made(tmp_path / "own", TEN), made(tmp_path / "other", TEN[:2])
    (own / "3.png").write_bytes(printed("A3"))
    (other / "1.png").write_bytes(printed("A3", 1.05))
    found = prepare(Crops(own, other), MODEL, tmp_path, 2001)
    assert (found.train, found.validation, found.texts_apart) == (8, 2, False)
    assert found.dropped == (("in both sets", 2),)  # 0.png, which is the same, and 3.png
    with (tmp_path / DROPPED).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["0.png", "3.png"]
    assert all(str(other / name) in row["reason"] for row, name in zip(rows, ("0.png", "1.png"), strict=True))


@pytest.mark.parametrize("is_given", [True, False])
def test_the_replay_holds_nothing_that_validates_and_is_told_like_the_others(tmp_path: Path, is_given: bool) -> None:
    own = made(tmp_path / "own", TEN)
    other = made(tmp_path / "other", [("0.png", "B0")])
    lines = made(tmp_path / "lines", [*TEN, ("no.png", "A1"), ("much.png", "B#")])
    for number in range(10):
        (own / f"{number}.png").write_bytes(printed(f"A{number}"))
        (lines / f"{number}.png").write_bytes(printed(f"A{number}", 1.05))
    (other / "0.png").write_bytes(printed("A7", 1.02))
    found = prepare(Crops(own, other if is_given else None, replay=lines), MODEL, tmp_path, 2001)
    assert {"missing": 1, "unknown character": 1}.items() <= dict(found.dropped).items()
    validating = {"A7"} if is_given else set(texts(tmp_path / VALIDATION))
    assert set(texts(tmp_path / REPLAY)) == {text for _, text in TEN} - validating
    assert found.replay == 10 - len(validating)


def test_a_replay_may_be_another_kind_of_set(tmp_path: Path) -> None:
    own, lines = made(tmp_path / "own", TEN), made(tmp_path / "lines", [(f"x{number}.png", f"B{number}") for number in range(10)])
    (own / "orientation.csv").write_text("file,turned\n0.png,180\n")
    (own / "labels.csv").unlink()
    for number in range(10):
        (lines / f"x{number}.png").write_bytes(printed(f"B{number}"))
    found = prepare(Crops(own, None, Rows(names=r"(?P<text>\d)", upright=True), lines), MODEL, tmp_path, 2001)
    assert (found.train + found.validation, found.replay) == (9, 10)
    for number in range(10):
        (lines / f"x{number}.png").unlink()
    with pytest.raises(LabelError, match=r"no usable crop.*missing.*--replay"):
        prepare(Crops(tmp_path / TRAIN, replay=lines), MODEL, tmp_path, 2001)


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
