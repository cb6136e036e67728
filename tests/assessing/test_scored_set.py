"""Which rows count."""

from pathlib import Path

import pytest

from siga_ocr.assessing.scored_set import Rows, scored_set
from siga_ocr.data.labels import part_of
from siga_ocr.errors import NoInputError


def table(folder: Path, *texts: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("file,text\n" + "".join(f"{number}.png,{text}\n" for number, text in enumerate(texts)), encoding="utf-8")
    return path


def test_rows_count_whatever_the_model_knows_and_whether_the_image_is_there(tmp_path: Path) -> None:
    found = scored_set([table(tmp_path, "A 1", "Ä" * 300, "", " ")], Rows())
    assert [sample.text for sample in found.samples] == ["A1", "Ä" * 300]
    assert found.blank == 2
    assert found.samples[0].path == tmp_path / "0.png"


def test_blank_rows_count_where_it_is_asked_for(tmp_path: Path) -> None:
    found = scored_set([table(tmp_path, "A1", "")], Rows(allow_blank=True))
    assert [sample.text for sample in found.samples] == ["A1", ""]
    assert found.blank == 0


def test_parts_share_no_row_and_make_up_the_whole(tmp_path: Path) -> None:
    path = table(tmp_path, *(f"T{number}" for number in range(40)))
    one, other = (scored_set([path], Rows(part=part)).samples for part in ("A", "B"))
    assert {part_of(sample.text) for sample in one} == {"A"}
    assert len(one) + len(other) == 40


def test_turned_rows_can_be_left_out_and_sets_joined(tmp_path: Path) -> None:
    path = table(tmp_path, "A1", "B2")
    (tmp_path / "orientation.csv").write_text("file,turned\n1.png,180\n")
    found = scored_set([path, path], Rows(upright=True))
    assert found.sizes == ((path, 1), (path, 1))
    assert [sample.text for sample in found.samples] == ["A1", "A1"]


def test_no_row_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="no row"):
        scored_set([table(tmp_path, "")], Rows())
