"""What label tables look like: CSV and TSV with a header, JSON lines, and `path<TAB>text` without one; text in, entries out."""

import codecs
import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from siga_ocr.errors import LabelError
from siga_ocr.parsing import from_json, shown
from siga_ocr.sources import SUFFIXES

FILE_COLUMNS = ("file", "filename", "file_name", "image", "image_path", "path")
"""Names of the column that holds the image, in any case."""

TEXT_COLUMNS = ("text", "label", "plate_text", "transcription", "ground_truth", "expected")
"""Names of the column that holds what the image says, in any case."""

MAX_BYTES = 2**30
"""Of a table: it is taken into memory as a whole."""

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What a file of Excel begins with, a new one (which is a zip file) and an old one."""

_DELIMITERS = (",", ";", "\t")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_COLUMNS_NEEDED = "its first line must name the columns: file and text"


@dataclass(frozen=True)
class Entry:
    """One row as it is written: `line` counts from 1, the header included; `extra` are the other columns with their names."""

    line: int
    file: str
    text: str
    extra: tuple[tuple[str, str], ...] = ()


def read_table(path: Path, encoding: str = "") -> Iterator[Entry]:
    """The rows of a table, whose kind is seen from its first line; `encoding` is for those that are not in Unicode.

    Raises:
        LabelError: there is no such table, it cannot be read, its first line names no columns, or a row misses one.
    """
    text = _decoded(path, encoding)
    first = text.lstrip()[:1]
    if not first:
        raise LabelError(f"{path} is empty: give every crop a row, and {_COLUMNS_NEEDED}.")
    entries = _objects(text, path) if first == "{" else _cells(text, path)
    try:
        for entry in entries:
            _check(entry, path)
            yield entry
    except csv.Error as error:
        raise LabelError(f"{path} cannot be read as a table ({error}). Correct it or save it again.") from error


def _check(entry: Entry, path: Path) -> None:
    """Zero bytes and halves of surrogate pairs are no characters: JSON can hold them, a table that is written cannot."""
    for cell in (entry.file, entry.text, *chain.from_iterable(entry.extra)):
        if "\0" in cell or (not cell.isascii() and any("\ud800" <= character <= "\udfff" for character in cell)):
            raise LabelError(f"{path}, line {entry.line}: {shown(cell)} holds a zero byte or half of a surrogate pair. Write whole characters.")


def _decoded(path: Path, encoding: str) -> str:
    try:
        content = _content(path)
    except FileNotFoundError as error:
        raise LabelError(f"There is no {path}. Name a folder with labels.csv, or the table itself.") from error
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a name with a zero byte
        raise LabelError(f"{str(path)!r} cannot be read: {error}.") from error
    if content.startswith(WORKBOOKS):
        raise LabelError(f"{path} is a workbook, such as Excel's, or another file that is no text: save it as CSV UTF-8, and name that.")
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    try:
        with warnings.catch_warnings(action="ignore"):  # some encodings of Python's own have an opinion
            return content.decode(marked or encoding or "utf-8")
    except LookupError as error:
        raise LabelError(f"There is no encoding {encoding!r}: name one such as cp1252 or utf-16-le.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        kind = "UTF-16 without its mark" if b"\0" in content else "a code page of Windows, such as cp1252"
        hint = "" if encoding else f", perhaps {kind}: save it as CSV UTF-8, or name its encoding (--encoding)"
        byte = f"byte {content[error.start]:#04x} in" if error.start < len(content) else "after"
        raise LabelError(f"{path} is not in {error.encoding.upper()} ({byte} line {line}){hint}.") from error
    except ValueError as error:  # of encodings that are none of files
        raise LabelError(f"{path} cannot be read with the encoding {encoding!r}: {error}. Name one such as cp1252 or utf-16-le.") from error


def _content(path: Path) -> bytes:
    """What a table holds.

    Raises:
        OSError, ValueError: it cannot be read.
        LabelError: it is larger than a table can be.
    """
    if path.stat().st_size > MAX_BYTES:
        raise LabelError(f"{path} is larger than {MAX_BYTES // 2**20} MB: divide it.")
    return path.read_bytes()


def _cells(text: str, path: Path) -> Iterator[Entry]:
    """Rows of a table with a header, or of one without whose first cell is an image."""
    if "\0" in text:
        raise LabelError(f"{path} holds zero bytes: it may be UTF-16 without its mark. Save it as CSV UTF-8, or name its encoding (--encoding).")
    skipped = text[:4].lower() == "sep="  # Excel's own line about the delimiter
    body = text.partition("\n")[2] if skipped else text
    first = body.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    for delimiter in _DELIMITERS:
        names = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter))]
        if _place(names, FILE_COLUMNS) >= 0 and _place(names, TEXT_COLUMNS) >= 0:
            yield from _columns(body, path, delimiter, int(skipped))
            return
    image, tab, _ = first.partition("\t")
    if not tab or image.rpartition(".")[2].lower() not in SUFFIXES:
        missing = "text" if any(_place(cells, FILE_COLUMNS) >= 0 for cells in _split(first)) else "file"
        raise LabelError(f"{path} lacks the column {missing!r}: {_COLUMNS_NEEDED}, such as file,text.")
    yield from _pairs(body, path)


def _split(line: str) -> Iterator[list[str]]:
    return ([cell.strip().lower() for cell in line.split(delimiter)] for delimiter in _DELIMITERS)


def _place(names: Sequence[str], wanted: Sequence[str]) -> int:
    """Where the first of the `wanted` names stands, -1 if none does."""
    return next((names.index(name) for name in wanted if name in names), -1)


def _columns(body: str, path: Path, delimiter: str, skipped: int) -> Iterator[Entry]:
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    header = next(cells for cells in reader if cells)
    names = [cell.strip().lower() for cell in header]
    file_at, text_at = _place(names, FILE_COLUMNS), _place(names, TEXT_COLUMNS)
    if min(file_at, text_at) < 0:
        raise LabelError(f"{path}: its first line ends within quotes. It must name the columns: file and text.")
    others = [place for place in range(len(names)) if place not in (file_at, text_at)]
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) <= max(file_at, text_at):
            raise LabelError(f"{path}, line {reader.line_num + skipped}: a column is missing. Give every row file and text.")
        if any(cell.strip() for cell in cells[len(header) :]):
            raise LabelError(f"{path}, line {reader.line_num + skipped} has more cells than the header: put the text in quotes.")
        extra = tuple((header[place].strip(), cells[place]) for place in others if place < len(cells))
        yield Entry(reader.line_num + skipped, cells[file_at].strip(), cells[text_at], extra)


def _pairs(body: str, path: Path) -> Iterator[Entry]:
    """Lines `path<TAB>text`, without quotes; what is empty behind a further tab is no part of the text."""
    for number, line in enumerate(body.split("\n"), start=1):
        image, tab, text = line.removesuffix("\r").partition("\t")
        if not tab and not image.strip():
            continue
        if not tab:
            raise LabelError(f"{path}, line {number}: there is no tab between the path and the text.")
        text, _, more = text.partition("\t")
        if more.strip():
            raise LabelError(f"{path}, line {number} has more cells than path and text: take the tab out of the text, or give the table a header.")
        yield Entry(number, image.strip(), text)


def _objects(text: str, path: Path) -> Iterator[Entry]:
    """JSON objects, one a line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            found = from_json(line)
        except ValueError as error:
            raise LabelError(f"{place} is no JSON ({error}). Give one object a line.") from error
        if not isinstance(found, dict):
            raise LabelError(f"{place} is no JSON object. Give one object a line, with file and text.")
        lowered = [key.lower() for key in found]
        places = (_place(lowered, FILE_COLUMNS), _place(lowered, TEXT_COLUMNS))
        values = [list(found.values())[at] if at >= 0 else None for at in places]
        if not all(isinstance(value, str) for value in values):
            raise LabelError(f"{place}: file and text must be there, both in quotes (a number would lose its leading zeros).")
        try:
            extra = tuple((key, str(value)) for at, (key, value) in enumerate(found.items()) if at not in places)
        except RecursionError as error:
            raise LabelError(f"{place} is nested too deeply. Give one object a line, with file and text.") from error
        yield Entry(number, str(values[0]).strip(), str(values[1]), extra)
