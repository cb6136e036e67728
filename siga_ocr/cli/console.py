"""Where the program speaks: data on stdout, talk on stderr; the only module that prints."""

import io
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO, TypeVar

Item = TypeVar("Item")


def say(message: str) -> None:
    """One line of talk."""
    print(message, file=sys.stderr, flush=True)


def put(record: str) -> None:
    """One line of data."""
    print(record, flush=True)


def fail(error: BaseException) -> None:
    """Say what went wrong, in one line."""
    say(f"siga-ocr: {' '.join(str(error).split())}")


def data_stream() -> TextIO:
    """stdout for records: UTF-8 whatever the locale, file names byte for byte, lines as they are written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    return sys.stdout


def open_missing_streams() -> None:
    """Give a program that was started with a standard stream closed (`2>&-`) somewhere to put its words, before a file takes the free number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            os.set_inheritable(opened, True)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def close_data_stream() -> None:
    """Point stdout at nothing after its reader has gone, so that the interpreter does not complain when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # a stream without a file descriptor has no reader that could go
        return


def is_terminal() -> bool:
    """Whether stdout is watched by a person."""
    return sys.stdout.isatty()


def hush_decoders() -> None:
    """Keep the remarks of the image decoders off stderr: what matters of them stands in the row of the image."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def progress(items: Iterable[Item], unit: str, total: int | None = None) -> Iterator[Item]:
    """The same items, with a progress bar where stderr is a terminal and stdout is none (both would share the screen)."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from items
        return
    from tqdm import tqdm

    yield from tqdm(items, unit=unit, total=total, file=sys.stderr, mininterval=0.5)
