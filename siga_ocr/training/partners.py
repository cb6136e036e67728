"""Processes that share each training step: every one takes its rows of the batch, gradients are averaged, weights stay equal everywhere.

Small layers gain nothing from a second thread, so that two processes of one thread train faster than one process of two threads.
"""

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType

import torch
from torch import Tensor, distributed, multiprocessing

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost
from siga_ocr.interruption import leave_to_parent
from siga_ocr.model import build_model
from siga_ocr.recipe import TrainConfig
from siga_ocr.training.sharing import rows_of, sharing
from siga_ocr.training.state import Progress, TrainingState

JOINING = timedelta(minutes=5)
"""How long a process may take to begin."""

PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others at work; one that ends is noticed at once."""


@dataclass(frozen=True)
class Place:
    """One process among `count`: the file where they meet, and its threads."""

    meeting: Path
    rank: int
    count: int
    threads: int


class Partners:
    """The other processes of a training, as a context; with `count` 1 there are none and nothing is shared."""

    def __init__(self, state: TrainingState, config: TrainConfig, count: int) -> None:
        self._state, self._config, self._count = state, config, count
        self._pipes: list[Connection] = []
        self._processes: list[SpawnProcess] = []

    def __enter__(self) -> "Partners":
        if self._count > 1:
            self._folder = tempfile.TemporaryDirectory(prefix="siga-ocr-")
            try:
                self._start(Path(self._folder.name) / "meeting")
            except BaseException:
                self._end()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._count == 1:
            return
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            if process.is_alive() and kind is None:
                pipe.send(None)
                process.join(PATIENCE.total_seconds())
        self._end()

    def share(self, batch: TrainBatch) -> TrainBatch:
        """Give the partners their rows of a batch, and return ours.

        Raises:
            ProcessLost: a partner has ended.
        """
        for rank, (pipe, process) in enumerate(zip(self._pipes, self._processes, strict=True), 1):
            try:
                pipe.send((self._state.progress.step, rows_of(batch, rank, self._count)))
            except OSError as error:
                raise _lost(rank, process) from error
        return rows_of(batch, 0, self._count)

    def _start(self, meeting: Path) -> None:
        context = multiprocessing.get_context("spawn")
        tensors = self._state.tensors()
        for rank in range(1, self._count):
            ours, theirs = context.Pipe()
            place = Place(meeting, rank, self._count, torch.get_num_threads())
            process = context.Process(target=_work_along, args=(place, self._config, tensors, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._expect()
        _meet(meeting, 0, self._count)

    def _expect(self) -> None:
        """Wait until every partner has begun."""
        for rank, (pipe, process) in enumerate(zip(self._pipes, self._processes, strict=True), 1):
            try:
                if not pipe.poll(JOINING.total_seconds()):
                    raise ProcessLost(f"Training process {rank} did not begin within {JOINING}: close other programs, then begin again.")
                pipe.recv()
            except (EOFError, OSError) as error:
                raise _lost(rank, process) from error

    def _end(self) -> None:
        """Let nothing be left of the partners."""
        for process in self._processes:
            process.kill()
            process.join()
        if distributed.is_initialized():
            distributed.destroy_process_group()
        self._folder.cleanup()


def _lost(rank: int, process: SpawnProcess) -> ProcessLost:
    process.join(1)
    return ProcessLost(
        f"Training process {rank} has ended (exit code {process.exitcode}): free memory if that is -9, which the system sends where there is too "
        "little, and go on with --resume."
    )


def _meet(meeting: Path, own: int, count: int) -> None:
    with sharing():
        distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=own, world_size=count, timeout=PATIENCE)


def _work_along(place: Place, config: TrainConfig, tensors: dict[str, Tensor], pipe: Connection) -> None:
    """The life of a partner: the same steps on its own rows until it is told to end, or the first process is gone."""
    from siga_ocr.training.step import take_step

    leave_to_parent()
    torch.set_num_threads(place.threads)
    try:
        pipe.send("here")
        _meet(place.meeting, place.rank, place.count)
        state = TrainingState(build_model(config.model), config, Progress())
        state.fill(tensors)
        while (message := pipe.recv()) is not None:
            step, batch = message
            state.progress = replace(state.progress, step=step)
            take_step(state, batch, config)
    except (EOFError, OSError, ProcessLost):  # the first process is gone, or will say which one is
        return
