"""The file that a result is written to: it takes its name when all is written, and keeps what there is when something comes in between."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError


@dataclass(frozen=True)
class Target:
    """Where the result goes: `force` replaces what is there, `resume` goes on with what an interrupted run left.

    `resumable` is whether its records can be gone on with, by whoever writes them.
    """

    path: Path
    force: bool = False
    resume: bool = False
    resumable: bool = True

    @property
    def partial(self) -> Path:
        """The name of the file until all is written."""
        return self.path.with_name(self.path.name + ".partial")

    @property
    def special(self) -> bool:
        """Whether it is no regular file (`/dev/null`, a pipe): that is written as it is."""
        return self.path.exists() and not self.path.is_file()

    def check(self) -> None:
        """Refuse to destroy a result, and what no file can be.

        Raises:
            UsageError: the file is there, or an interrupted run left a part of it, and nothing was said about that; or it is a folder.
            DiskError: one cannot even look whether it is there: a folder that is closed, a name that is too long; or nothing can be written there.
        """
        try:
            self._check()
        except OSError as error:
            raise DiskError(f"{self.path} cannot be written: {error.strerror}. Name another file.") from error

    def _check(self) -> None:
        if self.path.is_dir():
            raise UsageError(f"{self.path} is a folder: name a file in it.")
        if self.special:
            return
        if not os.access(self.path.parent, os.W_OK | os.X_OK):
            there = self.path.parent.is_dir()
            raise DiskError(f"{self.path} cannot be written: {'its folder is read-only' if there else 'its folder is not there'}. Name another file.")
        self.check_untouched(self.partial.exists())

    def check_untouched(self, has_partial: bool) -> None:
        """Refuse to replace what is there without having been told so.

        Raises:
            UsageError: the file is there, or a part of it (`has_partial`), and nothing was said about that.
        """
        if self.force:
            return
        if self.path.exists():
            raise UsageError(f"{self.path} is there already: name another file, or replace it with --force.")
        if has_partial and not self.resume:
            how = "go on with it with --resume, or start anew with --force" if self.resumable else "name another file, or start anew with --force"
            raise UsageError(f"{self.partial} is left of an earlier run: {how}.")


class RecordFile:
    """Takes text and puts it on the disk at once; names that are no UTF-8 come out as their bytes."""

    def __init__(self, raw: FileIO) -> None:
        self._raw = raw

    def write(self, text: str, /) -> None:
        """Write all of it, or raise OSError."""
        left = memoryview(text.encode("utf-8", "surrogateescape"))
        while left:
            left = left[self._raw.write(left) :]

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def replacing(target: Target, end: int = 0) -> Iterator[RecordFile]:
    """A file for records that becomes `target.path` when all went well; until then, and if not, it is `target.partial`.

    The first `end` bytes of a partial file that is there stay, what follows them is cut off.

    Raises:
        DiskError: the file cannot be written.
        UsageError: another run is writing it, or has written to it since it was looked at.
    """
    try:
        raw = FileIO(target.path, "w") if target.special else FileIO(target.partial, "a")
    except OSError as error:
        raise DiskError(f"{target.partial} cannot be written: {error.strerror}. Name another file with --output.") from error
    with raw:
        if target.special:
            yield RecordFile(raw)
            return
        _lock(raw, target.partial)
        _check_as_it_was(raw, target, end)
        raw.truncate(end)
        try:
            yield RecordFile(raw)
        except BaseException as error:
            if not os.fstat(raw.fileno()).st_size:
                target.partial.unlink(missing_ok=True)
            elif not isinstance(error, UsageError):  # the same command would be as wrong again
                how = ": the same command with --resume goes on from there" if target.resumable else ""
                error.add_note(f"The records so far are in {target.partial}{how}.")
            raise
        _finish(raw, target)


def _finish(raw: FileIO, target: Target) -> None:
    try:
        os.fsync(raw.fileno())
        target.partial.replace(target.path)
    except OSError as error:
        raise DiskError(f"{target.path} cannot be written: {error.strerror}. The result is in {target.partial}.") from error


def _check_as_it_was(raw: FileIO, target: Target, end: int) -> None:
    """Refuse to go on where another run was at work between the look at the partial file and its lock: that one may have finished.

    Raises:
        UsageError: the file that was opened is not the one that was looked at, or the result is there by now.
    """
    size = os.fstat(raw.fileno()).st_size
    is_named = target.partial.exists() and os.path.samestat(os.fstat(raw.fileno()), target.partial.stat())
    try:
        target.check_untouched(has_partial=size > 0 and not end)
        if size < end or not is_named:
            raise UsageError(f"{target.partial} was changed by another run since this one began: give the command once more.")
    except UsageError:
        if is_named and not size:
            target.partial.unlink()
        raise


def _lock(raw: FileIO, partial: Path) -> None:
    """Keep a second run from writing into the same file, where the system knows such locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # not a Unix
        return
    try:
        flock(raw.fileno(), LOCK_EX | LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(f"{partial} is being written by another run: wait for it, or name another file with --output.") from error
    except OSError:  # a file system without locks
        return
