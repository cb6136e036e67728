"""Rules of the records: what goes in comes out, byte for byte."""

import csv
import io
import json
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError
from siga_ocr.reading import CharReading, Reading
from siga_ocr.writers import Format, make_writer, replacing

NASTY = 'a "b",\n\tc\udcff.png'
READINGS = (
    Reading("a.png", "ok", "A,1", 0.5, (CharReading("A", 0.9, 1.0, 2.5), CharReading(",", 0.6, 3, 4), CharReading("1", 0.99, 5, 6))),
    Reading(NASTY, "ok", "", 0.25),
    Reading("c.png", "error", error="no such file or folder"),
)


def written(form: Format) -> str:
    stream = io.StringIO()
    writer = make_writer(form, stream)
    for reading in READINGS:
        writer.write(reading)
    return stream.getvalue()


def test_csv_has_exactly_these_columns_and_survives_a_round_trip() -> None:
    rows = list(csv.DictReader(io.StringIO(written(Format.CSV))))
    assert list(rows[0]) == ["file", "status", "text", "confidence", "min_character_confidence", "error"]
    assert [row["file"] for row in rows] == [reading.file for reading in READINGS]
    assert list(rows[0].values()) == ["a.png", "ok", "A,1", "0.5", "0.6", ""]
    assert list(rows[2].values()) == ["c.png", "error", "", "", "", "no such file or folder"]


def test_json_lines_are_ascii_and_name_the_characters() -> None:
    lines = written(Format.JSONL).splitlines()
    assert all(line.isascii() for line in lines)
    records = [json.loads(line) for line in lines]
    assert [record["file"] for record in records] == [reading.file for reading in READINGS]
    assert list(records[0])[:6] == ["file", "status", "text", "confidence", "min_character_confidence", "error"]
    assert records[0]["characters"][0] == {"character": "A", "confidence": 0.9, "x0": 1.0, "x1": 2.5}
    assert records[2]["confidence"] is None


def test_text_is_the_reading_alone() -> None:
    assert written(Format.TEXT) == "A,1\n\n\n"


def test_table_is_one_line_and_three_cells_a_reading() -> None:
    lines = [line.split("\t") for line in written(Format.TABLE).splitlines()]
    assert [len(cells) for cells in lines] == [3, 3, 3]
    assert lines[0] == ["a.png", "A,1", "0.5000"]
    assert lines[1][0] == 'a "b",\\x0a\\x09c\udcff.png'
    assert lines[2] == ["c.png", "", "error: no such file or folder"]


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
    writer = make_writer(form, stream)
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
        make_writer(Format.TEXT, Full()).write(READINGS[0])
    with pytest.raises(BrokenPipeError):
        make_writer(Format.TEXT, Gone()).write(READINGS[0])


def test_the_file_appears_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with replacing(target) as stream:
        stream.write("new\n" + NASTY)
        assert target.read_text() == "old"
    assert target.read_bytes() == b"new\n" + NASTY.encode(errors="surrogateescape")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_an_interrupted_result_stays_beside_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def interrupted() -> None:
        with replacing(target) as stream:
            stream.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert (tmp_path / "out.csv.partial").read_text() == "half"


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    device = tmp_path / "null"
    device.symlink_to("/dev/null")
    with replacing(device) as stream:
        stream.write("gone")
    assert device.is_symlink()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="cannot be written"), replacing(tmp_path / "absent" / "out.csv"):
        pass
