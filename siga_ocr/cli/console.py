"""Where the program speaks: data on stdout, talk on stderr; the only module that prints."""

import os
import sys
from collections.abc import Iterable, Iterator
from io import BufferedReader, BufferedWriter, BytesIO, FileIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

from siga_ocr.errors import DiskError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Item = TypeVar("Item")


def say(message: str) -> None:
    """One line of talk, whatever names of files and models hold; where nobody can hear it, the work goes on without."""
    try:
        print(harmless(message), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _discard(sys.stderr)


def harmless(text: str) -> str:
    """A text without the characters that would move a terminal's cursor, change its title or hide what stands there."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else f"\\x{ord(character):02x}"


def put(record: str) -> None:
    """One line of data; names that are no UTF-8 come out as their bytes."""
    print(record, file=data_stream(), flush=True)


def fail(message: str, error: BaseException) -> None:
    """Say in one line what went wrong, and what the error's notes add to it."""
    say(f"siga-ocr: {' '.join(' '.join([message, *getattr(error, '__notes__', ())]).split())}")


def data_stream() -> TextIO:
    """stdout for records: UTF-8 whatever the locale, file names byte for byte, lines as they are written."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    return sys.stdout


def finish_data_stream() -> None:
    """Write what stdout still holds back, so that a fault of it has its exit code.

    Raises:
        DiskError: nothing more is taken.
        BrokenPipeError: nobody listens any more.
    """
    sys.stdout.flush()


def give_up_data_stream() -> None:
    """Write what stdout still holds back if it is taken; the program ends for another reason, which stays the one that it is told by."""
    try:
        finish_data_stream()
    except (BrokenPipeError, DiskError):
        close_data_stream()


def path_stream() -> BufferedReader | BytesIO:
    """stdin for paths, as bytes; without any where it is closed."""
    stream = sys.stdin.buffer if sys.stdin is not None else BytesIO()
    assert isinstance(stream, BufferedReader | BytesIO)
    return stream


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


class _Stdout(FileIO):
    """The bytes of stdout, whoever writes them: a command, or Typer its help."""

    def write(self, part: "ReadableBuffer", /) -> int:
        """Write some of it.

        Raises:
            DiskError: nothing more is taken.
            BrokenPipeError: nobody listens any more.
        """
        try:
            return super().write(part)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise DiskError(f"stdout cannot be written: {error.strerror}. Free some space or send it elsewhere.") from error


def guard_stdout() -> None:
    """Have a disk that takes no more of stdout told like that of any other result; a terminal is no disk."""
    old = sys.stdout
    if isinstance(old, TextIOWrapper) and old is sys.__stdout__ and not old.isatty():  # it stays open, so that its descriptor is not closed
        raw = _Stdout(old.fileno(), "w", closefd=False)
        sys.stdout = TextIOWrapper(BufferedWriter(raw), old.encoding, old.errors, None, old.line_buffering, old.write_through)


def close_data_stream() -> None:
    """Point stdout at nothing when it takes no more, so that the interpreter does not complain when it ends."""
    _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # a stream without a file descriptor has no reader that could go
        return


def is_terminal() -> bool:
    """Whether stdout is watched by a person."""
    return sys.stdout.isatty()


def hush_decoders() -> None:
    """Keep the remarks of the image decoders off stderr: what matters of them stands in the row of the image."""
    import logging  # costs the start of every other command

    logging.getLogger("PIL").addHandler(logging.NullHandler())


def progress(items: Iterable[Item], unit: str, total: int | None = None, shares_screen: bool | None = None) -> Iterator[Item]:
    """The same items, with a progress bar where stderr is a terminal that no records go to (stdout's, if nothing is said about it)."""
    if not sys.stderr.isatty() or (sys.stdout.isatty() if shares_screen is None else shares_screen):
        yield from items
        return
    from tqdm import tqdm

    yield from tqdm(items, unit=unit, total=total, file=sys.stderr, mininterval=0.5)
