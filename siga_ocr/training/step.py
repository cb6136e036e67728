"""One step of training: forward, pseudo-mask, losses, backward, the optimiser and the moving average."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import DeviceError
from siga_ocr.losses import Truth, total_loss
from siga_ocr.model.pseudo_label import text_pseudo_mask
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training.partners import average_gradients, rank, rows_of
from siga_ocr.training.state import TrainingState

_OUT_OF_MEMORY = ("DefaultCPUAllocator", "out of memory", "could not create a primitive", "could not create a memory object", "bad_alloc")
"""What PyTorch, and oneDNN and the C++ library below it, say then."""


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


def _within_memory(state: TrainingState, batch: TrainBatch, config: TrainConfig, statistics: list[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """Gradients of this process's rows, in as many pieces as it takes: the loss and its parts.

    No other process waits meanwhile for longer than that takes: gradients are averaged when all have theirs.
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


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that memory did not suffice, of a GPU or of this machine."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY)


def _gradients(state: TrainingState, batch: TrainBatch, config: TrainConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """Sum the gradients of a batch's pieces, each weighted by its share of the rows."""
    state.optimiser.zero_grad(set_to_none=True)
    device = state.ctc_head.weight.device
    terms = _ctc_alone if state.progress.step / config.steps < config.ctc.alone else _all_terms
    total, sums = torch.zeros((), device=device), dict[str, Tensor]()
    count = min(state.progress.pieces, len(batch))
    for number in range(count):
        piece = rows_of(batch, number, count)
        truth, images = _truth(piece, config, device), torch.from_numpy(piece.images).to(device)
        loss, parts = terms(state, images.contiguous(memory_format=torch.channels_last), truth, config)
        share = len(piece) / len(batch)
        (share * loss).backward()  # type: ignore[no-untyped-call]
        total = total + share * loss.detach()
        sums = {name: sums.get(name, 0) + share * part for name, part in parts.items()}
    return total, sums


def _all_terms(state: TrainingState, images: Tensor, truth: Truth, config: TrainConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """The full loss, and CTC while its weight lasts: the sum and its parts."""
    progress = state.progress.step / config.steps
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        output = state.model.outputs(images, truth.mask, truth.targets)
    losses = total_loss(output, truth, config.loss, progress)
    weight = config.ctc.weight_at(progress)
    if weight == 0:
        return losses.total, losses.parts
    ctc = weight * ctc_loss(state.ctc_head(output.encoded.float()), output.column_mask, truth)
    return losses.total + ctc, losses.parts | {"ctc": ctc.detach()}


def _ctc_alone(state: TrainingState, images: Tensor, truth: Truth, config: TrainConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """Only the encoder's columns: decoders and maps learn nothing from features that say nothing yet, and cost half of a step.

    Up to `ctc.even` the characters are taken as evenly spaced, which clean crops bear out well enough to leave CTC's plateau within minutes.
    """
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        encoded, column_mask = state.model.encode(images, truth.mask)
    even = state.progress.step / config.steps < config.ctc.even
    loss = even_loss if even else ctc_loss
    value = config.ctc.weight * loss(state.ctc_head(encoded.float()), column_mask, truth)
    return value, {"even" if even else "ctc": value.detach()}


def even_loss(logits: Tensor, column_mask: Tensor, truth: Truth) -> Tensor:
    """Cross entropy of logits [N, w, K] as if a text's characters shared its columns evenly; only the middle of each share counts.

    A batch without any text gives 0.
    """
    columns = torch.arange(logits.shape[1], device=logits.device)[None]
    place = (columns + 0.5) * truth.lengths[:, None] / column_mask.sum(1, keepdim=True)
    character = place.long().clamp_max(truth.targets.shape[1] - 1)
    counted = ((place - place.floor() - 0.5).abs() < 0.3) & (column_mask > 0) & (truth.lengths[:, None] > 0)
    total = F.cross_entropy(logits[counted], truth.targets.gather(1, character)[counted], reduction="sum")
    return total / counted.sum().clamp_min(1)


def ctc_loss(logits: Tensor, column_mask: Tensor, truth: Truth) -> Tensor:
    """Connectionist temporal classification of logits [N, w, K] on the encoder's columns, per character; class 0 is the blank."""
    probabilities = torch.log_softmax(logits, 2).transpose(0, 1)
    columns = column_mask.sum(1).long()
    each = F.ctc_loss(probabilities, truth.targets, columns, truth.lengths, reduction="none", zero_infinity=True)
    return (each / truth.lengths.clamp_min(1)).mean()


def _truth(batch: TrainBatch, config: TrainConfig, device: torch.device) -> Truth:
    mask = torch.from_numpy(batch.mask).to(device)
    pseudo_mask, weight = text_pseudo_mask(torch.from_numpy(batch.grey).to(device), mask, config.loss.pseudo_mask)
    return Truth(torch.from_numpy(batch.targets).to(device), torch.from_numpy(batch.lengths).to(device), pseudo_mask, weight, mask)


def _joined(state: TrainingState, total: Tensor, config: OptimiserConfig) -> float:
    """Average the gradients over all processes and clip them; their norm before, not finite where the loss is not."""
    loss = average_gradients(state.parameters, total)
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
