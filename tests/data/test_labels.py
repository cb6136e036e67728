"""Tables of labelled crops: what is used, what is dropped and why, and which part a text belongs to."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from siga_ocr.charset import Charset
from siga_ocr.data.labels import LabelRules, part_of, read_labels
from siga_ocr.errors import LabelError

RULES = LabelRules(charset=Charset("AB12"), max_length=3)


def folder(path: Path, rows: list[str], files: int) -> Path:
    (path / "labels.csv").write_text("file,text\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    for number in range(files):
        (path / f"{number}.png").write_bytes(b"not opened here")
    return path


def test_each_row_is_used_or_dropped_with_a_reason(tmp_path: Path) -> None:
    rows = ["0.png,A1", "1.png,", "2.png,AZ", "3.png,AB12", "9.png,A", '4.png,"A B"']
    labels = read_labels(folder(tmp_path, rows, 5), RULES)
    assert [(sample.path.name, sample.text, sample.line) for sample in labels.samples] == [("0.png", "A1", 2), ("4.png", "AB", 7)]
    assert [(row.line, row.file) for row in labels.dropped] == [(3, "1.png"), (4, "2.png"), (5, "3.png"), (6, "9.png")]
    for row, word in zip(labels.dropped, ("empty", "'Z'", "4 characters", "no such file"), strict=True):
        assert word in row.reason
    assert labels.blanks_removed == 1


def test_empty_texts_are_kept_where_they_are_wanted(tmp_path: Path) -> None:
    path = folder(tmp_path, ["0.png,", "1.png,A"], 2)
    assert [s.text for s in read_labels(path, replace(RULES, allow_blank=True)).samples] == ["", "A"]


def test_the_table_itself_may_be_named(tmp_path: Path) -> None:
    path = folder(tmp_path, ["0.png,A"], 1)
    assert read_labels(path / "labels.csv", RULES) == read_labels(path, RULES)


def test_parts_split_by_the_hash_of_the_text_and_cover_everything(tmp_path: Path) -> None:
    texts = [a + b + c for a in "AB12" for b in "AB12" for c in "AB12"]
    path = folder(tmp_path, [f"{n}.png,{text}" for n, text in enumerate(texts)], len(texts))
    part_a, part_b = ({s.text for s in read_labels(path, replace(RULES, part=part)).samples} for part in ("A", "B"))
    assert part_a | part_b == set(texts)
    assert not part_a & part_b
    assert part_b == {text for text in texts if hashlib.sha256(text.encode()).digest()[0] < 85}
    assert all(part_of(text) == "B" for text in part_b)


def test_turned_rows_are_left_out_where_upright_ones_are_wanted(tmp_path: Path) -> None:
    path = folder(tmp_path, ["0.png,A", "1.png,B"], 2)
    (path / "orientation.csv").write_text("file,turned\n0.png,0\n1.png,180\n")
    assert [s.text for s in read_labels(path, replace(RULES, upright=True)).samples] == ["A"]
    assert [s.text for s in read_labels(path, RULES).samples] == ["A", "B"]


@pytest.mark.parametrize("content", ["name,text\n0.png,A\n", "file,text\n0.png\n", "file,text\n\xff".encode("latin-1").decode("latin-1")])
def test_a_table_that_cannot_be_read_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "labels.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(LabelError):
        read_labels(tmp_path, RULES)


def test_a_missing_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"labels\.csv"):
        read_labels(tmp_path, RULES)
