"""Processes that work beside the trainer, out of its way: polite, one thread each, gone when the trainer is gone. Imports no NumPy."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, TypeVar

from siga_ocr.errors import ProcessLost
from siga_ocr.interruption import leave_to_parent

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_NICENESS = 10
_WATCH_SECONDS = 2.0


class Workers(Generic[_Task, _Result]):
    """Runs `work` on tasks in `count` processes; with none, in this one when the results are asked for."""

    def __init__(self, work: Callable[[_Task], _Result], count: int) -> None:
        self._work = work
        self._pool = _pool(count) if count > 0 else None

    def begin(self, tasks: Sequence[_Task]) -> Callable[[], list[_Result]]:
        """Start on `tasks`; the function that comes back waits for all of them and returns their results in order.

        Raises:
            ProcessLost: a process has ended; so does the function that comes back.
        """
        if self._pool is None:
            return lambda: [self._work(task) for task in tasks]
        with _working():
            pending: list[Future[_Result]] = [self._pool.submit(self._work, task) for task in tasks]
        return lambda: _results(pending)

    def close(self) -> None:
        """Stop the processes; tasks not begun are forgotten."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> "Workers[_Task, _Result]":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _results(pending: Sequence[Future[_Result]]) -> list[_Result]:
    with _working():
        return [future.result() for future in pending]


@contextmanager
def _working() -> Iterator[None]:
    try:
        yield
    except BrokenExecutor as error:
        raise ProcessLost(
            "A process that renders crops was ended from outside, as the system does where memory runs out: close other programs, then go on "
            "with --resume, or begin again where nothing was saved yet."
        ) from error


def _pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_settle, initargs=(os.getpid(),))


def _settle(parent: int) -> None:
    """Prepare a worker process: runs before NumPy is imported there, which reads its number of threads only once."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    leave_to_parent()
    import cv2

    cv2.setNumThreads(1)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this process when its parent is gone: a trainer that was killed cannot say goodbye."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
