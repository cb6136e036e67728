"""Worker processes: results in order, one thread each, gone when their parent is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from siga_ocr.data.workers import Workers
from siga_ocr.errors import ProcessLost

PARENT = """
import sys
from siga_ocr.data.workers import Workers
from test_workers import announce
Workers(announce, 1).begin([sys.argv[1]])()
"""


def slow_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0.0)
    return number * number


def threads(_: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def end_oneself(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def announce(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


@pytest.mark.parametrize("count", [0, 2])
def test_results_come_in_the_order_of_the_tasks(count: int) -> None:
    with Workers(slow_first, count) as workers:
        assert workers.begin(range(6))() == [0, 1, 4, 9, 16, 25]


def test_a_worker_computes_in_one_thread() -> None:
    with Workers(threads, 1) as workers:
        assert workers.begin([0])() == ["1"]


def test_a_worker_that_is_killed_is_told() -> None:
    with Workers(end_oneself, 1) as workers:
        results = workers.begin([0])
        with pytest.raises(ProcessLost, match="memory"):
            results()
        with pytest.raises(ProcessLost):
            workers.begin([0])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks a process up in /proc")
def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    roots = os.pathsep.join(str(Path(__file__).parents[depth]) for depth in (0, 2))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(path)], env=os.environ | {"PYTHONPATH": roots}, stderr=subprocess.DEVNULL)
    until(lambda: path.exists() and path.read_text() != "")
    worker = Path("/proc") / path.read_text()
    assert worker.exists()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until(lambda: is_gone(worker))


def is_gone(process: Path) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit status yet."""
    try:
        return "State:\tZ" in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def until(condition: Callable[[], bool]) -> None:
    """Wait; a minute is far more than it takes."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")
