"""Values of an LMDB by their keys, read without trusting a byte of it.

The library for LMDB maps a file into memory and follows what its pages say: a file that was copied by half, or made to do so, ends the process.
Here every place is looked at before it is used. Files of 64-bit little-endian machines in the format of LMDB 0.9, which is what there is.
"""

import struct
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from siga_ocr.crops import MAX_BYTES
from siga_ocr.errors import LabelError

STORE_NAME = "data.mdb"

MAGIC, VERSION = 0xBEEFC0DE, 1
PAGE_SIZES = tuple(2**exponent for exponent in range(9, 17))
DEPTH = 32
"""Pages from the root to a leaf at most, as in the library."""

NO_ROOT = 2**64 - 1
BRANCH, LEAF = 1, 2
APART = 1
"""What a node says whose value lies on pages of its own."""

_HEAD = struct.Struct("<8xHHHH")  # of a page: what it is not used for, its kind, where its list of nodes and where the free room ends
_NODE = struct.Struct("<HHHH")
_META = struct.Struct("<16xII16xI44xIHH24xQQ8xQ")


class DamagedStore(LabelError):
    """An LMDB whose pages contradict each other."""


@dataclass(frozen=True)
class _Meta:
    """What the newer of the two first pages says: bytes of a page, where the tree begins, how many entries it has."""

    size: int
    root: int
    entries: int
    transaction: int


class LmdbFile:
    """The main table of an LMDB; any number of threads may ask at once, and between two questions no file is open."""

    def __init__(self, store: Path) -> None:
        """Look at the folder of an LMDB, or at its file.

        Raises:
            LabelError: it cannot be read, or is no LMDB.
        """
        self._path = store / STORE_NAME if store.is_dir() else store
        try:
            self._bytes = self._path.stat().st_size
            with self._path.open("rb", buffering=0) as stream:
                self._meta = self._newest(stream)
        except OSError as error:
            raise LabelError(f"{store} cannot be read as an LMDB: {error.strerror}.") from error

    @property
    def entries(self) -> int:
        """How many keys there are, no more than there is room for."""
        return min(self._meta.entries, self._bytes // _NODE.size)

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; None where there is no such key.

        Raises:
            DamagedStore: what the file says on the way cannot be.
        """
        if self._meta.root == NO_ROOT:
            return None
        try:
            with self._path.open("rb", buffering=0) as stream:
                return self._found(stream, key)
        except (struct.error, ValueError, OSError) as error:
            raise self._damaged(str(error)) from error

    def _found(self, stream: FileIO, key: bytes) -> bytes | None:
        number = self._meta.root
        for _ in range(DEPTH):
            page = self._read(stream, number * self._meta.size, self._meta.size)
            kind, nodes = _nodes(page)
            if kind == LEAF:
                return self._value(stream, page, nodes, key)
            number = _child(page, nodes, key)
        raise ValueError("its tree has no end")

    def _newest(self, stream: FileIO) -> _Meta:
        first = self._meta_at(stream, 0)
        second = self._meta_at(stream, first.size)
        return second if second.transaction > first.transaction else first

    def _meta_at(self, stream: FileIO, place: int) -> _Meta:
        try:
            magic, version, size, _, flags, _, entries, root, transaction = _META.unpack(self._read(stream, place, _META.size))
        except (struct.error, ValueError) as error:
            raise self._damaged(str(error)) from error
        if magic != MAGIC or version != VERSION or size not in PAGE_SIZES or flags:
            raise LabelError(f"{self._path} cannot be read as an LMDB: it is none, or of another kind than those of crops and texts.")
        return _Meta(size, root, entries, transaction)

    def _read(self, stream: FileIO, place: int, count: int) -> bytes:
        """So many bytes.

        Raises:
            ValueError: the file has no such place.
        """
        if place + count > self._bytes or count > MAX_BYTES:
            raise ValueError("a page lies beyond its end")
        stream.seek(place)
        found = stream.read(count)
        if len(found) < count:
            raise ValueError("it has become shorter")
        return found

    def _value(self, stream: FileIO, page: bytes, nodes: tuple[int, ...], key: bytes) -> bytes | None:
        place = bisect_left(range(len(nodes)), key, key=lambda index: _key(page, nodes[index]))
        if place == len(nodes) or _key(page, nodes[place]) != key:
            return None
        low, high, flags, key_size = _NODE.unpack_from(page, nodes[place])
        begin, size = nodes[place] + _NODE.size + key_size, low | high << 16
        if flags == APART:
            (number,) = struct.unpack_from("<Q", page, begin)
            return self._read(stream, number * self._meta.size + 16, size)
        if flags or begin + size > len(page):
            raise ValueError("an entry is larger than its page")
        return page[begin : begin + size]

    def _damaged(self, reason: str) -> DamagedStore:
        return DamagedStore(f"{self._path} is damaged or cut short: {reason}. Fetch or make it again.")


def _nodes(page: bytes) -> tuple[int, tuple[int, ...]]:
    """Whether a page is a branch or a leaf, and where its nodes are."""
    _, kind, lower, _ = _HEAD.unpack_from(page)
    count = (lower - 16) // 2
    if kind not in (BRANCH, LEAF) or count < kind % 2:
        raise ValueError("a page is of no kind that a tree has")
    return kind, struct.unpack_from(f"<{count}H", page, 16)


def _key(page: bytes, place: int) -> bytes:
    size = _NODE.unpack_from(page, place)[3]
    if place + _NODE.size + size > len(page):
        raise ValueError("a key is larger than its page")
    return page[place + _NODE.size : place + _NODE.size + size]


def _child(page: bytes, nodes: tuple[int, ...], key: bytes) -> int:
    """The page on which a key would be; the first node of a branch stands for all that comes before the second."""
    place = nodes[bisect_right(range(1, len(nodes)), key, key=lambda index: _key(page, nodes[index]))]
    low, high, top, _ = _NODE.unpack_from(page, place)
    number: int = low | high << 16 | top << 32
    return number
