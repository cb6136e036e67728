"""The gate that decides, element by element, which of two features of a character to trust."""

import torch
from torch import Tensor, nn


class FusionGate(nn.Module):
    """Gated bimodal unit: z tanh(a) + (1 - z) tanh(b) with z = sigmoid(W [a; b]); its output lies in (-1, 1) (specification, section 6)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(2 * size, size)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Two tensors [..., D] -> [..., D]."""
        share = torch.sigmoid(self.weigh(torch.cat([first, second], dim=-1)))
        return share * torch.tanh(first) + (1 - share) * torch.tanh(second)
