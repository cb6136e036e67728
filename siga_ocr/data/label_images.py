"""The image of a row: a file, or an entry of an LMDB, which is named as if it were a file in it (`set_lmdb/image-000000001`)."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from siga_ocr.crops import Crop, decode_image, read_bytes
from siga_ocr.data.label_tables import Entry
from siga_ocr.errors import LabelError, UnreadableImage

if TYPE_CHECKING:
    import lmdb

STORE_NAME = "data.mdb"
"""The file that makes a folder an LMDB."""

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


def image_source(path: Path) -> str | bytes:
    """What a reader can be given: the bytes of an entry, or else the path, also of an entry that is missing."""
    content = _stored(path.parent, path.name) if _is_entry(path) else None
    return str(path) if content is None else content


def read_image(path: Path) -> Crop:
    """Open a file or an entry.

    Raises:
        UnreadableImage: with the reason in one line.
    """
    if not _is_entry(path):
        return decode_image(read_bytes(str(path)), str(path))
    content = _stored(path.parent, path.name)
    if content is None:
        raise UnreadableImage("no such entry")
    return decode_image(content, str(path))


def read_store(path: Path) -> Iterator[Entry]:
    """The rows of an LMDB with the keys of the scene text benchmarks: `num-samples`, `image-000000001`, `label-000000001` and on.

    Raises:
        LabelError: it is no such store, or the package that reads it is not installed.
    """
    count = _stored(path, "num-samples")
    if count is None or not count.isdigit():
        raise LabelError(f"{path} holds no number of samples (num-samples): it is no LMDB of crops and texts.")
    for number in range(1, int(count) + 1):
        label = _stored(path, f"label-{number:09d}") or b""
        try:
            yield Entry(number, f"image-{number:09d}", label.decode())
        except UnicodeDecodeError as error:
            raise LabelError(f"{path}: label-{number:09d} is not in UTF-8. Make the store again.") from error


def _is_entry(path: Path) -> bool:
    return _ENTRY.fullmatch(path.name) is not None and not path.is_file() and is_store(path.parent)


def _stored(store: Path, key: str) -> bytes | None:
    with _opened(store.resolve()).begin() as transaction:
        value = transaction.get(key.encode())
    return None if value is None else bytes(value)


@cache
def _opened(store: Path) -> "lmdb.Environment":
    """Each store is opened once in a process: the library allows no more."""
    try:
        import lmdb
    except ImportError as error:
        raise LabelError(f"{store} is an LMDB, and the package that reads it is not there: pip install 'siga-ocr[lmdb]'.") from error
    try:
        return lmdb.open(str(store), subdir=store.is_dir(), readonly=True, lock=False, readahead=False, max_readers=126)
    except lmdb.Error as error:
        raise LabelError(f"{store} cannot be read as an LMDB: {error}.") from error
