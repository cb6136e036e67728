"""The door for labels: tables in any encoding and damaged stores become rows or an error that names them; what was read can be written again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import lmdb
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.data import label_images
from siga_ocr.data.image_facts import scan
from siga_ocr.data.label_check import check
from siga_ocr.data.label_output import label_table, write_tables
from siga_ocr.data.label_rows import LabelSource, Row, read_rows
from siga_ocr.data.labels import LabelRules, read_labels
from siga_ocr.errors import LabelError
from tests.doors.edits import edited
from tests.doors.trial import outcome, try_door, watched, within

RULES = LabelRules(charset=Charset(PRINTABLE), max_length=20)
PAGE = 4096
MEMORY = 2**31

TABLES = (
    b'file,text\na.png,AB-12\nb.png,"C,""D"\n../up.png,E\n/etc/passwd,F\n',
    b'\xef\xbb\xbfsep=;\r\nimage;label;lot\r\na.png;AB;7\r\n"b\nc.png";CD;8\r\n',
    "file\ttext\na.png\tÄΩ中\n".encode("utf-16"),
    b"a.png\tAB 12\nsub\\b.png\tCD\n\n",
    b'{"file": "a.png", "text": "AB", "boxes": [[1, 2], {"x": null}]}\n{"file": "b\\u0001.png", "text": "\\ud83d\\ude00"}\n',
    b"filename,transcription\na.png,=cmd|' /C calc'!A1\n<script>.png,\x1b[2J\n",
)
CELLS = st.one_of(
    st.text(max_size=8), st.sampled_from(("../x.png", "/a.png", "a.png", "a" * 300, "\\" * 9 + "a" * 300, "image-000000001", "x/" * 2100, "\0"))
)
KNOWN = (
    b'{"file": "b\\u0000.png", "text": "A"}',
    b'{"a":' * 20_000,
    b'{"file": "a.png", "text": "\\ud800"}',
    b'{"file": "a.png", "text": "A", "b": ' + b"[" * 700 + b"]" * 700 + b"}",
    b'{"file": 1' + b"0" * 5000 + b', "text": "A"}',
    b"file,text\n" + b"a" * 200_000 + b",b\n",
    b'"file","text\na,b\n',
    b"file,text\n" + b"\\" + b"a" * 300 + b",b\n",
    b"sep=,\n",
    b"file,text\ra.png,b\r",
)
"""What went wrong once, or nearly."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with one picture, in bounds."""
    place = tmp_path / "set"
    place.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)).save(place / "a.png")
    with watched(tmp_path), within(MEMORY):
        yield place


def rows_of(source: LabelSource) -> list[Row]:
    return list(read_rows(source))


def holds_for_tables(folder: Path, content: bytes, encoding: str) -> None:
    """Rows or an error that names the table; a check of them comes to its end; what it keeps is read back as it is."""
    table = folder / "labels.csv"
    table.write_bytes(content)
    rows = outcome(lambda: rows_of(LabelSource(table, encoding=encoding)), str(table) if encoding in ("", "utf-8") else "")
    if rows is None:
        return
    labels = read_labels(table, RULES) if not encoding else None
    assert labels is None or len(labels.samples) + len(labels.dropped) == len(rows)
    report = check(rows, RULES, scan([row.path for row in rows], 1))
    assert len(report.kept) + len(report.dropped) == len(rows)
    write_tables({folder / "kept.csv": label_table(rows, folder / "kept.csv")})
    if rows:
        again = rows_of(LabelSource(folder / "kept.csv"))
        assert [row.text for row in again] == [row.text for row in rows]


def test_tables_are_read_or_refused_by_name(folder: Path) -> None:
    made = st.lists(st.tuples(CELLS, CELLS), max_size=4).map(lambda rows: "".join(f"{a},{b}\n" for a, b in [("file", "text"), *rows]))
    contents = st.one_of(edited(TABLES), st.binary(max_size=60), made.map(lambda text: text.encode("utf-8", "replace")))
    encodings = st.sampled_from(("", "", "", "cp1252", "utf-16-le", "utf-7", "idna", "punycode", "rot13", "unicode_escape", "no such", "a\0b"))
    known = [*((content, "") for content in (*KNOWN, *TABLES)), (b"a.png\t\\ ", "unicode_escape")]
    try_door(st.tuples(contents, encodings), lambda one: holds_for_tables(folder, *one), 250, known)


def test_a_pipe_in_the_place_of_a_table_is_not_waited_for(folder: Path) -> None:
    import os

    os.mkfifo(folder / "labels.csv")
    with pytest.raises(LabelError, match="no regular file"):
        rows_of(LabelSource(folder))


def test_expressions_for_names_are_used_or_refused(folder: Path) -> None:
    pieces = st.lists(
        st.sampled_from(("(?P<text>", "(", ")", ".*", "a{", "9" * 30, "}", "[", "]", "\\", "+", "?", "(?P<text>.+)", "(?i", "\0")), max_size=8
    )
    known = ["(?P<text>a{9999999999999999999999})", "(" * 5000, "(?P<text>.+)", "[["]
    try_door(pieces.map("".join), lambda names: outcome(lambda: rows_of(LabelSource(folder, names=names)) if names else None), 60, known)


def store(place: Path) -> bytes:
    """An LMDB of thirty crops with values of all sizes."""
    draw = np.random.default_rng(0)
    with lmdb.open(str(place), map_size=2**20) as opened, opened.begin(write=True) as transaction:
        transaction.put(b"num-samples", b"30")
        for number in range(1, 31):
            transaction.put(b"label-%09d" % number, b"AB%d" % number)
            transaction.put(b"image-%09d" % number, draw.bytes((40, 900, 9000)[number % 3]))
    return (place / "data.mdb").read_bytes()


def holds_for_stores(folder: Path, content: bytes) -> None:
    """Rows or an error that names the store; each image is opened or refused."""
    (folder / "data.mdb").write_bytes(content)
    label_images._opened.cache_clear()
    rows = outcome(lambda: rows_of(LabelSource(folder)), str(folder))
    if rows is None:
        return
    assert len(rows) <= len(content)
    for row, found in zip(rows, scan([row.path for row in rows], 1), strict=True):
        assert isinstance(row.text, str)
        assert isinstance(found, str)
        assert found


def test_stores_that_are_cut_short_or_damaged_are_read_or_refused_by_name(tmp_path: Path, folder: Path) -> None:
    whole = store(tmp_path / "whole")
    shutil.rmtree(tmp_path / "whole")
    trees = [place for place in range(0, len(whole), PAGE) if whole[place + 10 : place + 12] in (b"\1\0", b"\2\0", b"\x08\0")]
    huge = whole.replace(b"30", b"99999999999999999", 1)
    try_door(edited([whole], trees), lambda content: holds_for_stores(folder, content), 150, [whole, whole[:PAGE], whole[:-PAGE], huge])
    (folder / "data.mdb").write_bytes(whole)
    label_images._opened.cache_clear()
    assert [row.text for row in rows_of(LabelSource(folder))] == [f"AB{number}" for number in range(1, 31)]
