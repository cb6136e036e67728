"""Ctrl-C that waits for a good moment: work goes on until it asks, a second one ends it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether a person has asked the work to stop."""

    def __init__(self) -> None:
        self.is_wanted = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        """A signal handler: remember the first Ctrl-C.

        Raises:
            KeyboardInterrupt: it is the second one.
        """
        del number, frame
        if self.is_wanted:
            raise KeyboardInterrupt
        self.is_wanted = True


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
