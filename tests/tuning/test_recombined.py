"""Codes out of the user's characters: which crops are believed, and that the folder appears whole or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from siga_ocr.charset import Charset
from siga_ocr.data.label_images import read_image
from siga_ocr.data.labels import LabelRules, read_labels
from siga_ocr.errors import DiskError
from siga_ocr.reading import CharReading, Reading
from siga_ocr.tuning import recombined
from siga_ocr.tuning.recombined import EACH, FOLDER, MOST, TABLE, Recombined, Wanted, recombine

RULES = LabelRules(charset=Charset("0123456789"), max_length=10)
CELL = 24


class Seeing:
    """Reads crops as `says` tells by file name, each character in its cell."""

    def __init__(self, says: dict[str, str]) -> None:
        self._says = says

    def read(self, sources: Iterable[object]) -> Iterator[Reading]:
        for source in sources:
            text = self._says[Path(str(source)).stem]
            characters = tuple(CharReading(one, 0.9, place * CELL + 5.0, place * CELL + 20.0) for place, one in enumerate(text))
            yield Reading(str(source), "ok", text, 0.9, characters)


def table(folder: Path, texts: list[str]) -> Path:
    """A crop of each text, named by it."""
    for text in texts:
        image = np.full((60, CELL * len(text) + 8, 3), 220, np.uint8)
        for place, character in enumerate(text):
            cv2.putText(image, character, (4 + place * CELL, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
        cv2.imwrite(str(folder / f"{text}.png"), image)
    path = folder / "train.csv"
    path.write_text("file,text\n" + "".join(f"{text}.png,{text}\n" for text in texts))
    return path


TEXTS = ["80274", "61953", "20486", "73519", "44806"]


def made(tmp_path: Path, says: dict[str, str]) -> Recombined:
    return recombine(table(tmp_path, TEXTS), Wanted(tmp_path / FOLDER, MOST, 1), Seeing(says), RULES)  # type: ignore[arg-type]


def test_new_codes_lie_in_the_run_folder_as_labelled_crops(tmp_path: Path) -> None:
    assert made(tmp_path, {text: text for text in TEXTS}) == Recombined(EACH * len(TEXTS), len(TEXTS))
    labels = read_labels(tmp_path / FOLDER / TABLE, RULES)
    assert len(labels.samples) == EACH * len(TEXTS)
    assert not labels.dropped
    assert {one.text for one in labels.samples} - set(TEXTS)
    assert all(read_image(one.path).image.shape[0] == 60 for one in labels.samples)


def test_a_crop_that_is_read_otherwise_is_cut_only_if_most_of_it_is_right(tmp_path: Path) -> None:
    says = {text: text for text in TEXTS} | {"80274": "8027", "61953": "61963", "20486": "97586"}
    assert made(tmp_path, says).lines == 3


def test_nothing_appears_where_too_little_can_be_cut(tmp_path: Path) -> None:
    assert made(tmp_path, dict.fromkeys(TEXTS, "1")).count == 0
    assert not (tmp_path / FOLDER).exists()


def test_of_very_many_crops_some_are_drawn_and_the_same_ones_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recombined, "MOST_CUT", 4)
    assert made(tmp_path, {text: text for text in TEXTS}).lines == 4


def test_a_high_crop_is_reduced_before_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recombined, "HIGHEST", 40)
    assert made(tmp_path, {text: text for text in TEXTS}).count == EACH * len(TEXTS)
    images = [read_image(one.path).image for one in read_labels(tmp_path / FOLDER / TABLE, RULES).samples]
    assert {image.shape[0] for image in images} == {40}
    assert min(image.shape[1] for image in images) >= 8


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "mine.txt").write_text("kept")
    with pytest.raises(DiskError, match="not empty"):
        made(tmp_path, {text: text for text in TEXTS})
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["mine.txt"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recombined, "write_tables", full)
    with pytest.raises(DiskError, match="No space left"):
        made(tmp_path, {text: text for text in TEXTS})
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
