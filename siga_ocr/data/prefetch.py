"""Making the next items in a thread while the last one is being used."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")


class _End:
    """Closes the queue: the source is used up, or failed with `error`."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetched(source: Iterator[_Item], depth: int) -> Generator[_Item, None, None]:
    """The items of `source`, up to `depth` of them made ahead; an error of the source is raised where its item would have come."""
    ready: queue.Queue[_Item | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def fill() -> None:
        error: BaseException | None = None
        try:
            for item in source:
                if not _put(ready, item, stopped):
                    return
        except BaseException as caught:  # handed over to whoever waits for the item
            error = caught
        _put(ready, _End(error), stopped)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()


def _put(ready: "queue.Queue[_Item | _End]", item: _Item | _End, stopped: threading.Event) -> bool:
    """Wait for a free place; false where nobody takes items any more."""
    while not stopped.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
