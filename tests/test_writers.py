"""Rules of the records: what goes in comes out, byte for byte."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError
from siga_ocr.reading import Alternative, CharReading, Provenance, Reading
from siga_ocr.record import COLUMNS, FIELDS
from siga_ocr.writers import Format, make_writer

NASTY = 'a "b",\n\tc\udcff.png'
RUN = Provenance("code-small", "0.1", "ab" * 32, "onnx", "cpu", "float32", "0.1.0")
A = CharReading("A", 0.9, 1.0, 2.5, (Alternative("4", 0.05),))
READINGS = (
    Reading(
        "a.png",
        "ok",
        "A,1",
        0.5,
        (A, CharReading(",", 0.6, 3, 4), CharReading("1", 0.99, 5, 6)),
        width=90,
        height=30,
        elapsed_ms=1.23456,
        read_at="2026-01-02T03:04:05.678Z",
        image_sha256="cd" * 32,
    ),
    Reading(NASTY, "review", "", 0.25),
    Reading("c\\t\r.png", "error", error="no such file or folder"),
)


def written(form: Format) -> str:
    stream = io.StringIO()
    writer = make_writer(form, stream, RUN)
    for reading in READINGS:
        writer.write(reading)
    return stream.getvalue()


FIRST_COLUMNS = ["file", "status", "text", "confidence", "min_character_confidence", "error"]


def test_csv_survives_a_round_trip_and_keeps_its_first_columns() -> None:
    rows = list(csv.DictReader(io.StringIO(written(Format.CSV), newline="")))
    assert list(rows[0])[:6] == FIRST_COLUMNS
    assert list(rows[0]) == list(COLUMNS)
    assert [row["file"] for row in rows] == [reading.file for reading in READINGS]
    assert list(rows[0].values())[:9] == ["a.png", "ok", "A,1", "0.5", "0.6", "", "1", "90", "30"]
    assert (rows[0]["weights_sha256"], rows[0]["elapsed_ms"], rows[0]["raw_text"]) == ("ab" * 32, "1.235", "")
    assert list(rows[2].values())[1:6] == ["error", "", "", "", "no such file or folder"]


def test_tsv_is_one_line_a_row_and_its_escapes_can_be_undone() -> None:
    lines = [line.split("\t") for line in written(Format.TSV).split("\n")[:-1]]
    assert {len(cells) for cells in lines} == {len(COLUMNS)}
    assert lines[0] == list(COLUMNS)
    assert lines[2][0] == 'a "b",\\n\\tc\udcff.png'
    assert lines[3][0] == "c\\\\t\\r.png"


def test_json_lines_are_ascii_and_hold_every_field_whatever_happened() -> None:
    lines = written(Format.JSONL).splitlines()
    assert all(line.isascii() for line in lines)
    records = [json.loads(line) for line in lines]
    assert [record["file"] for record in records] == [reading.file for reading in READINGS]
    assert all(list(record) == [field.name for field in FIELDS] for record in records)
    assert records[0]["characters"][0] == {
        "character": "A",
        "confidence": 0.9,
        "x0": 1.0,
        "x1": 2.5,
        "alternatives": [{"character": "4", "confidence": 0.05}],
    }
    assert [record["status"] for record in records] == ["ok", "review", "error"]
    assert [record["confidence"] for record in records] == [0.5, 0.25, None]
    assert (records[2]["width"], records[2]["text"], records[2]["device"], records[2]["image_sha256"]) == (None, "", "cpu", None)
    for reserved in ("raw_text", "constraint_cost", "n_best", "search"):
        assert {record[reserved] for record in records} == {None}
    assert [record["orientation"] for record in records] == [0, 0, None]


TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "integer": (int,), "list": (list,), "null": (type(None),)}


def test_the_fields_are_documented_as_they_are() -> None:
    page = (Path(__file__).parent.parent / "docs" / "read.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| (.*) \|$", page, flags=re.MULTILINE)
    assert rows == [(field.name, field.kind, field.meaning) for field in FIELDS]
    for record in map(json.loads, written(Format.JSONL).splitlines()):
        for field in FIELDS:
            kinds = tuple(kind for word in field.kind.split(" or ") for kind in TYPES[word])
            assert isinstance(record[field.name], kinds), field


def test_text_is_the_reading_alone() -> None:
    assert written(Format.TEXT) == "A,1\n\n\n"


def test_table_is_one_line_and_three_cells_a_reading() -> None:
    lines = [line.split("\t") for line in written(Format.TABLE).splitlines()]
    assert [len(cells) for cells in lines] == [3, 3, 3]
    assert lines[0] == ["a.png", "A,1", "0.5000"]
    assert lines[1][0] == 'a "b",\\x0a\\x09c\udcff.png'
    assert lines[1][2] == "0.2500 review"
    assert lines[2] == ["c\\t\\x0d.png", "", "error: no such file or folder"]


class Recorder(io.StringIO):
    """Remembers what had been written at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


@pytest.mark.parametrize("form", list(Format))
def test_every_record_is_flushed_whole(form: Format) -> None:
    stream = Recorder()
    writer = make_writer(form, stream, RUN)
    for reading in READINGS:
        writer.write(reading)
        assert stream.flushed[-1] == stream.getvalue()
        assert stream.getvalue().endswith("\n")
    assert len(stream.flushed) == len(READINGS)


class Full(io.StringIO):
    """A disk without space."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


class Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_full_disk_is_said_and_a_broken_pipe_passed_on() -> None:
    with pytest.raises(DiskError, match="No space left"):
        make_writer(Format.TEXT, Full(), RUN).write(READINGS[0])
    with pytest.raises(BrokenPipeError):
        make_writer(Format.TEXT, Gone(), RUN).write(READINGS[0])
