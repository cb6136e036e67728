"""Rules of a journal: it knows its records across any end of the program, and touches nobody else's lines."""

import json
from pathlib import Path

import pytest

from siga_ocr.errors import UsageError
from siga_ocr.journal import Identity, Journal
from siga_ocr.reading import Provenance, Reading

SOME = Identity("in/\udce4.png", 5, 7)  # a name that is no UTF-8


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Records of one file."""
    path = tmp_path / "out.jsonl"
    with Journal(path) as journal:
        journal.add(Reading(SOME.file, "review", "A1"), SOME, Provenance("m"))
    return path


@pytest.mark.parametrize("harm", ["none", "half a line", "no index", "damaged index", "behind", "ahead"])
def test_a_journal_knows_its_records_whatever_ended_the_program(written: Path, harm: str) -> None:
    whole, index = written.read_bytes(), written.with_name("out.jsonl.index")
    late = Identity("in/late.png", 1, 2)
    match harm:
        case "half a line":
            written.write_bytes(whole + b'{"file": "in/')
        case "no index":
            index.unlink()
        case "damaged index":
            index.write_bytes(b"no index at all, but long enough to be looked at" * 100)
        case "behind":
            written.write_bytes(whole + json.dumps({"file": late.file, "size": 1, "modified_ns": 2, "status": "ok"}).encode() + b"\n")
        case "ahead":
            written.write_bytes(b"")
    with Journal(written) as journal:
        assert journal.status_of(SOME) == (None if harm == "ahead" else "review")
        assert journal.status_of(late) == ("ok" if harm == "behind" else None)
        assert journal.status_of(Identity(SOME.file, 5, 8)) is None
        journal.add(Reading("in/next.png", "ok"), Identity("in/next.png", 1, 1), Provenance("m"))
    expected = {"ahead": 1, "behind": 3}.get(harm, 2)
    assert len(lines(written)) == expected


def test_two_programs_cannot_write_into_one_journal(written: Path) -> None:
    with Journal(written), pytest.raises(UsageError, match="another program"):
        Journal(written)


@pytest.mark.parametrize("content", [b"my notes\n", b"my notes", b'{"important": 1}', b"[]", bytes(9)])
def test_a_file_of_other_lines_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(UsageError, match="not written"):
        Journal(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_bytes() == content
    assert names(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("rest", [b"{", b'{"file"', b'{"file": "in', b"\0\0", b'{"fi\0\0'])
def test_what_a_killed_program_or_a_power_cut_left_of_a_record_is_cut_off(written: Path, rest: bytes) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole + rest)
    with Journal(written):
        assert written.read_bytes() == whole


def test_what_somebody_else_wrote_behind_records_is_left_alone(written: Path) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole + b"seen by me")
    with pytest.raises(UsageError, match="not written"):
        Journal(written)
    assert written.read_bytes() == whole + b"seen by me"
    assert names(written.parent) == ["out.jsonl", "out.jsonl.index"]
