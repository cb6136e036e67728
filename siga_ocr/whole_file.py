"""Files that are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError


def check_free(paths: Sequence[Path], force: bool) -> None:
    """Refuse to destroy a file, before any work is done.

    Raises:
        UsageError: a file is there and `force` was not said, it is a folder, its folder is not there, or it is named twice.
        DiskError: the working folder is gone.
    """
    for path in paths:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"{path} cannot be written: name a file in a folder that is there.")
        if path.exists() and not force:
            raise UsageError(f"{path} is there already: name another file, or replace it with --force.")
    if len({whole_path(path).resolve() for path in paths}) < len(paths):
        raise UsageError(f"{' and '.join(map(str, paths))} are one file: name two.")


def whole_path(path: Path) -> Path:
    """A path from the root of the file system on.

    Raises:
        DiskError: the working folder is gone.
    """
    try:
        return path.absolute()
    except OSError as error:
        raise DiskError(f"{path} cannot be written: the working folder is gone. Change to one that is there, or name a whole path.") from error


@contextmanager
def unfinished(paths: Iterable[Path]) -> Iterator[Mapping[Path, Path]]:
    """Other names to write files under; they take their own names, in order, once all of them are written and durable.

    Raises:
        OSError: one cannot be written; what was there stays as it is.
    """
    partial = {path: path.with_name(f".{path.name}.{os.getpid()}.partial") for path in paths}
    try:
        yield partial
        for written in partial.values():
            with written.open("rb+") as stream:
                os.fsync(stream.fileno())
        for path, written in partial.items():
            written.replace(path)
    finally:
        for written in partial.values():
            written.unlink(missing_ok=True)


@contextmanager
def unfinished_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`, which takes its name once it is filled; what is left of it otherwise is removed.

    Raises:
        OSError: it cannot be made, or `folder` holds something already.
    """
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield partial
        partial.chmod(0o755)
        os.rename(partial, folder)  # noqa: PTH104
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write all files, or none of them.

    Raises:
        DiskError: one of them cannot be written; those that were there stay as they are.
    """
    try:
        with unfinished(contents) as partial:
            for path, content in contents.items():
                partial[path].write_bytes(content)
    except OSError as error:
        raise DiskError(f"{', '.join(map(str, contents))} cannot be written: {error.strerror}. Free some space or name another place.") from error
