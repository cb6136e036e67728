"""Backbones: image -> three taps and a sequence of columns."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Features:
    """What a backbone hands on, finest tap first.

    `fine`, `low`, `middle` [N, C, h, w] are the taps P0, P1, P2: of the residual networks at full, half and quarter size; of SVTR at half and
    quarter size and at H/8, W/4; of the ViT all at quarter size, of its blocks 2, 8 and last, and `between` them those of blocks 4 and 6.
    `columns` [N, w, D] is the visual sequence, `column_mask` [N, w] is 1 on the crop's own columns.
    """

    fine: Tensor
    low: Tensor
    middle: Tensor
    columns: Tensor
    column_mask: Tensor
    between: tuple[Tensor, ...] = ()
