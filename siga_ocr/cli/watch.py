"""`siga-ocr watch`: a hot folder in, one JSON line for each file that comes."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from siga_ocr.cli import console, options
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.weights import DEFAULT


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that crops come into.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="JSON lines are appended to it; it remembers what was read.")],
    recursive: options.Recursive = False,
    settle: Annotated[float, typer.Option("--settle", metavar="SECONDS", min=0.0, help="A file is complete when unchanged for so long.")] = 1.0,
    poll: Annotated[bool, typer.Option("--poll", help="Look through DIR again and again, for network shares that tell of no changes.")] = False,
    done: Annotated[Path | None, typer.Option("--done", metavar="DIR", help="Move files there whose reading is accepted.")] = None,
    failed: Annotated[Path | None, typer.Option("--failed", metavar="DIR", help="Move all other files there: status review or error.")] = None,
    model: options.Model = DEFAULT,
    min_confidence: options.MinConfidence = 0.0,
    max_error: options.MaxError = None,
    glob: options.Glob = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")] = False,
    trace: options.Trace = False,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    threads: options.Threads = 0,
) -> None:
    """Read each crop that comes into DIR, once and when it is complete, until the program is ended.

    After a kill or a power cut the same command goes on: nothing is lost, nothing is read twice. SIGTERM ends it with 0.
    """
    from siga_ocr.sources import Search
    from siga_ocr.watch import Hot

    if min_confidence and max_error is not None:
        raise UsageError("--min-confidence and --max-error are two ways to say one thing: give one of them.")
    hot = Hot(folder, Search(recursive, tuple(glob or ())), settle, poll, done, failed)
    hot.check()
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output} cannot be written: name a file in a folder that is there.")

    from siga_ocr.calibration import threshold_for
    from siga_ocr.journal import Journal
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.reader import Reader
    from siga_ocr.watch import Watch

    console.hush_decoders()
    least = min_confidence if max_error is None else threshold_for(model, max_error)
    how = ReadOptions(threads=threads, min_confidence=least, trace=trace)
    with Journal(output) as journal, _ended_by_signals() as ending:
        reader = Reader.load(model, device, engine.value, how)
        for notice in () if quiet else (*reader.notices, f"Watching {folder}; records go to {output}."):
            console.say(notice)
        for reading in Watch(hot, reader, journal).run(ending.stop):
            if not quiet:
                console.say(f"{reading.file}\t{reading.status}\t{reading.text or reading.error}")
    raise typer.Exit(ExitCode.INTERRUPTED if ending.number == signal.SIGINT else ExitCode.OK)


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
