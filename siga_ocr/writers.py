"""Readings as a table, text alone, JSON lines or CSV; each record is flushed, so that whoever listens sees it at once."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TextIO

from siga_ocr.errors import DiskError
from siga_ocr.reading import Reading


class Format(StrEnum):
    """What `make_writer` can write."""

    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"


COLUMNS = ("file", "status", "text", "confidence", "min_character_confidence", "error")
"""The columns of CSV and the first keys of JSON; later ones are only ever appended."""


class Writer(Protocol):
    """Puts one reading after the other on a stream."""

    def write(self, reading: Reading) -> None:
        """Write one record.

        Raises:
            DiskError: the stream takes no more.
        """
        ...


class TableWriter:
    """`file<TAB>text<TAB>confidence`, or `file<TAB><TAB>error: reason`; control characters in names are escaped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, reading: Reading) -> None:
        """Write one line."""
        last = f"{reading.confidence:.4f}" if reading.status == "ok" else f"error: {reading.error}"
        _put(self._stream, "\t".join(_printable(cell) for cell in (reading.file, reading.text, last)) + "\n")


class TextWriter:
    """The reading alone, a line a crop; empty where nothing was read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, reading: Reading) -> None:
        """Write one line."""
        _put(self._stream, reading.text + "\n")


class JsonLinesWriter:
    """One JSON object a line, ASCII only; `confidence` is null where nothing was read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, reading: Reading) -> None:
        """Write one line."""
        characters = [
            {"character": c.character, "confidence": round(c.confidence, 6), "x0": round(c.x0, 2), "x1": round(c.x1, 2)} for c in reading.characters
        ]
        record = dict(zip(COLUMNS, _values(reading), strict=True)) | {"characters": characters}
        _put(self._stream, json.dumps(record, ensure_ascii=True) + "\n")


class CsvWriter:
    """A header and one row a reading, quoted as RFC 4180 says, lines ended by LF; `confidence` is empty where nothing was read."""

    def __init__(self, stream: TextIO) -> None:
        self._row = _Row()
        self._stream = stream
        self._csv = csv.writer(self._row, lineterminator="\n")
        self._csv.writerow(COLUMNS)

    def write(self, reading: Reading) -> None:
        """Write one row, the header before the first."""
        self._csv.writerow(_values(reading))
        _put(self._stream, self._row.take())


class _Row:
    """Gathers what the csv module writes, so that a record reaches the stream in one piece."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        self._text += text

    def take(self) -> str:
        text, self._text = self._text, ""
        return text


def make_writer(form: Format, stream: TextIO) -> Writer:
    """The writer of a format."""
    writers: dict[Format, Callable[[TextIO], Writer]] = {
        Format.TABLE: TableWriter,
        Format.TEXT: TextWriter,
        Format.JSONL: JsonLinesWriter,
        Format.CSV: CsvWriter,
    }
    return writers[form](stream)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A text stream that becomes `path` when all went well; until then, and if not, it is `path` with `.partial` appended.

    File names with bytes that are no UTF-8 come out as those bytes. What is no regular file
    (`/dev/null`, a pipe) is written as it is.

    Raises:
        DiskError: the file cannot be written.
    """
    special = path.exists() and not path.is_file()
    partial = path if special else path.with_name(path.name + ".partial")
    try:
        stream = partial.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise DiskError(f"{partial} cannot be written: {error.strerror}. Name another file with --output.") from error
    with stream:
        yield stream
    if special:
        return
    try:
        partial.replace(path)
    except OSError as error:
        raise DiskError(f"{path} cannot be replaced: {error.strerror}. The result is in {partial}.") from error


def _values(reading: Reading) -> tuple[str | float | None, ...]:
    """The values of `COLUMNS`; None for a confidence that there is not."""
    ok = reading.status == "ok"
    confidence = round(reading.confidence, 6) if ok else None
    weakest = round(reading.min_character_confidence, 6) if ok else None
    return reading.file, reading.status, reading.text, confidence, weakest, reading.error


def _printable(cell: str) -> str:
    """`cell` in one line and without tabs."""
    return cell.translate({code: f"\\x{code:02x}" for code in (*range(32), 127)})


def _put(stream: TextIO, record: str) -> None:
    try:
        stream.write(record)
        stream.flush()
    except BrokenPipeError:
        raise  # whoever listened has enough: no fault
    except OSError as error:
        raise DiskError(f"The result cannot be written: {error.strerror}. Free some space or write elsewhere with --output.") from error
