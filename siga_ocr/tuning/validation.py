"""Crops that are in memory read with a network as it is, between two steps of its training: what is right, and the loss."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from siga_ocr.data.shards import FittedCrops
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import bucket, to_batch
from siga_ocr.tuning.verdict import Marks

BATCH = 64
MARGIN = 3
"""Steps beyond the longest text of a batch: who has not ended by then has misread it."""


@torch.inference_mode()
def marks(model: SigaModel, crops: FittedCrops) -> Marks:
    """Read all crops, in float32 on the device of the model, which is in evaluation mode.

    The loss is the mean negative log-likelihood of the true characters and the end mark.
    """
    correct = np.zeros(len(crops), dtype=bool)
    total, count = 0.0, 0
    for rows in _batches(model, crops):
        found, loss, characters = _read(model, crops, rows)
        correct[rows] = found
        total, count = total + loss, count + characters
    return Marks(tuple(correct.tolist()), total / count)


def _batches(model: SigaModel, crops: FittedCrops) -> Iterator[list[int]]:
    """Rows of one bucket together, similar lengths in one batch."""
    settings = model.config.input
    order = sorted(range(len(crops)), key=lambda row: (bucket(int(crops.widths[row]), settings), len(crops.texts[row]), row))
    begin = 0
    for place, row in enumerate(order):
        first = order[begin]
        if place - begin == BATCH or bucket(int(crops.widths[row]), settings) != bucket(int(crops.widths[first]), settings):
            yield order[begin:place]
            begin = place
    yield order[begin:]


def _read(model: SigaModel, crops: FittedCrops, rows: Sequence[int]) -> tuple[list[bool], float, int]:
    """Which rows are right, the sum of the losses of their characters, and how many those are."""
    config, device = model.config, next(model.parameters()).device
    texts = [crops.texts[row] for row in rows]
    batch = to_batch([crops.crop(row) for row in rows], config.input)
    steps = min(config.max_steps, max(map(len, texts)) + MARGIN)
    output = model(torch.from_numpy(batch.images).to(device), torch.from_numpy(batch.mask).to(device), steps)
    logs = output.log_probabilities.float().cpu()
    best = logs.argmax(2).tolist()
    right = [_is_read(row, config.charset.encode(text), config.max_length) for row, text in zip(best, texts, strict=True)]
    losses = [_loss(row, [*config.charset.encode(text), 0]) for row, text in zip(logs, texts, strict=True)]
    return right, float(sum(losses)), sum(len(text) + 1 for text in texts)


def _is_read(best: list[int], expected: list[int], max_length: int) -> bool:
    """Whether class ids up to the first end mark are the expected ones; a text of the greatest length needs none."""
    count = len(expected)
    return best[:count] == expected and (count == max_length or best[count] == 0)


def _loss(logs: Tensor, targets: list[int]) -> float:
    return float(-logs[torch.arange(len(targets)), torch.tensor(targets)].sum())
