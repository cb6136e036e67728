"""How a door is tried: examples without end by hand, the same few in CI, and what no example may do, whatever it holds."""

import faulthandler
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from siga_ocr.errors import SigaError

Example = TypeVar("Example")
Result = TypeVar("Result")

SECONDS = float(os.environ.get("SIGA_OCR_DOOR_SECONDS", "0"))
"""How long each test of a door runs by hand; 0 is CI: few examples, always the same."""

ROUND = 200
"""Examples of one seed by hand."""

HANGING = 120.0
"""Seconds after which an example counts as hung, and ends the tests with a traceback of where it hangs."""

LONGEST = 4000
"""Characters of a message."""

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class _Watch:
    """What the interpreter is seen to do while an example is `on`; `root` is the only folder that may be written."""

    root: Path | None = None
    seen: list[str] = []  # noqa: RUF012  (one watch a process: audit hooks are never taken away)
    is_set = False
    on = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _Watch.root is None or not _Watch.on:
        return
    if event in FORBIDDEN:
        _Watch.seen.append(f"{event}{arguments!r}"[:200])
    elif event == "open" and isinstance(arguments[0], str | bytes) and isinstance(arguments[2], int) and arguments[2] & WRITING:
        path = Path(os.path.realpath(os.fsdecode(arguments[0])))
        if not path.is_relative_to(_Watch.root) and path != Path(os.devnull):
            _Watch.seen.append(f"writes {path}")


@contextmanager
def watched(root: Path) -> Iterator[None]:
    """Fail if an example starts a process, uses the network or writes a file outside of `root`, as far as the interpreter knows of it."""
    if not _Watch.is_set:
        sys.addaudithook(_audit)
        _Watch.is_set = True
    _Watch.seen.clear()
    _Watch.root = root.resolve()
    try:
        yield
    finally:
        _Watch.root = None
    assert not _Watch.seen, _Watch.seen


@contextmanager
def within(more_bytes: int) -> Iterator[None]:
    """Let this process take no more than so much memory beyond what it has, where the system can limit it."""
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_door(examples: SearchStrategy[Example], holds: Callable[[Example], object], in_ci: int, known: Sequence[Example] = ()) -> None:
    """Let `holds` pass, which raises where a rule is broken, on `known` examples and on others: so many `in_ci`, any number by hand."""
    for example in known:
        timed(holds, example)
    tried, begun = 0, time.monotonic()

    def trial(example: Example) -> None:
        nonlocal tried
        tried += 1
        timed(holds, example)

    phases = (Phase.generate, Phase.target, Phase.shrink)
    kept = settings(database=None, deadline=None, print_blob=False, phases=phases, suppress_health_check=list(HealthCheck))
    for number in count():
        some = settings(kept, max_examples=ROUND if SECONDS else in_ci, derandomize=not SECONDS)
        tries = some(given(examples)(trial))
        (seed(number + int(begun))(tries) if SECONDS else tries)()
        if time.monotonic() - begun >= SECONDS:
            break
    if SECONDS:
        print(f"{tried} examples in {time.monotonic() - begun:.0f} s")


def timed(holds: Callable[[Example], object], example: Example) -> None:
    """Let `holds` pass on one example, and the tests end where it hangs."""
    assert sys.__stderr__ is not None
    faulthandler.dump_traceback_later(HANGING, exit=True, file=sys.__stderr__)
    _Watch.on = True
    try:
        holds(example)
    finally:
        _Watch.on = False
        faulthandler.cancel_dump_traceback_later()


def outcome(action: Callable[[], Result], *named: str) -> Result | None:
    """What came of it; None for an error of the project's own tree, whose message says something and names all of `named`."""
    try:
        return action()
    except SigaError as error:
        said = str(error)
    assert said.strip()
    assert len(said) < LONGEST
    missing = [name for name in named if name not in said]
    assert not missing, f"{missing} is not named by {said!r}"
    return None
