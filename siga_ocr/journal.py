"""What a hot folder's results already hold: JSON lines that are only ever appended, and an index of them on the disk."""

import json
import os
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType

from siga_ocr.errors import DiskError, UsageError
from siga_ocr.parsing import from_json
from siga_ocr.reading import Provenance, Reading, Status
from siga_ocr.record import record

TABLES = """
create table if not exists seen (file blob primary key, size integer, modified_ns integer, status text) without rowid;
create table if not exists place (the_only integer primary key check (the_only = 0), byte integer);
insert or ignore into place values (0, 0);
"""

BEGINNING = b'{"file": '
"""How each record begins."""


@dataclass(frozen=True)
class Identity:
    """What makes a file this file: its path, its size in bytes, the time of its last change in nanoseconds."""

    file: str
    size: int
    modified_ns: int


def identity_of(file: str) -> Identity | None:
    """The identity of a regular file; None where there is none (any more)."""
    try:
        found = os.stat(file)  # noqa: PTH116  (a path is a text here: pathlib would cost half of the time)
    except (OSError, ValueError):
        return None
    is_regular = (found.st_mode & 0o170000) == 0o100000
    return Identity(file, found.st_size, found.st_mtime_ns) if is_regular else None


class Journal:
    """JSON lines that hold one record for each identity, across any end of the program.

    The lines are the truth: the index beside them (`FILE.index`) says up to which byte it knows them, and learns the rest when it is opened.
    The half of a record that a killed program left is cut off. Memory does not grow with the number of records.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index_path = path.with_name(path.name + ".index")
        with ExitStack() as opened:
            try:
                self._lines = opened.enter_context(FileIO(path, "a+"))
                self._lock()
                self._index = opened.enter_context(closing(self._opened()))
                self._catch_up()
            except (OSError, sqlite3.Error) as error:
                raise DiskError(f"{path} cannot be written: {error}. Name another file with --output.") from error
            self._open = opened.pop_all()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    @property
    def files(self) -> frozenset[Path]:
        """The real paths of what is written here: the lines, the index, and what SQLite keeps beside it now and then."""
        index = (self._index_path.with_name(self._index_path.name + ending) for ending in ("", "-journal", "-wal", "-shm"))
        named = (self._path.parent.resolve() / path.name for path in (self._path, *index))
        return frozenset((*named, self._path.resolve()))

    def status_of(self, identity: Identity) -> Status | None:
        """What was recorded of a file; None where it was not read as it is now."""
        key = (os.fsencode(identity.file), identity.size, identity.modified_ns)
        found = self._index.execute("select status from seen where file = ? and size = ? and modified_ns = ?", key).fetchone()
        return found[0] if found else None

    def add(self, reading: Reading, identity: Identity, provenance: Provenance) -> None:
        """Append one record; it is on the disk when this returns.

        Raises:
            DiskError: the disk takes no more.
        """
        fields = record(reading, provenance) | {"size": identity.size, "modified_ns": identity.modified_ns}
        left = memoryview(json.dumps(fields, ensure_ascii=True).encode() + b"\n")
        try:
            while left:
                left = left[self._lines.write(left) :]
            os.fsync(self._lines.fileno())
            self._note(identity, reading.status, self._lines.tell())
            self._index.commit()
        except (OSError, sqlite3.Error) as error:
            raise DiskError(f"{self._path} takes no more: {error}. Free some space; the next start goes on from here.") from error

    def _note(self, identity: Identity, status: str, end: int) -> None:
        self._index.execute(
            "insert or replace into seen values (?, ?, ?, ?)", (os.fsencode(identity.file), identity.size, identity.modified_ns, status)
        )
        self._index.execute("update place set byte = ?", (end,))

    def _lock(self) -> None:
        """Keep a second program out, where the system knows such locks; they end with the program."""
        try:
            from fcntl import LOCK_EX, LOCK_NB, flock
        except ImportError:  # not a Unix
            return
        try:
            flock(self._lines.fileno(), LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"{self._path} is being written by another program: name another file with --output.") from error

    def _opened(self) -> sqlite3.Connection:
        """The index; made anew where it is damaged or knows more than there is."""
        try:
            index = self._connected()
            (byte,) = index.execute("select byte from place").fetchone()
            if byte <= os.fstat(self._lines.fileno()).st_size:
                return index
            index.close()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, no right to write: not damaged
                raise
        self._index_path.unlink(missing_ok=True)
        return self._connected()

    def _connected(self) -> sqlite3.Connection:
        index = sqlite3.connect(self._index_path)
        index.execute("pragma synchronous = off")  # after a power cut the index is made anew, or learns what it lacks
        index.executescript(TABLES)
        return index

    def _catch_up(self) -> None:
        """Learn the lines that were written after the index's last word, and cut off the half of one."""
        (byte,) = self._index.execute("select byte from place").fetchone()
        end = byte
        with self._path.open("rb") as stream:
            stream.seek(byte)
            while (line := stream.readline()).endswith(b"\n"):
                end += len(line)
                self._learn(line, end)
        if not _is_begun(line.rstrip(b"\0") if end else line):  # a power cut can leave zeros behind what was written
            raise self._foreign(is_first=end == 0)
        self._index.commit()
        self._lines.truncate(end)
        self._lines.seek(0, os.SEEK_END)

    def _learn(self, line: bytes, end: int) -> None:
        try:
            fields = from_json(line)
            self._note(Identity(fields["file"], fields["size"], fields["modified_ns"]), fields["status"], end)
        except (ValueError, KeyError, TypeError, OverflowError, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
            raise self._foreign(is_first=end == len(line)) from error

    def _foreign(self, is_first: bool) -> UsageError:
        if is_first:  # the index is of no use to anybody
            self._index_path.unlink(missing_ok=True)
        return UsageError(f"{self._path} holds lines that siga-ocr watch has not written: name another file with --output.")


def _is_begun(line: bytes) -> bool:
    """Whether a record may begin so; nothing at all may be the beginning of one."""
    return line.startswith(BEGINNING) or BEGINNING.startswith(line)
