"""Finding input images: files, folders that are searched, lists of paths, and paths that come one by one on a stream."""

import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import BufferedReader, BytesIO
from itertools import chain
from pathlib import Path

from siga_ocr.errors import NoInputError, UsageError

SUFFIXES = ("bmp", "jpeg", "jpg", "png", "tif", "tiff", "webp")
"""What a folder is searched for, whatever the case; a file that is named itself may end in anything."""

STREAM = "-"
"""Stands for the paths that come on a stream."""

LIST_MARK = "@"
"""`@FILE` stands for the paths that are written in FILE; a file whose own name begins so is `./@NAME`."""

LONGEST_PATH = 2**20
"""In bytes: no system takes so long a path; whatever is longer is no list of them, or one that is ended otherwise."""

CHUNK = 2**16
"""Bytes that are taken from a stream at once, if so many are there."""

Bytes = BufferedReader | BytesIO


@dataclass(frozen=True)
class Search:
    """How paths are looked for: below folders too, by other names than `SUFFIXES`, and separated by zero bytes instead of line ends."""

    recursive: bool = False
    patterns: tuple[str, ...] = ()
    null: bool = False

    def takes(self, name: str) -> bool:
        """Whether an entry of a folder is wanted: upper and lower case count as the same, names that begin with a dot only if asked for."""
        wanted = self.patterns or tuple(f"*.{suffix}" for suffix in SUFFIXES)
        lowered = name.lower()
        return any(fnmatchcase(lowered, one.lower()) and (name[:1] != "." or one[:1] == ".") for one in wanted)


def find_images(paths: Sequence[str], search: Search, stream: Bytes | None = None) -> Iterator[Iterator[str]]:
    """The images that `paths` name, in groups: files as given, folders sorted by name and joined with it; nothing is made absolute.

    A group is to be taken to its end before the next is asked for: only then more is read from `stream`, so that whoever sends
    one path has its result before sending another. Without a stream there is one group. A path that is not there, and a folder that
    cannot be listed, come out as they are: `read_crop` says why they cannot be read, so that they become rows and not silence.

    Raises:
        NoInputError: a list is not there, said at once; nothing at all was found, said when all groups are taken.
        UsageError: the stream is named twice, or a path is empty, said at once; a path of a list or of the stream is longer than `LONGEST_PATH`.
    """
    _check(paths)
    return _searched(paths, search, stream)


def _searched(paths: Sequence[str], search: Search, stream: Bytes | None) -> Iterator[Iterator[str]]:
    found = False

    def noted(images: Iterable[str]) -> Iterator[str]:
        nonlocal found
        for image in images:
            found = True
            yield image

    for group in _groups(paths, search, stream):
        yield noted(chain.from_iterable(_expanded(path, search) for path in group))
    if not found:
        raise NoInputError(_nothing(paths, search))


def _check(paths: Sequence[str]) -> None:
    if paths.count(STREAM) > 1:
        raise UsageError(f"{STREAM} (paths on stdin) can be named once only.")
    if "" in paths:
        raise UsageError("A path is empty: a variable of a script may not be set.")
    for path in paths:
        if path.startswith(LIST_MARK) and not _exists(path[1:]):
            raise NoInputError(f"There is no list {path[1:]!r}; a file whose name begins with {LIST_MARK} is named ./{path}.")


def _groups(paths: Sequence[str], search: Search, stream: Bytes | None) -> Iterator[Iterable[str]]:
    """The named paths with lists unfolded; what lies before and after the stream is a group each."""
    place = paths.index(STREAM) if STREAM in paths and stream is not None else len(paths)
    if place:
        yield _named(paths[:place], search)
    if stream is not None and place < len(paths):
        yield from _lines(stream, search.null, "stdin")
    if place + 1 < len(paths):
        yield _named(paths[place + 1 :], search)


