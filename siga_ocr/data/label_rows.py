"""The rows of a labelled set, whatever it is written in: a table, an LMDB, or a folder whose file names hold the texts."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from siga_ocr.data.label_images import is_store, read_store
from siga_ocr.data.label_tables import Entry, read_table
from siga_ocr.errors import LabelError, UsageError
from siga_ocr.sources import Search, find_images

TABLE_NAMES = ("labels.csv", "labels.tsv", "labels.jsonl", "labels.txt", "metadata.csv", "metadata.jsonl")
"""What is looked for in a folder, the first of them that is there."""


@dataclass(frozen=True)
class LabelSource:
    """Where labels come from: a table, a folder with one, an LMDB, or, with `names`, a folder of images.

    `names` is a regular expression for whole file names without their ending; its group `text` is the text, a group `group` what belongs
    together. `encoding` is that of a table that is not in Unicode.
    """

    path: Path
    names: str = ""
    encoding: str = ""


@dataclass(frozen=True)
class Row:
    """One row: its line (from 1, the header included), the image as it is written and where it lies, the text as it is written.

    `extra` are the other columns with their names.
    """

    line: int
    file: str
    text: str
    path: Path
    extra: tuple[tuple[str, str], ...] = ()


def read_rows(source: LabelSource) -> Iterator[Row]:
    """Every row as it is written; images lie relative to the table.

    Raises:
        LabelError: there is no such table, or it cannot be read.
        UsageError: `names` is no regular expression with a group `text`.
    """
    path = source.path
    if source.names:
        return _from_names(path, _pattern(source.names))
    if is_store(path):
        return (_row(entry, path) for entry in read_store(path))
    table = find_table(path)
    return (_row(entry, table.parent) for entry in read_table(table, source.encoding))


def find_table(path: Path) -> Path:
    """`path` itself, or the table in the folder `path`; `labels.csv` where there is none, so that its lack is told.

    Raises:
        LabelError: what has the name of a table is no file.
    """
    if not path.is_dir():
        return path
    found = next((path / name for name in TABLE_NAMES if (path / name).is_file()), path / TABLE_NAMES[0])
    if found.exists() and not found.is_file():  # a pipe, which would be waited for
        raise LabelError(f"{found} is no regular file. Put the table in its place, or name the table itself.")
    return found


def _row(entry: Entry, folder: Path) -> Row:
    return Row(entry.line, entry.file, entry.text, _located(entry.file, folder), entry.extra)


def _located(file: str, folder: Path) -> Path:
    """Backslashes separate folders, where no file has one in its name."""
    as_written = folder / file
    if "\\" not in file:
        return as_written
    try:
        return as_written if as_written.exists() else folder / file.replace("\\", "/")
    except OSError:  # a name that no file can have
        return as_written


def _from_names(folder: Path, pattern: re.Pattern[str]) -> Iterator[Row]:
    """One row for each image below `folder`; a name that the pattern does not fit has no text."""
    if not folder.is_dir():
        raise LabelError(f"There is no folder {folder}: the texts are to be taken from the names of its images.")
    images = chain.from_iterable(find_images([str(folder)], Search(recursive=True)))
    for number, image in enumerate(images, start=1):
        path = Path(image)
        found = pattern.fullmatch(path.stem)
        groups = found.groupdict(default="") if found else {}
        extra = tuple((name, value) for name, value in groups.items() if name != "text")
        yield Row(number, path.relative_to(folder).as_posix(), groups.get("text", ""), path, extra)


def _pattern(names: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings(action="ignore"):  # of what may mean something else in a later Python
            pattern = re.compile(names)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{names[:200]!r} is no regular expression: {error}.") from error
    if "text" not in pattern.groupindex:
        raise UsageError(f"{names!r} does not say where the text stands: give it a group, such as (?P<text>.+)_\\d+.")
    return pattern
