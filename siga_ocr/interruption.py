"""Ctrl-C that waits for a good moment: work goes on until it asks, a second one ends it at once."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ONE_PRESS = 1.0
"""Seconds within which signals are the same Ctrl-C: a terminal sends it to every process, and a launcher such as torchrun passes it on."""


class Interruption:
    """Whether a person has asked the work to stop."""

    def __init__(self) -> None:
        self._first: float | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._first is not None

    def ask(self, number: int, frame: FrameType | None) -> None:
        """A signal handler: remember the first Ctrl-C.

        Raises:
            KeyboardInterrupt: it is the second one.
        """
        del number, frame
        now = time.monotonic()
        if self._first is not None and now - self._first > ONE_PRESS:
            raise KeyboardInterrupt
        self._first = now if self._first is None else self._first


@contextmanager
def deferred() -> Iterator[Interruption]:
    """Collect a Ctrl-C within the block instead of being torn out of it; only the main thread hears signals, elsewhere nothing changes."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = signal.signal(signal.SIGINT, interruption.ask)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)


def leave_to_parent() -> None:
    """Make this process deaf to Ctrl-C, which a terminal sends to every process: whoever started it decides when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
