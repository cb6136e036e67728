"""Processes that `torchrun` started, on one machine or several: the first one leads, the others take their rows of each batch and nothing else.

Only the leader opens files: followers get the recipe, the weights and their crops from it.
"""

import os
import sys
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import NoReturn, cast

import torch
from torch import Tensor, distributed
from torch.distributed.rendezvous import rendezvous

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost, UsageError
from siga_ocr.interruption import leave_to_parent
from siga_ocr.model import build_model
from siga_ocr.recipe import TrainConfig
from siga_ocr.training.replica import Replica
from siga_ocr.training.sharing import rows_of, sharing
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import take_step

JOINING = timedelta(minutes=5)
"""How long a process waits until all of them are there."""

PATIENCE = timedelta(minutes=20)
"""How long a process waits for the others at work, where the leader checks crops, measures and writes; one that ends is noticed at once."""

Begin = tuple[TrainConfig, dict[str, Tensor]]
Share = tuple[int, TrainBatch]


def is_launched() -> bool:
    """Whether `torchrun` started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "MASTER_ADDR" in os.environ


def leads() -> bool:
    """Whether this process is alone, or the first of those that `torchrun` started."""
    return not is_launched() or os.environ.get("RANK", "0") == "0"


def is_joined() -> bool:
    """Whether this process belongs to a fleet."""
    return distributed.is_initialized()


def join(device: str) -> torch.device:
    """Meet the other processes; each gets the device of its number on its machine where `device` is `auto` or `cuda`.

    Raises:
        UsageError: one device was named for all of them.
        ProcessLost: not all of them came.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"Under torchrun each process takes a device of its own: leave --device {device} away.")
    on_gpu = device != "cpu" and torch.cuda.is_available()
    chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(chosen)
    _meet("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
    return chosen


def _meet(backend: str) -> None:
    """Wait until every process has said that it is there, then join them."""
    try:
        store, own, count = next(rendezvous("env://", timeout=JOINING))
        store.set(f"here-{own}", "")
        store.wait([f"here-{number}" for number in range(count)], JOINING)
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ['MASTER_ADDR']}:{os.environ.get('MASTER_PORT', '')}"
        raise ProcessLost(
            f"The {os.environ['WORLD_SIZE']} processes did not all come to {where} within {JOINING} ({str(error).splitlines()[0]}): see what their "
            "machines say, and start all of them again."
        ) from error
    with sharing():
        distributed.init_process_group(backend, store=store, rank=own, world_size=count, timeout=PATIENCE)


def leave() -> None:
    """Part from the other processes."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def end() -> NoReturn:
    """Part from the other processes and end this one, which followed, with exit code 0 and without the interpreter's shutdown.

    A thread of gloo may hold the last tensor that came for a moment longer; where it drops it during that shutdown, the process is aborted.
    """
    leave()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class Fleet:
    """The leader's side: a context in which followers share each step."""

    def __init__(self, state: TrainingState, config: TrainConfig) -> None:
        self._state, self._config = state, config
        self._count = distributed.get_world_size()

    def __enter__(self) -> "Fleet":
        with sharing():
            distributed.broadcast_object_list([(self._config, self._state.tensors())], src=0)
        replicate(self._state, self._config)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None or issubclass(kind, KeyboardInterrupt | GeneratorExit):
            self._scatter([None] * self._count)

    def share(self, batch: TrainBatch) -> TrainBatch:
        """Give the followers their rows of a batch, and return ours.

        Raises:
            ProcessLost: a follower has ended.
        """
        step = self._state.progress.step
        self._scatter([(step, rows_of(batch, rank, self._count)) for rank in range(self._count)])
        return rows_of(batch, 0, self._count)

    def _scatter(self, shares: list[Share | None]) -> None:
        with sharing():
            distributed.scatter_object_list([None], shares, src=0)


def replicate(state: TrainingState, config: TrainConfig) -> None:
    """Let DistributedDataParallel average the gradients of `state` from here on."""
    state.learner = Replica(state.model, state.ctc_head, config)


def follow(device: torch.device) -> None:
    """The life of a process that does not lead: the same steps on its own rows until it is told to end.

    Raises:
        ProcessLost: the leader has ended, or another process.
        DeviceError: memory does not suffice for a single crop, or no more for what it sufficed for before.
    """
    leave_to_parent()
    begun: list[Begin | None] = [None]
    with sharing():
        distributed.broadcast_object_list(begun, src=0)
    config, tensors = cast(Begin, begun[0])
    state = TrainingState(build_model(config.model).to(device), config, Progress())
    state.fill(tensors)
    replicate(state, config)
    while True:
        share: list[Share | None] = [None]
        with sharing():
            distributed.scatter_object_list(share, None, src=0)
        if share[0] is None:
            return
        step, batch = share[0]
        state.progress = replace(state.progress, step=step)
        take_step(state, batch, config)
