"""Rules of a folder of part files."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.reading import Alternative, Candidate, CharReading, Found, Provenance, Reading
from siga_ocr.record import FIELDS, Value, record
from siga_ocr.scale.parts import COMPLETE, PartFolder, PartFormat
from siga_ocr.store.weights import DEFAULT

PROVENANCE = Provenance(DEFAULT, weights_sha256="ab" * 32)
FORMATS = pytest.mark.parametrize("form", list(PartFormat))


def readable(name: str) -> Reading:
    """A reading in which every field holds something."""
    characters = (CharReading("A", 0.5, 1.25, 2.5, (Alternative("4", 0.25),)), CharReading("B", 0.75, 3.0, 4.0))
    found = Found("exact", "AB", 0.125, 1.5, (Candidate("AB", 0.375),))
    return Reading(name, "review", "AB", 0.375, characters, 90, 30, 1.5, "2026-01-01T00:00:00.000+00:00", "cd" * 32, reason="why", found=found)


def unreadable(name: str) -> Reading:
    return Reading(name, "error", error=f"There is no file {name!r}.")


def recorded(*readings: Reading) -> list[dict[str, Value]]:
    return [record(reading, PROVENANCE) for reading in readings]


def folder(path: Path, form: PartFormat) -> PartFolder:
    """One that is there, without parts."""
    parts = PartFolder(path / "out", form)
    parts.path.mkdir()
    return parts


@FORMATS
def test_what_was_written_is_known_again(tmp_path: Path, form: PartFormat) -> None:
    parts = folder(tmp_path, form)
    parts.write(0, recorded(readable("a.png"), unreadable("b.png")))
    parts.write(7, recorded(readable("c.png")))
    found = parts.written()
    assert found.numbers == {0, 7}
    assert found.names == Counter(["a.png", "b.png", "c.png"])
    named = ["c.png", "c.png", "d.png", "a.png", "c.png"]
    assert list(found.left(zip(named, named, strict=True))) == ["c.png", "d.png", "c.png"]
    assert list(found.left([("c.png", "c.png")])) == []
    assert found.statuses == {"review": 2, "error": 1}
    found.check_weights(parts.path, "ab" * 32)
    with pytest.raises(UsageError, match="other weights"):
        found.check_weights(parts.path, "cd" * 32)


def test_parquet_holds_what_a_record_holds_with_one_schema_for_all_parts(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    parts = folder(tmp_path, PartFormat.PARQUET)
    full, empty = recorded(readable("a.png")), recorded(unreadable("b.png"))
    parts.write(0, full)
    parts.write(1, empty)
    assert parquet.read_table(parts.part(0)).to_pylist() == full
    assert parquet.read_table(parts.part(1)).to_pylist() == empty
    assert parquet.read_schema(parts.part(0)) == parquet.read_schema(parts.part(1))
    assert parquet.read_schema(parts.part(0)).names == [field.name for field in FIELDS]


@FORMATS
def test_a_name_that_is_no_utf8_is_known_again(tmp_path: Path, form: PartFormat) -> None:
    parts = folder(tmp_path, form)
    parts.write(0, recorded(unreadable("\udc80.png")))
    assert parts.written().names == Counter([parts.name("\udc80.png")])


def test_json_lines_are_those_of_the_plain_command(tmp_path: Path) -> None:
    parts = folder(tmp_path, PartFormat.JSONL)
    records = recorded(readable("a.png"), unreadable("\udc80.png"))
    parts.write(0, records)
    lines = parts.part(0).read_bytes()
    assert lines.isascii()
    assert [json.loads(line) for line in lines.splitlines()] == records


@FORMATS
def test_a_part_is_whole_or_not_there(tmp_path: Path, form: PartFormat) -> None:
    parts = folder(tmp_path, form)
    with pytest.raises((TypeError, ValueError)):
        parts.write(0, [*recorded(readable("a.png")), {"file": object()}])  # type: ignore[dict-item]
    assert not list(parts.path.iterdir())


@FORMATS
def test_something_else_in_a_part_is_said(tmp_path: Path, form: PartFormat) -> None:
    parts = folder(tmp_path, form)
    parts.part(3).write_text("no record\n")
    with pytest.raises(UsageError, match="part-000003"):
        parts.written()


def test_the_folder_is_made_and_cleared_of_what_killed_runs_left(tmp_path: Path) -> None:
    parts = PartFolder(tmp_path / "out", PartFormat.JSONL)
    parts.check(force=False, resume=True)
    assert not parts.path.exists()
    with parts.opened(force=False):
        parts.write(0, recorded(readable("a.png")))
        parts.tries(1).write_text("begun\n")
        (parts.path / f".{parts.part(1).name}.77.partial").write_text("half")
        parts.finish()
    visible = {parts.part(0).name, COMPLETE}
    assert {path.name for path in parts.path.iterdir()} - {".lock"} == visible
    with parts.opened(force=False):
        assert not (parts.path / COMPLETE).exists(), "it is not complete while a run adds to it"
    with parts.opened(force=True):
        assert not parts.part(0).exists()


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    parts = PartFolder(tmp_path / "out", PartFormat.JSONL)
    with parts.opened(force=False), pytest.raises(UsageError, match="Another run works in"), parts.opened(force=False):
        pass
    with parts.opened(force=False):
        pass


def _file(path: Path) -> None:
    path.write_text("")


def _with_part(path: Path) -> None:
    path.mkdir()
    (path / "part-000000.jsonl").write_text("")


def _with_other(path: Path) -> None:
    path.mkdir()
    (path / "photo.png").write_text("")


@pytest.mark.parametrize(
    ("make", "force", "resume", "word"),
    [
        (_file, False, False, "is a file"),
        (_with_part, False, False, "--resume"),
        (_with_part, False, True, "no parquet"),
        (_with_other, False, False, "photo.png"),
        (_with_other, True, False, "photo.png"),
    ],
)
def test_no_result_is_destroyed(tmp_path: Path, make: Callable[[Path], None], force: bool, resume: bool, word: str) -> None:
    make(tmp_path / "out")
    with pytest.raises(UsageError, match=word):
        PartFolder(tmp_path / "out", PartFormat.PARQUET).check(force, resume)


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "out", tmp_path / ("a" * 300)):
        with pytest.raises(DiskError, match="Name another folder"):
            PartFolder(path, PartFormat.JSONL).check(force=False, resume=False)
