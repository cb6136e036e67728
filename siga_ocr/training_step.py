"""One step of training: forward, pseudo-mask, losses, backward, the optimiser and the moving average."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from siga_ocr.data.batches import TrainBatch
from siga_ocr.losses import Truth, total_loss
from siga_ocr.model.pseudo_label import text_pseudo_mask
from siga_ocr.partners import average_gradients, rank
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training_state import TrainingState


@dataclass(frozen=True)
class StepResult:
    """What a step came to: `loss` in all and `parts` by name, the `gradient` norm before clipping, whether the weights were changed."""

    loss: float
    parts: Mapping[str, float]
    gradient: float
    applied: bool


def rate_at(step: int, steps: int, config: OptimiserConfig) -> float:
    """The learning rate of a step (from 0 on): linear warm-up, then half a cosine to `rate * floor`."""
    if step < config.warm_up:
        return config.rate * (step + 1) / config.warm_up
    done = min(1.0, (step - config.warm_up) / max(1, steps - config.warm_up))
    return config.rate * (config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done)))


def take_step(state: TrainingState, batch: TrainBatch, config: TrainConfig) -> StepResult:
    """Train on one batch; a loss or gradient that is not finite leaves weights and statistics as they were.

    The random numbers of dropout are a function of the recipe's seed, the step and the process. Gradients are averaged over the processes.
    """
    step = state.progress.step
    device = state.ctc_head.weight.device
    statistics = [buffer.clone() for buffer in state.model.buffers()]
    torch.manual_seed((config.seed * 1_000_003 + step) * 64 + rank())
    truth, images = _truth(batch, config, device), torch.from_numpy(batch.images).to(device)
    images = images.contiguous(memory_format=torch.channels_last)
    progress = step / config.steps
    terms = _ctc_alone if progress < config.ctc.alone else _all_terms
    total, parts = terms(state, images, truth, config)
    gradient = _backward(state, total, config.optimiser)
    applied = math.isfinite(gradient)
    if applied:
        _apply(state, step, config)
    else:
        _restore(state, statistics)
    return StepResult(float(total.detach()), {name: float(part) for name, part in parts.items()}, gradient, applied)


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


def _backward(state: TrainingState, total: Tensor, config: OptimiserConfig) -> float:
    """Clipped gradients; their norm before, not finite where the loss is not."""
    state.optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    loss = average_gradients(state.parameters, total.detach())
    norm = torch.nn.utils.clip_grad_norm_(state.parameters, config.clip_norm)
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