def _named(paths: Iterable[str], search: Search) -> Iterator[str]:
    for path in paths:
        if not path.startswith(LIST_MARK):
            yield path
            continue
        try:
            with Path(path[1:]).open("rb") as stream:
                yield from chain.from_iterable(_lines(stream, search.null, f"the list {path[1:]!r}"))
        except OSError as error:
            raise NoInputError(f"The list {path[1:]!r} cannot be read: {error.strerror}.") from error


def _lines(stream: Bytes, null: bool, place: str) -> Iterator[list[str]]:
    """The paths that have come so far, each time some have: UTF-8 or any bytes, empty ones passed over, a CR before the line's end too."""
    pieces, length = list[bytes](), 0  # of a path whose end has not come yet
    for chunk in _chunks(stream, null):
        first, *others = chunk.split(b"\0" if null else b"\n")
        pieces.append(first)
        length += len(first)
        if length > LONGEST_PATH:
            raise UsageError(_too_long(place, null, b"".join(pieces)))
        if others:
            names = _names([b"".join(pieces), *others[:-1]], null)
            pieces, length = others[-1:], len(others[-1])
            if names:
                yield names
    if names := _names([b"".join(pieces)], null):
        yield names


def _chunks(stream: Bytes, null: bool) -> Iterator[bytes]:
    """What comes on a stream, as it comes; without the mark that some editors put before UTF-8, even where that comes in parts."""
    begun = b""
    while not null and len(begun) < len(BOM_UTF8) and BOM_UTF8.startswith(begun):
        if not (more := stream.read1(CHUNK)):  # asked once more, a terminal would wait for another end
            yield begun
            return
        begun += more
    yield begun.removeprefix(BOM_UTF8)
    while chunk := stream.read1(CHUNK):
        yield chunk


def _too_long(place: str, null: bool, path: bytes) -> str:
    ended, other, hint = ("a zero byte", b"\n", "leave -0 away") if null else ("a line end", b"\0", "use -0")
    where_else = f" There are {'line ends' if null else 'zero bytes'} in it: {hint} if they end the paths." if other in path else ""
    return f"A path in {place} has more than {LONGEST_PATH // 2**20} MiB: each is to be ended by {ended}.{where_else}"


def _names(lines: Iterable[bytes], null: bool) -> list[str]:
    plain = lines if null else (line.removesuffix(b"\r") for line in lines)
    return [line.decode("utf-8", "surrogateescape") for line in plain if line]


def _expanded(path: str, search: Search) -> Iterator[str]:
    return _in_folder(path, search) if is_folder(path) else iter((path,))


def _in_folder(folder: str, search: Search) -> Iterator[str]:
    """The images in one folder, by name; a folder itself where it cannot be listed. Links to folders below it are not followed."""
    pending = [iter([(folder, True)])]  # no recursion: paths can be deeper than the interpreter's stack
    while pending:
        path, is_folder = next(pending[-1], ("", False))
        if not path:
            pending.pop()
        elif is_folder and (listed := _listed(path, search)) is not None:
            pending.append(iter(listed))
        else:
            yield path


def _listed(folder: str, search: Search) -> list[tuple[str, bool]] | None:
    """What is wanted of a folder, by name, and whether it is a folder itself; None where it cannot be listed."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        return [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries if _wanted(entry, search)]
    except OSError:
        return None


def _wanted(entry: os.DirEntry[str], search: Search) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return search.recursive and not entry.name.startswith(".")
    return search.takes(entry.name) and not (entry.is_symlink() and is_folder(entry.path))


def is_folder(path: str) -> bool:
    """Whether a folder is there; also of a path that no file can have (too long, a link loop, a zero byte) or that is closed: those are none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _nothing(paths: Sequence[str], search: Search) -> str:
    places = ", ".join("stdin" if path == STREAM else path for path in paths) or "nothing"
    kinds = ", ".join(search.patterns or SUFFIXES)
    hint = "" if search.recursive else ", or search sub-folders with --recursive"
    return f"No image in {places}: name image files or folders that hold some ({kinds}){hint}."
