"""A run folder belongs to one run at a time: a lock in it keeps others out, and ends with the process that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError

LOCK = ".lock"
"""The file of the lock; it stays when the run has ended, and says nothing then."""


@contextmanager
def held(folder: Path, option: str) -> Iterator[None]:
    """Keep a run folder, which is made where it is not there, for this run alone; `option` is what names another one.

    Raises:
        UsageError: another run works in it.
        DiskError: it cannot be made or written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(f"Another run works in {folder}: wait for its end, or name another folder with {option}.") from error
    except OSError as error:
        raise DiskError(f"{folder} cannot be written: {error.strerror}. Name another folder with {option}.") from error
    try:
        yield
    finally:
        lock.release()


def refuse_held(folder: Path, option: str) -> None:
    """Tell at once that a folder is taken; one that no run has worked in is left as it is.

    Raises:
        UsageError: another run works in it.
        DiskError: it cannot be written.
    """
    if (folder / LOCK).is_file():
        with held(folder, option):
            pass
