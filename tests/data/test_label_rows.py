"""Every kind of label file gives the same rows; what cannot be understood is said, with the file and the line."""

from pathlib import Path

import lmdb
import numpy as np
import pytest
from PIL import Image

from siga_ocr.charset import Charset
from siga_ocr.data.label_images import image_exists, image_source, read_image
from siga_ocr.data.label_rows import LabelSource, read_rows
from siga_ocr.data.labels import LabelRules, read_labels
from siga_ocr.errors import LabelError, UnreadableImage, UsageError

WANTED = [("img/a.png", "A1"), ("img/b.png", "0,5")]


def rows(path: Path, names: str = "", encoding: str = "") -> list[tuple[str, str]]:
    return [(row.file, row.text) for row in read_rows(LabelSource(path, names, encoding))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.csv", b'file,text\nimg/a.png,A1\nimg/b.png,"0,5"\n'),
        ("labels.csv", b'\xef\xbb\xbfFile;Text\r\nimg/a.png;A1\r\nimg/b.png;"0,5"\r\n'),
        ("labels.csv", b"sep=;\r\nfile;text\r\nimg/a.png;A1\r\nimg/b.png;0,5\r\n\r\n;\r\n"),
        ("labels.csv", b'Text,Machine,FILENAME\nA1,m1,img/a.png\n"0,5",m2,img/b.png\n'),
        ("labels.txt", "file\ttext\nimg/a.png\tA1\nimg/b.png\t0,5\n".encode("utf-16")),
        ("labels.tsv", b"file\ttext\nimg/a.png\tA1\nimg/b.png\t0,5\n"),
        ("labels.txt", b"img/a.png\tA1\r\nimg/b.png\t0,5\r\n\r\n"),
        ("labels.jsonl", b'{"file": "img/a.png", "text": "A1"}\n\n{"text": "0,5", "file": "img/b.png"}\n'),
        ("metadata.jsonl", b'{"file_name": "img/a.png", "text": "A1"}\n{"file_name": "img/b.png", "text": "0,5"}'),
    ],
)
def test_every_kind_of_table_gives_the_same_rows(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert rows(tmp_path / name) == WANTED
    assert rows(tmp_path) == WANTED


def test_lines_are_those_of_the_file_and_other_columns_stay(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text('sep=,\nfile,text,Machine\n\na.png,"A\n1",m1\nb.png,B,m2\n')
    found = list(read_rows(LabelSource(tmp_path)))
    assert [row.line for row in found] == [5, 6]
    assert [row.extra for row in found] == [(("Machine", "m1"),), (("Machine", "m2"),)]


def test_quotes_are_plain_characters_in_lines_of_path_and_text(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text('a.png\t"1/2"\nb.png\t1/2"\n')
    assert [text for _, text in rows(tmp_path)] == ['"1/2"', '1/2"']


def test_a_code_page_is_read_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file;text\nM\xfcller.png;A1\n".encode("cp1252"))
    with pytest.raises(LabelError, match=r"0xfc in line 2.*cp1252"):
        rows(tmp_path)
    assert rows(tmp_path, encoding="cp1252") == [("M\xfcller.png", "A1")]
    with pytest.raises(LabelError, match="no encoding"):
        rows(tmp_path, encoding="windows-9")


def test_utf_16_without_its_mark_is_told(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file,text\na.png,A1\n".encode("utf-16-le"))
    with pytest.raises(LabelError, match="UTF-16"):
        rows(tmp_path)
    assert rows(tmp_path, encoding="utf-16-le") == [("a.png", "A1")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("labels.csv", "a.png,A1\nb.png,B2\n", "lacks the column"),
        ("labels.csv", "file,words\na.png,A1\n", "'text'"),
        ("labels.csv", "", "empty"),
        ("labels.csv", 'file,text\na.png,"A1\n', "cannot be read as a table"),
        ("labels.csv", "file,text\na.png,A\nb.png\n", "line 3"),
        ("labels.csv", "file,text\na.png,12\nb.png,12,5\n", "line 3 has more cells than the header: put the text in quotes"),
        ("labels.csv", "text,file\nA,a.png\n12,5,a.png\n", "line 3 has more cells"),
        ("labels.txt", "a.png\tA1\nb.png\n", "line 2"),
        ("labels.txt", "a.png\tA1\nb.png\t12\t5\n", "line 2 has more cells"),
        ("labels.jsonl", '{"file": "a.png", "text": 12}\n', "line 1.*zeros"),
        ("labels.jsonl", '{"file": "a.png", "text": "1"}\n{"file"\n', "line 2"),
    ],
)
def test_what_cannot_be_understood_is_told(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(LabelError, match=said):
        rows(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "table"), [("labels.csv", 'file,text\nimg/a.png,A1,\nimg/b.png,"0,5", ,\n'), ("labels.txt", "img/a.png\tA1\t\nimg/b.png\t0,5\t \t\n")]
)
def test_empty_cells_behind_the_others_are_none(tmp_path: Path, name: str, table: str) -> None:
    (tmp_path / name).write_text(table)
    assert rows(tmp_path) == WANTED


@pytest.mark.parametrize("head", [b"PK\x03\x04\x14\x00\x06\x00\x08\xff", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_called_one(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "labels.xlsx").write_bytes(head)
    for encoding in ("", "cp1252"):
        with pytest.raises(LabelError, match=r"workbook.*save it as CSV UTF-8"):
            rows(tmp_path / "labels.xlsx", encoding=encoding)


def test_images_are_found_behind_backslashes_and_by_whole_paths(tmp_path: Path) -> None:
    image = tmp_path / "img" / "a.png"
    image.parent.mkdir()
    Image.new("RGB", (20, 10)).save(image)
    (tmp_path / "labels.csv").write_text(f"file,text\nimg\\a.png,A\n{image},A\nimg/a.png,A\n")
    assert {row.path for row in read_rows(LabelSource(tmp_path))} == {image}


def test_texts_can_stand_in_the_names_of_the_images(tmp_path: Path) -> None:
    for name in ("L1/A12_001.png", "L1/A12_002.png", "L2/-X1:3_9.PNG", "notes_1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"not opened here")
    assert rows(tmp_path, r"(?P<text>.+)_\d+") == [("L1/A12_001.png", "A12"), ("L1/A12_002.png", "A12"), ("L2/-X1:3_9.PNG", "-X1:3")]
    assert rows(tmp_path, r"(?P<text>A.+)_\d+")[2] == ("L2/-X1:3_9.PNG", "")
    for wrong in (r"(.+)_\d+", r"(?P<text>.+_\d+"):
        with pytest.raises(UsageError):
            rows(tmp_path, wrong)


def store(path: Path, count: int) -> Path:
    with lmdb.open(str(path), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(count).encode())
        for number, text in enumerate(("A1", "B2"), start=1):
            image = path.parent / "made.png"
            Image.fromarray(np.full((10, 20, 3), 50 * number, dtype=np.uint8)).save(image)
            transaction.put(f"image-{number:09d}".encode(), image.read_bytes())
            transaction.put(f"label-{number:09d}".encode(), text.encode())
    return path


def test_a_store_of_crops_is_read_like_a_folder(tmp_path: Path) -> None:
    found = list(read_rows(LabelSource(store(tmp_path / "set_lmdb", 3))))
    assert [(row.line, row.file, row.text) for row in found] == [
        (1, "image-000000001", "A1"),
        (2, "image-000000002", "B2"),
        (3, "image-000000003", ""),
    ]
    assert [image_exists(row.path) for row in found] == [True, True, False]
    assert read_image(found[1].path).image[0, 0].tolist() == [100, 100, 100]
    assert isinstance(image_source(found[0].path), bytes)
    with pytest.raises(UnreadableImage):
        read_image(found[2].path)
    labels = read_labels(tmp_path / "set_lmdb", LabelRules(charset=Charset("AB12"), max_length=3))
    assert [sample.text for sample in labels.samples] == ["A1", "B2"]


def test_a_table_can_name_what_lies_in_a_store(tmp_path: Path) -> None:
    store(tmp_path / "set_lmdb", 2)
    (tmp_path / "labels.csv").write_text("file,text\nset_lmdb/image-000000002,B2\n")
    (row,) = read_rows(LabelSource(tmp_path))
    assert read_image(row.path).image[0, 0].tolist() == [100, 100, 100]


def test_another_store_is_told(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path / "other"), map_size=2**20) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"key", b"value")
    with pytest.raises(LabelError, match="num-samples"):
        rows(tmp_path / "other")
