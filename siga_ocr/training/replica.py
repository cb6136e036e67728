"""A process of a fleet: its training pass lies in PyTorch's DistributedDataParallel, which averages gradients over all processes as it goes back.

A process whose memory does not suffice within that pass would keep the others waiting for gradients that never come. So a piece larger than any
before is computed without the others first, where it may be divided and repeated; then its gradients are handed over in a pass over no crops at all.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from siga_ocr.errors import DeviceError, ProcessLost
from siga_ocr.model import SigaModel
from siga_ocr.recipe import TrainConfig
from siga_ocr.training.learner import Learner
from siga_ocr.training.memory import is_out_of_memory
from siga_ocr.training.passes import Loss, Piece, TrainingPass
from siga_ocr.training.sharing import LOST, sharing

_Phase = tuple[bool, bool]
"""Which parameters take part: only those that CTC reaches; the CTC head."""


class Replica(Learner):
    """One process among those that `torchrun` started; each keeps the batch statistics of its own rows."""

    def __init__(self, model: SigaModel, ctc_head: nn.Linear, config: TrainConfig) -> None:
        self._model, self._ctc_head, self._config = model, ctc_head, config
        self._phase: _Phase | None = None
        self._wrapped: DistributedDataParallel | None = None
        self._fitted: list[tuple[int, int, int]] = []

    def learn(self, piece: Piece, progress: float) -> Loss:
        """As alone; after the last piece the gradients are the mean over all processes.

        Raises:
            ProcessLost: one of them is not there any more.
            DeviceError: memory does not suffice any more for what it sufficed for before.
        """
        network = self.network(progress)
        at_once = piece.is_last and self._has_fitted(piece)
        with _among_others(), nullcontext() if at_once else network.no_sync():
            loss, parts = network(piece, progress)
            with _inseparable() if at_once else nullcontext():
                (piece.share * loss).backward()
        if not at_once:
            self._note(piece)
            if piece.is_last:
                _hand_over(network, progress)
        return loss.detach(), parts

    def average(self, loss: Tensor) -> Tensor:
        """The mean of all losses; the gradients are averaged already."""
        mean = loss.detach().clone()
        with sharing():
            distributed.all_reduce(mean)
        return mean / distributed.get_world_size()

    def network(self, progress: float) -> DistributedDataParallel:
        """The training pass among the processes, wrapped anew where other parameters take part from here on, in all processes at the same step."""
        ctc = self._config.ctc
        alone = progress < ctc.alone
        phase = (alone, alone or ctc.weight_at(progress) > 0)
        if self._wrapped is None or phase != self._phase:
            self._wrapped, self._phase, self._fitted = None, phase, []
            taking_part = TrainingPass(self._model, self._ctc_head if phase[1] else None, self._config)
            self._wrapped = _wrapped(taking_part, find_unused=alone)
        return self._wrapped

    def _has_fitted(self, piece: Piece) -> bool:
        """Whether memory sufficed for a piece before that was no smaller in any way."""
        return any(all(now <= before for now, before in zip(_size(piece), fitted, strict=True)) for fitted in self._fitted)

    def _note(self, piece: Piece) -> None:
        if not self._has_fitted(piece):
            self._fitted.append(_size(piece))


def _size(piece: Piece) -> tuple[int, int, int]:
    """What memory depends on: rows, columns, characters."""
    return piece.images.shape[0], piece.images.shape[3], piece.truth.targets.shape[1]


def _wrapped(taking_part: TrainingPass, *, find_unused: bool) -> DistributedDataParallel:
    with _among_others(), _inseparable():
        return DistributedDataParallel(taking_part, broadcast_buffers=False, find_unused_parameters=find_unused)


def _hand_over(network: DistributedDataParallel, progress: float) -> None:
    """Average the gradients that a process has computed by itself."""
    with _among_others(), _inseparable():
        nothing, _ = network(None, progress)
        nothing.backward()


@contextmanager
def _among_others() -> Iterator[None]:
    """A block in which processes compute and talk to each other.

    Raises:
        ProcessLost: one of them is not there any more.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Grad strides do not match")  # of 1x1 convolutions: two sets of strides for one order of numbers
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated")  # what takes its place is not in every PyTorch that we run on
            yield
    except RuntimeError as error:
        if isinstance(error, distributed.DistError) or "gloo" in str(error).lower():
            raise ProcessLost(LOST) from error
        raise


@contextmanager
def _inseparable() -> Iterator[None]:
    """A block that cannot be repeated in smaller pieces, because other processes are within it too.

    Raises:
        DeviceError: memory does not suffice.
    """
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise DeviceError(
                "Memory does not suffice any more for what it sufficed for before: close other programs on this machine or device, and go on with "
                "--resume."
            ) from error
        raise
