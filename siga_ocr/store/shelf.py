"""The models that were imported or pulled: a name points to a folder, and a folder never changes once it has its place."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Literal
from urllib.parse import quote

from siga_ocr.errors import ModelError, UsageError
from siga_ocr.parsing import build, from_json
from siga_ocr.store.files import StoredFile, contents, digest_of
from siga_ocr.store.folder import small_file
from siga_ocr.store.home import discard, home, incoming, locked, written

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a model may be called that is no address on the hub."""


KEPT_SECONDS = 7 * 86400
"""How long the part of a model that an interrupted run has left is kept for the next one."""


@dataclass(frozen=True)
class Origin:
    """Where a model came from: a folder or an archive, or an address on the hub with the commit that its revision stood for."""

    kind: Literal["import", "hub"]
    source: str
    commit: str = ""
    fetched: str = ""

    @property
    def command(self) -> str:
        """What brings the model again."""
        return f"siga-ocr models {'pull' if self.kind == 'hub' else 'import'} {self.source}"


@dataclass(frozen=True)
class Entry:
    """A name and what it points to: `digest` names the folder, `files` are those that it held when it took its place."""

    name: str
    digest: str
    origin: Origin
    files: tuple[StoredFile, ...]

    @property
    def folder(self) -> Path:
        """The model folder."""
        return home() / "models" / self.digest

    def damage(self) -> list[str]:
        """What is missing or not as it was, file by file; every byte is read."""
        if not self.folder.is_dir():
            return [f"{self.folder} is missing"]
        found = {file.name: file for file in contents(self.folder)}
        missing = [f"{file.name} is missing" for file in self.files if file.name not in found]
        return missing + [f"{file.name} has changed" for file in self.files if file.name in found and found[file.name] != file]


def entries() -> list[Entry]:
    """All names, sorted.

    Raises:
        ModelError: a name's file is damaged.
    """
    folder = home() / "names"
    return [_read(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def get(name: str) -> Entry | None:
    """What a name points to; nothing where there is no such name.

    Raises:
        ModelError: the name's file is damaged.
    """
    path = _path_of(name)
    if not path.is_file():
        return None
    entry = _read(path)
    return entry if entry.name == name else None  # a file system that takes `Line` for `line`


def put(staged: Path, name: str, origin: Origin) -> Entry:
    """Give a folder that was checked its place and let `name` point to it; `staged` is gone afterwards.

    Readers see what was there before or the new model, never a mixture. Folders that no name points to any more are deleted.

    Raises:
        DiskError: the store cannot be written.
    """
    with written("the model"), locked("store"):
        files = contents(staged)
        entry = Entry(name, digest_of(files), origin, files)
        _place(staged, entry)
        _write(_path_of(name), entry)
        _sweep()
    return entry


def point(name: str, entry: Entry) -> Entry:
    """Let another name point to what is there.

    Raises:
        DiskError: the store cannot be written.
    """
    made = Entry(name, entry.digest, entry.origin, entry.files)
    with written("the name"), locked("store"):
        _write(_path_of(name), made)
        _sweep()
    return made


def remove(entry: Entry) -> None:
    """Forget a name, and delete its folder unless another name points to it.

    Raises:
        DiskError: the store cannot be written.
    """
    with written("the store"), locked("store"):
        _path_of(entry.name).unlink(missing_ok=True)
        _sweep()


def check_plain(name: str) -> None:
    """Refuse a name that could be taken for a path or an address.

    Raises:
        UsageError: it is one of those, or too long.
    """
    if not PLAIN_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a model: up to 64 letters, digits, '.', '_' and '-', a letter or a digit first.")


def _path_of(name: str) -> Path:
    return home() / "names" / f"{quote(name, safe='')}.json"


def _read(path: Path) -> Entry:
    try:
        entry = build(Entry, from_json(small_file(path)), "entry")
    except (OSError, ValueError, UsageError) as error:
        raise ModelError(f"{path} is damaged ({error}). Delete it and bring the model again with siga-ocr models pull or import.") from error
    if not re.fullmatch(r"[0-9a-f]{32}", entry.digest):
        raise ModelError(f"{path} is damaged (no digest). Delete it and bring the model again with siga-ocr models pull or import.")
    return entry


def _write(path: Path, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = incoming() / f"{os.urandom(16).hex()}.json"
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(asdict(entry), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def _place(staged: Path, entry: Entry) -> None:
    """Move `staged` to its place, unless the same content lies there unharmed."""
    if entry.folder.exists():
        if not entry.damage():
            return
        damaged = incoming() / os.urandom(16).hex()
        entry.folder.rename(damaged)
        discard(damaged)
    entry.folder.parent.mkdir(parents=True, exist_ok=True)
    for file in entry.files:
        with (staged / file.name).open("rb") as stream:
            os.fsync(stream.fileno())
    staged.rename(entry.folder)


def _sweep() -> None:
    """Delete the folders that no name points to, and what interrupted runs have left long ago."""
    try:
        wanted = {entry.digest for entry in entries()}
    except ModelError:  # of a name that cannot be read nobody knows what it points to
        return
    for folder in (home() / "models").glob("*"):
        if folder.name not in wanted:
            discard(folder)
    for left in incoming().iterdir():
        if left.suffix != ".lock" and time() - left.stat().st_mtime > KEPT_SECONDS:
            discard(left)
