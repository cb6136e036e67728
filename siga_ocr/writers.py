"""Readings as a table, text alone, JSON lines, CSV or TSV; each record is flushed, so that whoever listens sees it at once."""

import csv
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from siga_ocr.errors import DiskError
from siga_ocr.reading import Provenance, Reading
from siga_ocr.record import COLUMNS, record


class Format(StrEnum):
    """What `make_writer` can write."""

    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"


CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
"""Control characters as they are written in a table."""


class Sink(Protocol):
    """Takes text: a stream, or a file that is being written."""

    def write(self, text: str, /) -> object:
        """Take one record."""
        ...

    def flush(self) -> object:
        """Let it be seen."""
        ...


class Writer(Protocol):
    """Puts one reading after the other on a sink."""

    def write(self, reading: Reading) -> None:
        """Write one record.

        Raises:
            DiskError: the sink takes no more.
        """
        ...


class TableWriter:
    """`file<TAB>text<TAB>confidence`, with ` review` or, in its place, `error: reason`; control characters in names are escaped."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, reading: Reading) -> None:
        """Write one line."""
        sure = f"{reading.confidence:.4f}"
        last = {"ok": sure, "review": f"{sure} review", "error": f"error: {reading.error}"}[reading.status]
        put(self._sink, "\t".join(printable(cell) for cell in (reading.file, reading.text, last)) + "\n")


class TextWriter:
    """The reading alone, a line a crop; empty where nothing was read."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, reading: Reading) -> None:
        """Write one line."""
        put(self._sink, reading.text + "\n")


class JsonLinesWriter:
    """One JSON object a line, ASCII only."""

    def __init__(self, sink: Sink, provenance: Provenance) -> None:
        self._sink = sink
        self._provenance = provenance

    def write(self, reading: Reading) -> None:
        """Write one line."""
        put(self._sink, json.dumps(record(reading, self._provenance), ensure_ascii=True) + "\n")


class ColumnWriter:
    """A header and one row a reading; what there is not is empty. A file that is gone on with has its header already."""

    def __init__(self, sink: Sink, provenance: Provenance, line: Callable[[tuple[object, ...]], str], headed: bool) -> None:
        self._sink = sink
        self._provenance = provenance
        self._line = line
        self._pending = "" if headed else line(COLUMNS)

    def write(self, reading: Reading) -> None:
        """Write one row, the header before the first."""
        fields = record(reading, self._provenance)
        row = self._line(tuple(fields[name] for name in COLUMNS))
        put(self._sink, self._pending + row)
        self._pending = ""


class _Gathered:
    """Takes what the csv module writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


def csv_line(cells: tuple[object, ...]) -> str:
    """One row, quoted as RFC 4180 says, ended by LF."""
    row = _Gathered()
    csv.writer(row, lineterminator="\r\n").writerow(cells)  # so that a CR within a name is quoted
    return row.text[:-2] + "\n"


def tsv_line(cells: tuple[object, ...]) -> str:
    r"""One row without quotes: a tab within a cell is `\t`, a line feed `\n`, a carriage return `\r`, a backslash `\\`."""
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    table = str.maketrans(escapes)
    return "\t".join("" if cell is None else str(cell).translate(table) for cell in cells) + "\n"


def make_writer(form: Format, sink: Sink, provenance: Provenance, headed: bool = False) -> Writer:
    """The writer of a format; `headed` where the sink goes on after earlier records."""
    writers: dict[Format, Callable[[], Writer]] = {
        Format.TABLE: lambda: TableWriter(sink),
        Format.TEXT: lambda: TextWriter(sink),
        Format.JSONL: lambda: JsonLinesWriter(sink, provenance),
        Format.CSV: lambda: ColumnWriter(sink, provenance, csv_line, headed),
        Format.TSV: lambda: ColumnWriter(sink, provenance, tsv_line, headed),
    }
    return writers[form]()


def printable(cell: str) -> str:
    """`cell` in one line, without tabs and without what a terminal obeys."""
    return cell.translate(CONTROLS)


def put(sink: Sink, text: str) -> None:
    """Write one record and let it be seen.

    Raises:
        DiskError: the sink takes no more.
    """
    try:
        sink.write(text)
        sink.flush()
    except BrokenPipeError:
        raise  # whoever listened has enough: no fault
    except OSError as error:
        raise DiskError(f"The result cannot be written: {error.strerror}. Free some space or write elsewhere with --output.") from error
