"""What the system tells of changes in a folder, and where it cannot tell; it knows paths, nothing of what is read."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

SHORTEST_PAUSE = 0.5
"""Seconds between two looks at a whole folder, however soon its files count as complete."""


def is_told_of(folder: Path) -> bool:
    """Whether a folder has a name that the system can be asked about: one in UTF-8."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        return False
    return True


def changes_told(folder: Path, recursive: bool, pause: float, stop: threading.Event, failed: Callable[[str], None]) -> Iterator[list[str] | None]:
    """Paths that have changed, about every `pause` seconds none of them, until `stop` is set; None where the whole folder is to be looked at.

    That is so when telling begins, because of what came before, and when it fails, as it does over a name that is no UTF-8: it then begins anew.
    `failed` hears of the first time.
    """
    from watchfiles._rust_notify import WatchfilesRustInternalError

    told = False
    while True:
        try:
            yield from _told(folder, recursive, pause, stop)
            return
        except WatchfilesRustInternalError as error:  # of what came together with such a name nothing is told either
            if not told:
                failed(f"The system does not tell all that changes in {folder} ({error}): the whole folder is looked at each time it fails.")
            told = True
            if stop.wait(max(pause, SHORTEST_PAUSE)):
                return
            yield None


def _told(folder: Path, recursive: bool, pause: float, stop: threading.Event) -> Iterator[list[str] | None]:
    from watchfiles import Change, watch

    every = watch(
        folder,
        watch_filter=None,
        stop_event=stop,
        rust_timeout=round(1000 * pause),
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=recursive,
        ignore_permission_denied=True,
    )
    for number, changes in enumerate(every):
        yield [_named(path, folder) for change, path in changes if change is not Change.deleted] if number else None


def _named(path: str, folder: Path) -> str:
    """As a look at the folder would name it: beginning with the folder as it was given."""
    for real in (folder.absolute(), folder.resolve()):
        if Path(path).is_relative_to(real):
            return os.path.join(str(folder), os.path.relpath(path, real))  # noqa: PTH118
    return path
