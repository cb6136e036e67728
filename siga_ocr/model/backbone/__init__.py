"""Backbones: image -> three taps and a sequence of columns."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Features:
    """What a backbone hands on, finest tap first.

    `fine` [N, C0, H, W], `low` [N, C1, H/2, W/2], `middle` [N, C2, H/4, W/4] are the taps P0, P1, P2; `columns` [N, w, D] is the visual sequence,
    `column_mask` [N, w] is 1 on the crop's own columns.
    """

    fine: Tensor
    low: Tensor
    middle: Tensor
    columns: Tensor
    column_mask: Tensor
