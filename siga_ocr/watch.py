"""A hot folder: each file that comes is read once, when it is complete; it ends when it is asked to, and forgets nothing."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from time import monotonic

from siga_ocr.changes import SHORTEST_PAUSE, changes_told, is_told_of
from siga_ocr.errors import DiskError, NoInputError, UsageError
from siga_ocr.journal import Identity, Journal, identity_of
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.sources import Search, find_images

UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")
"""Endings that say that a file is still being written, whatever patterns ask for."""

CAPACITY = 4096
"""Files that are waited for at the same time; what comes beyond it is found again by looking."""

BATCH = 256
LOOK_SECONDS = 60.0
"""Between two looks at the whole folder where changes are told: a network or a full queue may have swallowed some."""


@dataclass(frozen=True)
class Hot:
    """A folder that is watched: a file is complete when it has not changed for `settle` seconds.

    With `poll` the folder is looked through again and again, for shares that tell of no changes. Files whose reading is accepted are moved
    to `done`, all others to `failed`, where those are given. `spared` files, by their real paths, are never read.
    """

    folder: Path
    search: Search = field(default_factory=Search)
    settle: float = 1.0
    poll: bool = False
    done: Path | None = None
    failed: Path | None = None
    spared: frozenset[Path] = frozenset()

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            NoInputError: there is no such folder.
            UsageError: the system can tell nothing of a folder of such a name; or files would be moved to the folder that they came from, or one
                above it, where none is read.
        """
        if not self.folder.is_dir():
            raise NoInputError(f"There is no folder {self.folder}: make it, or name another one.")
        if not self.poll and not is_told_of(self.folder):
            raise UsageError(
                f"The name of {self.folder} is no UTF-8, and the system tells no changes there: look through it with --poll, or rename it."
            )
        for target in (self.done, self.failed):
            if target is not None and self._real_folder.is_relative_to(target.resolve()):
                raise UsageError(f"{target} is the folder that is watched, or holds it: name another one to move files to.")

    def wants(self, file: str) -> bool:
        """Whether a path of the folder, or below it, is to be read."""
        path = Path(file)
        if path.name.lower().endswith(UNFINISHED) or not self.search.takes(path.name):
            return False
        below = path.relative_to(self.folder) if path.is_relative_to(self.folder) else Path(path.name)
        folders = below.parts[:-1]
        hidden = any(folder.startswith(".") for folder in folders) or (bool(folders) and not self.search.recursive)
        return not hidden and not self._is_put_away(below.parent) and not self._is_spared(below)

    def _is_put_away(self, below: Path) -> bool:
        """Whether a folder below the one that is watched is one that files are moved to, whatever leads there."""
        if not below.parts or not self._real_targets:
            return False
        real = (self._real_folder / below).resolve()
        return any(real.is_relative_to(target) for target in self._real_targets)

    def _is_spared(self, below: Path) -> bool:
        return below.name in self._spared_names and (self._real_folder / below.parent).resolve() / below.name in self.spared

    @cached_property
    def _spared_names(self) -> frozenset[str]:
        return frozenset(path.name for path in self.spared)

    @cached_property
    def _real_folder(self) -> Path:
        return self.folder.resolve()

    @cached_property
    def _real_targets(self) -> tuple[Path, ...]:
        return tuple(target.resolve() for target in (self.done, self.failed) if target is not None)

    def files(self) -> Iterator[str]:
        """All that is there to be read now."""
        try:
            found = chain.from_iterable(find_images([str(self.folder)], self.search))
            yield from (file for file in found if self.wants(file))
        except NoInputError:  # an empty folder is what we wait in front of
            return


class Settling:
    """Files that may still be growing: each is complete when its identity has not changed for a while."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: dict[str, tuple[Identity, float]] = {}

    def __len__(self) -> int:
        return len(self._since)

    def see(self, identity: Identity) -> None:
        """Take notice of a file as it is now."""
        before = self._since.get(identity.file)
        if before is None or before[0] != identity:
            self._since[identity.file] = (identity, self._clock())

    def complete(self) -> list[Identity]:
        """Those that have not changed for long enough; they are no longer waited for."""
        ready = []
        for file, (identity, since) in list(self._since.items()):
            if self._clock() - since < self._seconds:
                continue
            now = identity_of(file)
            if now == identity:
                ready.append(identity)
            if now is None or now == identity:
                del self._since[file]
            else:
                self.see(now)
        return ready


class Watch:
    """Reads what comes into a folder and records it; `run` yields each reading when it is recorded. The journal's own files may lie there too.

    `notice` hears where the system does not tell what changes.
    """

    def __init__(self, hot: Hot, reader: Reader, journal: Journal, notice: Callable[[str], None] = lambda _: None) -> None:
        self._notice = notice
        self._hot = replace(hot, spared=hot.spared | journal.files)
        self._reader = reader
        self._journal = journal
        self._settling = Settling(hot.settle)

    def run(self, stop: threading.Event) -> Iterator[Reading]:
        """Read until `stop` is set; what is being read then is still recorded.

        Raises:
            DiskError: a record cannot be written, or a file cannot be moved.
        """
        looked, is_cut = float("-inf"), False
        for changed in self._changes(stop):
            if changed is None or monotonic() - looked > LOOK_SECONDS or (is_cut and not len(self._settling)):
                looked, is_cut = monotonic(), not self._look(self._hot.files())
            elif not self._look(file for file in changed if self._hot.wants(file)):
                is_cut = True
            ready = self._settling.complete()
            for start in range(0, len(ready), BATCH):
                if stop.is_set():
                    return
                yield from self._read(ready[start : start + BATCH])

    def _look(self, files: Iterable[str]) -> bool:
        """Wait for those that are not recorded yet, and put away those that a killed run left; whether there was room for all."""
        for file in files:
            identity = identity_of(file)
            if identity is None:
                continue
            if status := self._journal.status_of(identity):
                self._put_away(file, status)
            elif len(self._settling) >= CAPACITY:
                return False
            else:
                self._settling.see(identity)
        return True

    def _read(self, batch: Sequence[Identity]) -> Iterator[Reading]:
        for identity, reading in zip(batch, self._reader.read(identity.file for identity in batch), strict=True):
            now = identity_of(identity.file)
            if now != identity:  # it has changed while it was read: once more, when it is complete
                if now is not None:
                    self._settling.see(now)
                continue
            self._journal.add(reading, identity, self._reader.provenance)
            self._put_away(identity.file, reading.status)
            yield reading

    def _put_away(self, file: str, status: str) -> None:
        target = self._hot.done if status == "ok" else self._hot.failed
        if target is None:
            return
        path = Path(file)
        place = target / path.relative_to(self._hot.folder)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, _free(place))
        except FileNotFoundError:  # somebody else was faster
            return
        except OSError as error:
            raise DiskError(f"{file} cannot be moved to {place}: {error.strerror}. Name another folder with --done or --failed.") from error

    def _changes(self, stop: threading.Event) -> Iterator[list[str] | None]:
        """Paths that have changed, now and then none of them, until `stop` is set; None where the whole folder is to be looked at."""
        pause = min(max(self._hot.settle / 2, 0.05), 5.0)
        yield None
        if self._hot.poll:
            while not stop.wait(max(pause, SHORTEST_PAUSE)):
                yield None
            return
        yield from changes_told(self._hot.folder, self._hot.search.recursive, pause, stop, self._notice)


def _free(place: Path) -> Path:
    """A name that nothing has yet: `code.png`, `code-2.png`, `code-3.png`."""
    number, free = 1, place
    while free.exists():
        number += 1
        free = place.with_stem(f"{place.stem}-{number}")
    return free
