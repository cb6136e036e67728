"""Sequence encoders: recurrent layers along columns or characters that never look beyond a crop's own columns."""

import torch
from torch import Tensor, nn


def mirror_index(mask: Tensor) -> Tensor:
    """[N, L] of 1 (own) then 0 (padding) -> the positions [N, L] that turn each row's own part around and leave its padding."""
    positions = torch.arange(mask.shape[1], device=mask.device)[None]
    lengths = mask.sum(1, keepdim=True).long()
    return torch.where(positions < lengths, lengths - 1 - positions, positions)


class RecurrentUnit(nn.Module):
    """An LSTM in one or both directions, then a linear layer (specification, section 1.3).

    The backward LSTM runs on the mirrored sequence, so that padding follows the crop in both directions and changes nothing.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, *, bidirectional: bool = True) -> None:
        super().__init__()
        self.forward_rnn = nn.LSTM(inputs, hidden, batch_first=True)
        self.backward_rnn = nn.LSTM(inputs, hidden, batch_first=True) if bidirectional else None
        self.linear = nn.Linear(hidden * (2 if bidirectional else 1), outputs)

    def forward(self, sequence: Tensor, mirror: Tensor) -> Tensor:
        """[N, L, inputs] and `mirror_index` [N, L] -> [N, L, outputs]."""
        outputs, _ = self.forward_rnn(sequence)
        if self.backward_rnn is not None:
            backward, _ = self.backward_rnn(_take(sequence, mirror))
            outputs = torch.cat([outputs, _take(backward, mirror)], dim=2)
        result: Tensor = self.linear(outputs)
        return result


class SequenceEncoder(nn.Module):
    """Stacked bidirectional units over the columns (specification, section 1.3)."""

    def __init__(self, inputs: int, hidden: int, outputs: int, layers: int) -> None:
        super().__init__()
        self.units = nn.ModuleList(RecurrentUnit(inputs if i == 0 else outputs, hidden, outputs) for i in range(layers))

    def forward(self, columns: Tensor, column_mask: Tensor) -> Tensor:
        """[N, w, inputs] and the mask [N, w] -> [N, w, outputs], zero on padding."""
        mirror = mirror_index(column_mask)
        for unit in self.units:
            columns = unit(columns, mirror)
        return columns * column_mask[..., None].to(columns.dtype)


def _take(sequence: Tensor, positions: Tensor) -> Tensor:
    return sequence.gather(1, positions[..., None].expand(-1, -1, sequence.shape[2]))
