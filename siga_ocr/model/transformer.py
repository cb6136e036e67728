"""Transformer blocks over tokens, as SVTR and ViT have them: attention and a small network, each normalised before and added after."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-6
WIDENING = 4
DEVIATION = 0.02


class SelfAttention(nn.Module):
    """Every token looks at every other one, or at those that a bias lets it see."""

    def __init__(self, width: int, head: int) -> None:
        super().__init__()
        self._heads = width // head
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, bias: Tensor | None) -> Tensor:
        """[N, L, D] and a bias [L, L], 0 or minus infinity -> [N, L, D]."""
        split = self.qkv(tokens).unflatten(2, (3, self._heads, -1)).permute(2, 0, 3, 1, 4)  # [3, N, heads, L, D / heads]
        seen = F.scaled_dot_product_attention(split[0], split[1], split[2], None if bias is None else bias.to(split.dtype))
        mixed: Tensor = self.proj(seen.transpose(1, 2).flatten(2))
        return mixed


class Block(nn.Module):
    """One transformer block; in training it is left out for a crop with the probability `dropped` (stochastic depth)."""

    def __init__(self, width: int, head: int, dropped: float = 0.0) -> None:
        super().__init__()
        self._dropped = dropped
        self.norm1 = nn.LayerNorm(width, EPSILON)
        self.attention = SelfAttention(width, head)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.expand = nn.Linear(width, WIDENING * width)
        self.contract = nn.Linear(WIDENING * width, width)

    def forward(self, tokens: Tensor, bias: Tensor | None = None) -> Tensor:
        """[N, L, D] -> [N, L, D]; `bias` [L, L] says who sees whom."""
        tokens = tokens + self._kept(self.attention(self.norm1(tokens), bias))
        return tokens + self._kept(self.contract(F.gelu(self.expand(self.norm2(tokens)))))

    def _kept(self, change: Tensor) -> Tensor:
        if not self.training or self._dropped == 0:
            return change
        kept = torch.rand(len(change), 1, 1, device=change.device) >= self._dropped
        return change * kept.to(change.dtype) / (1 - self._dropped)


def start_small(network: nn.Module) -> None:
    """Linear layers begin with weights of deviation 0.02 and no bias, as is usual for transformers."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=DEVIATION)
            nn.init.zeros_(module.bias)


def positions(count: int, width: int) -> nn.Parameter:
    """Learned embeddings [1, count, width] of where tokens lie."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, count, width), std=DEVIATION))
