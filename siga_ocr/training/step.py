"""One step of training: forward, pseudo-mask, losses, backward, the optimiser and the moving average."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import DeviceError
from siga_ocr.losses import Truth
from siga_ocr.model.pseudo_label import text_pseudo_mask
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training.memory import is_out_of_memory
from siga_ocr.training.passes import Loss, Piece
from siga_ocr.training.sharing import rank, rows_of
from siga_ocr.training.state import TrainingState


@dataclass(frozen=True)
class StepResult:
    """What a step came to: `loss` in all and `parts` by name, the `gradient` norm before clipping, whether the weights were changed."""

    loss: float
    parts: Mapping[str, float]
    gradient: float
    applied: bool


def rate_at(step: int, steps: int, config: OptimiserConfig) -> float:
    """The learning rate of a step (from 0 on): warm-up, then half a cosine to `rate * floor`."""
    if step < config.warm_up:
        share = (step + 1) / config.warm_up
        if config.warm_up_form == "cosine":
            share = 0.5 * (1 - math.cos(math.pi * share))
        return config.rate * (config.begin + (1 - config.begin) * share)
    done = min(1.0, (step - config.warm_up) / max(1, steps - config.warm_up))
    return config.rate * (config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done)))


def take_step(state: TrainingState, batch: TrainBatch, config: TrainConfig) -> StepResult:
    """Train on one batch; a loss or gradient that is not finite leaves weights and statistics as they were.

    The random numbers of dropout are a function of the recipe's seed, the step and the process. Gradients are averaged over the processes.
    Where memory does not suffice, the batch is computed in twice as many pieces, and so are those of all later steps.

    Raises:
        DeviceError: memory does not suffice for a single crop.
        ProcessLost: a process that shares the step is not there any more.
    """
    step = state.progress.step
    statistics = [buffer.clone() for buffer in state.model.buffers()]
    total, parts = _within_memory(state, batch, config, statistics)
    gradient = _joined(state, total, config.optimiser)
    applied = math.isfinite(gradient)
    if applied:
        _apply(state, step, config)
    else:
        _restore(state, statistics)
    return StepResult(float(total), {name: float(part) for name, part in parts.items()}, gradient, applied)


def _within_memory(state: TrainingState, batch: TrainBatch, config: TrainConfig, statistics: list[Tensor]) -> Loss:
    """Gradients of this process's rows, in as many pieces as it takes: the loss and its parts.

    No other process is left waiting for longer than that takes: the learner sees to it.
    """
    while True:
        torch.manual_seed((config.seed * 1_000_003 + state.progress.step) * 64 + rank())
        try:
            return _gradients(state, batch, config)
        except RuntimeError as error:  # of which torch.OutOfMemoryError is one
            if not is_out_of_memory(error):
                raise
            if state.progress.pieces >= len(batch):
                raise DeviceError("Memory does not suffice to train on a single crop: close other programs, or take another device.") from error
        state.optimiser.zero_grad(set_to_none=True)
        _restore(state, statistics)
        state.progress = replace(state.progress, pieces=2 * state.progress.pieces)


def _gradients(state: TrainingState, batch: TrainBatch, config: TrainConfig) -> Loss:
    """Sum the gradients of a batch's pieces, each weighted by its share of the rows."""
    state.optimiser.zero_grad(set_to_none=True)
    total, sums = torch.zeros((), device=state.ctc_head.weight.device), dict[str, Tensor]()
    count = min(state.progress.pieces, len(batch))
    for number in range(count):
        rows = rows_of(batch, number, count)
        piece = _piece(rows, len(rows) / len(batch), config, total.device, is_last=number == count - 1)
        loss, parts = state.learner.learn(piece, state.progress.step / config.steps)
        total = total + piece.share * loss
        sums = {name: sums.get(name, 0) + piece.share * part for name, part in parts.items()}
    return total, sums


def _piece(rows: TrainBatch, share: float, config: TrainConfig, device: torch.device, *, is_last: bool) -> Piece:
    truth, images = _truth(rows, config, device), torch.from_numpy(rows.images).to(device)
    return Piece(images.contiguous(memory_format=torch.channels_last), truth, share, is_last)


def _truth(batch: TrainBatch, config: TrainConfig, device: torch.device) -> Truth:
    mask = torch.from_numpy(batch.mask).to(device)
    pseudo_mask, weight = text_pseudo_mask(torch.from_numpy(batch.grey).to(device), mask, config.loss.pseudo_mask)
    return Truth(torch.from_numpy(batch.targets).to(device), torch.from_numpy(batch.lengths).to(device), pseudo_mask, weight, mask)


def _joined(state: TrainingState, total: Tensor, config: OptimiserConfig) -> float:
    """Average the gradients over all processes and clip them; their norm before, not finite where the loss is not."""
    loss = state.learner.average(total)
    norm = torch.nn.utils.clip_grad_norm_(state.parameters, config.clip_norm or math.inf)
    return float(norm + 0 * loss)


def _apply(state: TrainingState, step: int, config: TrainConfig) -> None:
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(step, config.steps, config.optimiser)
    state.optimiser.step()
    state.average.update(state.model, step)


def _restore(state: TrainingState, statistics: list[Tensor]) -> None:
    with torch.no_grad():
        for buffer, before in zip(state.model.buffers(), statistics, strict=True):
            buffer.copy_(before)
