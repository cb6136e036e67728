"""Glyph attention network (GLAN): where each character's ink is, and what it looks like there (specification, section 5)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from siga_ocr.config import ModelConfig
from siga_ocr.model.convolution import ConvUnit, strided
from siga_ocr.model.encoder import RecurrentUnit


@dataclass(frozen=True)
class Glyphs:
    """One scale: `maps` [N, 1 + T, h, w] logits (channel 0 is background, t the t-th character), `attention` [N, T, h, w] (sums to 1 over h, w),
    `features` [N, T, D]."""

    maps: Tensor
    attention: Tensor
    features: Tensor


class GlyphScale(nn.Module):
    """Glyph attention on one scale: trunk features say where, tap features say what."""

    def __init__(self, config: ModelConfig, trunk: int, tap: int, kernel: int) -> None:
        super().__init__()
        self.locate = nn.Conv2d(trunk, 1 + config.max_steps, 1)
        self.describe = ConvUnit(tap, config.glyph_channels, kernel)
        self.order = RecurrentUnit(config.glyph_channels, config.glyph_hidden, config.encoder_size, bidirectional=config.glyph_bidirectional)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, trunk: Tensor, tap: Tensor, mask: Tensor, steps: int) -> Glyphs:
        """Trunk features [N, D, h, w], tap [N, C, h, w], the mask [N, 1, 1, w] of this scale -> the first `steps` characters."""
        maps = F.conv2d(trunk, self.locate.weight[: 1 + steps], None if self.locate.bias is None else self.locate.bias[: 1 + steps])
        attention = spatial_softmax(maps[:, 1:], mask)
        described = self.describe(tap, mask).flatten(2).transpose(1, 2)  # [N, h w, C]
        pooled = torch.bmm(attention.flatten(2).to(described.dtype), described)  # [N, T, C]
        backwards = torch.arange(steps - 1, -1, -1, device=maps.device).expand(maps.shape[0], -1)
        return Glyphs(maps, attention, self.dropout(self.order(pooled, backwards)))


class GlyphAttention(nn.Module):
    """Both scales, Low (O1 and P1) and Middle (O2 and P2)."""

    def __init__(self, config: ModelConfig, taps: tuple[int, int, int]) -> None:
        super().__init__()
        self.low = GlyphScale(config, config.trunk.middle, taps[1], config.glyph_kernels[0])
        self.middle = GlyphScale(config, config.trunk.coarse, taps[2], config.glyph_kernels[1])

    def forward(self, trunk: tuple[Tensor, Tensor], taps: tuple[Tensor, Tensor], mask: Tensor, steps: int) -> tuple[Glyphs, Glyphs]:
        """(O1, O2), (P1, P2) and the column mask [N, W] -> the glyphs of Low and Middle."""
        full = mask[:, None, None]
        low = self.low(trunk[0], taps[0], strided(full, 2), steps)
        return low, self.middle(trunk[1], taps[1], strided(full, 4), steps)


def spatial_softmax(maps: Tensor, mask: Tensor) -> Tensor:
    """Logits [N, T, h, w] -> weights that sum to 1 over the crop's own h x w cells of each map; in float32."""
    logits = maps.float().masked_fill(mask == 0, float("-inf"))
    return torch.softmax(logits.flatten(2), dim=2).view_as(maps)
