"""The image of a row: a file, or an entry of an LMDB, which is named as if it were a file in it (`set_lmdb/image-000000001`)."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from siga_ocr.crops import Crop, decode_image, read_bytes
from siga_ocr.data.label_tables import Entry
from siga_ocr.data.lmdb_file import STORE_NAME, DamagedStore, LmdbFile
from siga_ocr.errors import LabelError, UnreadableImage

MOST_DIGITS = 12
"""Of a number of samples."""

_ENTRY = re.compile(r"image-\d{9}")


def is_store(path: Path) -> bool:
    """Whether `path` is the folder of an LMDB, or its file."""
    return (path / STORE_NAME).is_file() or (path.suffix == ".mdb" and path.is_file())


def image_exists(path: Path) -> bool:
    """Whether there is something to open, a file or an entry."""
    try:
        return path.is_file() or (_is_entry(path) and _stored(path.parent, path.name) is not None)
    except (OSError, ValueError):  # a name that no file can have
        return False
    except DamagedStore:
        return True


def image_source(path: Path) -> str | bytes:
    """What a reader can be given: the bytes of an entry, or else the path, also of an entry that is missing.

    Raises:
        LabelError: the store is damaged there.
    """
    content = _stored(path.parent, path.name) if _is_entry(path) else None
    return str(path) if content is None else content


def read_image(path: Path) -> Crop:
    """Open a file or an entry.

    Raises:
        UnreadableImage: with the reason in one line.
    """
    if not _is_entry(path):
        return decode_image(read_bytes(str(path)), str(path))
    try:
        content = _stored(path.parent, path.name)
    except LabelError as error:
        raise UnreadableImage(str(error)) from error
    if content is None:
        raise UnreadableImage("no such entry")
    return decode_image(content, str(path))


def read_store(path: Path) -> Iterator[Entry]:
    """The rows of an LMDB with the keys of the scene text benchmarks: `num-samples`, `image-000000001`, `label-000000001` and on.

    Raises:
        LabelError: it is no such store, or damaged.
    """
    count = _stored(path, "num-samples")
    if count is None or not count.isdigit() or len(count) > MOST_DIGITS:
        raise LabelError(f"{path} holds no number of samples (num-samples): it is no LMDB of crops and texts.")
    if int(count) > (entries := _opened(path.resolve()).entries):
        raise LabelError(f"{path} says that it holds {int(count)} samples, and has {entries} entries: it is damaged. Fetch or make it again.")
    for number in range(1, int(count) + 1):
        label = _stored(path, f"label-{number:09d}") or b""
        try:
            yield Entry(number, f"image-{number:09d}", label.decode())
        except UnicodeDecodeError as error:
            raise LabelError(f"{path}: label-{number:09d} is not in UTF-8. Make the store again.") from error


def _is_entry(path: Path) -> bool:
    try:
        return _ENTRY.fullmatch(path.name) is not None and not path.is_file() and is_store(path.parent)
    except (OSError, ValueError):  # a name that no file can have
        return False


def _stored(store: Path, key: str) -> bytes | None:
    return _opened(store.resolve()).get(key.encode())


@cache
def _opened(store: Path) -> LmdbFile:
    """Each store is opened once in a process."""
    return LmdbFile(store)
