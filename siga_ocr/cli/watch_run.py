"""One run of `watch`: opens the journal, waits for files, says what was read, and ends when a signal asks for it."""

import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from siga_ocr.cli import console
from siga_ocr.cli.read_run import Choice
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.journal import Journal
from siga_ocr.reader import Reader
from siga_ocr.sources import STREAM, is_folder
from siga_ocr.watch import Hot, Watch


@dataclass(frozen=True)
class Job:
    """The whole of what was asked for."""

    hot: Hot
    output: Path
    choice: Choice
    quiet: bool


def run(job: Job) -> ExitCode:
    """Watch until a signal comes, and return the exit code."""
    _check(job.output)
    console.hush_decoders()
    choice = job.choice
    with Journal(job.output) as journal, _ended_by_signals() as ending:
        reader = Reader.load(choice.model, choice.device, choice.engine, choice.options)
        for notice in () if job.quiet else (*reader.notices, f"Watching {job.hot.folder}; records go to {job.output}."):
            console.say(notice)
        for reading in Watch(job.hot, reader, journal, (lambda _: None) if job.quiet else console.say).run(ending.stop):
            if not job.quiet:
                console.say(f"{reading.file}\t{reading.status}\t{reading.text or reading.error}")
    return ExitCode.INTERRUPTED if ending.number == signal.SIGINT else ExitCode.OK


def _check(output: Path) -> None:
    """Refuse what cannot remember what was read."""
    if str(output) == STREAM:
        raise UsageError(
            "Records of watch go to a file, which remembers what was read, and not to stdout: name one with --output and follow it with tail -f."
        )
    if not is_folder(str(output.parent)):
        raise UsageError(f"{output} cannot be written: name a file in a folder that is there.")
    try:
        mode = output.stat().st_mode
    except OSError:  # not there yet; or closed, which the journal says
        return
    if not stat.S_ISREG(mode):
        raise UsageError(f"{output} is no regular file, and cannot remember what was read: name another one with --output.")


class _Ending:
    """Whether a signal has asked for the end, and which."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.number = 0

    def ask(self, number: int, frame: FrameType | None) -> None:
        """A signal handler."""
        del frame
        self.number = number
        self.stop.set()


@contextmanager
def _ended_by_signals() -> Iterator[_Ending]:
    """SIGTERM and Ctrl-C ask for the end instead of tearing the program out of a record."""
    ending = _Ending()
    before = {number: signal.signal(number, ending.ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
