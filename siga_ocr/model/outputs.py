"""What a network returns: for reading, and for training."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class ReadOutput(NamedTuple):
    """`log_probabilities` [N, T, K] (class 0 is the end mark) and `glyph_attention` [N, T, h, w], which sums to 1 over h, w."""

    log_probabilities: Tensor
    glyph_attention: Tensor


def joint(first: Tensor, second: Tensor) -> Tensor:
    """The logarithm of the mean of two predictions, each logits [..., K].

    Two heads that were trained on different features err differently; the published SIGA-T lets heads vote as well (specification, section 6).
    """
    both = torch.logaddexp(torch.log_softmax(first.float(), -1), torch.log_softmax(second.float(), -1))
    return both - math.log(2.0)


@dataclass(frozen=True)
class TrainOutput:
    """Every head of a teacher-forced pass.

    `logits` name -> [N, T, K]; `attention` [N, T, w] (the aligned one); `column_mask` [N, w]; `mask_logits` [N, 2, H, W]; `glyph_maps` logits
    [N, 1 + T, h, w] of the scales Low and Middle (as published 1 + M); `encoded` [N, w, D]; `grid` [N, H, W, 2] where the crop was straightened
    (the pseudo-mask has to follow), else None.
    """

    logits: dict[str, Tensor]
    attention: Tensor
    column_mask: Tensor
    mask_logits: Tensor
    glyph_maps: tuple[Tensor, Tensor]
    encoded: Tensor
    grid: Tensor | None
