"""Label tables that are written: `file,text` and the other columns that there were, whole or not at all."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from siga_ocr.data.label_rows import Row
from siga_ocr.errors import DiskError, UsageError
from siga_ocr.whole_file import unfinished

Table = Iterable[Sequence[str | int]]


def check_free(paths: Sequence[Path], force: bool, source: Path) -> None:
    """Refuse to destroy a file, and the labels that are read in any case.

    Raises:
        UsageError: a file is there and `force` was not said, it is `source` or a folder, or its folder is not there.
    """
    for path in paths:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"{path} cannot be written: name a file in a folder that is there.")
        if path.exists() and path.resolve() == source.resolve():
            raise UsageError(f"{path} holds the labels that are read: name another file.")
        if path.exists() and not force:
            raise UsageError(f"{path} is there already: name another file, or replace it with --force.")


def made(folder: Path) -> Path:
    """The folder, which is made where it is not there.

    Raises:
        DiskError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error
    return folder


def label_table(rows: Sequence[Row], path: Path) -> Table:
    """A header and the rows, their images named relative to the folder of `path`, or as they were if that was a whole path."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row.extra))
    place = os.path.realpath(path.parent)
    yield ("file", "text", *names)
    for row in rows:
        columns = dict(row.extra)
        yield (_relative(row, place), row.text, *(columns.get(name, "") for name in names))


def dropped_table(dropped: Iterable[tuple[Row, str]]) -> Table:
    """A header, and line, file, text and reasons of each row that was dropped."""
    yield ("line", "file", "text", "reason")
    for row, reason in dropped:
        yield (row.line, row.file, row.text, reason)


def write_tables(tables: Mapping[Path, Table]) -> None:
    """Write CSV files in UTF-8; they take their names, one after the other, when all of them are written.

    Raises:
        DiskError: one of them cannot be written.
    """
    try:
        with unfinished(tables) as partial:
            for path, table in tables.items():
                with partial[path].open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
                    csv.writer(stream, lineterminator="\n").writerows(table)
    except OSError as error:
        raise DiskError(f"{', '.join(map(str, tables))} cannot be written: {error.strerror}. Free some space or name another place.") from error


def _relative(row: Row, place: str) -> str:
    if Path(row.file).is_absolute():
        return row.file
    try:
        return Path(os.path.relpath(Path(_real(row.path.parent), row.path.name), place)).as_posix()
    except ValueError:  # on another drive
        return str(row.path.absolute())


@cache
def _real(folder: Path) -> str:
    return os.path.realpath(folder)
