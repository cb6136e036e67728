"""Files that are written whole or not at all."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from siga_ocr.errors import DiskError, UsageError


def check_free(paths: Sequence[Path], force: bool) -> None:
    """Refuse to destroy a file, before any work is done.

    Raises:
        UsageError: a file is there and `force` was not said, it is a folder, its folder is not there, or it is named twice.
    """
    for path in paths:
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(f"{path} cannot be written: name a file in a folder that is there.")
        if path.exists() and not force:
            raise UsageError(f"{path} is there already: name another file, or replace it with --force.")
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError(f"{' and '.join(map(str, paths))} are one file: name two.")


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write all files under other names and make them durable, then give them their names in order.

    Raises:
        DiskError: one of them cannot be written; those that were there stay as they are.
    """
    partial = {path: path.with_name(f".{path.name}.{os.getpid()}.partial") for path in contents}
    try:
        for path, content in contents.items():
            with partial[path].open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        for path, unfinished in partial.items():
            unfinished.replace(path)
    except OSError as error:
        raise DiskError(f"{', '.join(map(str, contents))} cannot be written: {error.strerror}. Free some space or name another place.") from error
    finally:
        for unfinished in partial.values():
            unfinished.unlink(missing_ok=True)
