"""What processes that share a training step do alike: each takes its rows, gradients are averaged, and one that is lost is told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace

import torch
from torch import Tensor, distributed, nn

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost

LOST = "A process that shared the training has ended: see what it said, free memory if it was killed, and go on with --resume."


def rows_of(batch: TrainBatch, rank: int, count: int) -> TrainBatch:
    """Every `count`-th row of a batch from `rank` on; the whole batch where it has fewer rows than there are processes."""
    if len(batch) < count:
        return batch
    return replace(batch, **{field.name: getattr(batch, field.name)[rank::count] for field in fields(batch)})


@contextmanager
def sharing() -> Iterator[None]:
    """A block in which processes talk to each other.

    Raises:
        ProcessLost: one of them is not there any more.
    """
    try:
        yield
    except RuntimeError as error:  # which of its kinds depends on how the other one ended, and on the backend
        raise ProcessLost(LOST) from error


def average_gradients(parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
    """Replaces gradients by their mean over all processes, the same bits in each, and returns the mean of the losses; alone, nothing changes.

    Raises:
        ProcessLost: one of them is not there any more.
    """
    if not distributed.is_initialized():
        return loss
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    joined = torch.cat([gradient.reshape(-1) for gradient in gradients] + [loss.detach().reshape(1)])
    with sharing():
        distributed.all_reduce(joined)
    joined /= distributed.get_world_size()
    *means, mean = torch.split(joined, [gradient.numel() for gradient in gradients] + [1])
    for gradient, averaged in zip(gradients, means, strict=True):
        gradient.copy_(averaged.view_as(gradient))
    return mean[0]


def rank() -> int:
    """The number of this process among those that train together, 0 if it is alone."""
    return distributed.get_rank() if distributed.is_initialized() else 0
