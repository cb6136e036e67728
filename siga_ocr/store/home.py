"""Where models are kept on this machine, and how several processes write there without harm: locks, places for what is not whole yet."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from siga_ocr.errors import DiskError


def home() -> Path:
    """The folder that everything lies in: what SIGA_OCR_HOME says, else the user's data folder of this system."""
    if own := os.environ.get("SIGA_OCR_HOME"):
        return Path(own).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("siga-ocr", appauthor=False)


@contextmanager
def locked(purpose: str) -> Iterator[None]:
    """Wait until no other process does the same, and keep others waiting meanwhile."""
    from filelock import FileLock

    folder = incoming()
    with FileLock(folder / f"{quote(purpose, safe='')}.lock"):
        yield


def incoming() -> Path:
    """Where models lie that are not whole yet; a process that was killed leaves its part here."""
    folder = home() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def staging() -> Iterator[Path]:
    """A new folder in the store that is gone afterwards, whatever is in it.

    Raises:
        DiskError: the store cannot be written.
    """
    with written("the model"):
        folder = incoming() / os.urandom(16).hex()
        folder.mkdir()
    try:
        yield folder
    finally:
        discard(folder)


@contextmanager
def written(what: str) -> Iterator[None]:
    """Say of a failed system call what could not be written.

    Raises:
        DiskError: a system call failed.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DiskError(f"{home()} does not take {what}: {reason}. Free some space, or name another folder with SIGA_OCR_HOME.") from error


def discard(folder: Path) -> None:
    """Delete what did not become a model, or is one now."""
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)
