"""Glyph attention network (GLAN): where each character's ink is, and what it looks like there (specification, section 5)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from siga_ocr.model.convolution import strided
from siga_ocr.model.encoder import RecurrentUnit


@dataclass(frozen=True)
class Glyphs:
    """One scale: `maps` [N, 1 + T, h, w] logits (channel 0 is background, t the t-th character), `attention` [N, T, h, w] (sums to 1 over h, w),
    `features` [N, T, D]."""

    maps: Tensor
    attention: Tensor
    features: Tensor


@dataclass(frozen=True, kw_only=True)
class GlyphSizes:
    """What both scales share: maps for up to `steps` characters whatever the alphabet, `channels` of the features that are pooled, `hidden` units
    along the characters in each direction, `outputs` features a character."""

    steps: int
    channels: int
    hidden: int
    outputs: int
    bidirectional: bool = True
    dropout: float = 0.0


class GlyphScale(nn.Module):
    """Glyph attention on one scale: trunk features say where, what `describe` makes of the tap's features, [N, channels, h, w], says what."""

    def __init__(self, sizes: GlyphSizes, trunk: int, describe: nn.Module) -> None:
        super().__init__()
        self.locate = nn.Conv2d(trunk, 1 + sizes.steps, 1)
        self.describe = describe
        self.order = RecurrentUnit(sizes.channels, sizes.hidden, sizes.outputs, bidirectional=sizes.bidirectional)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, trunk: Tensor, tap: Tensor, mask: Tensor, steps: int) -> Glyphs:
        """Trunk features [N, D, h, w], a tap, the mask [N, 1, 1, w] of this scale -> the first `steps` characters."""
        maps = F.conv2d(trunk, self.locate.weight[: 1 + steps], None if self.locate.bias is None else self.locate.bias[: 1 + steps])
        attention = spatial_softmax(maps[:, 1:], mask)
        described = self.describe(tap, mask).flatten(2).transpose(1, 2)  # [N, h w, C]
        pooled = torch.bmm(attention.flatten(2).to(described.dtype), described)  # [N, T, C]
        backwards = torch.arange(steps - 1, -1, -1, device=maps.device).expand(maps.shape[0], -1)
        return Glyphs(maps, attention, self.dropout(self.order(pooled, backwards)))


class GlyphAttention(nn.Module):
    """Both scales, Low (O1 and P1) and Middle (O2 and P2)."""

    def __init__(self, low: GlyphScale, middle: GlyphScale) -> None:
        super().__init__()
        self.low = low
        self.middle = middle

    def forward(self, trunk: tuple[Tensor, Tensor], taps: tuple[Tensor, Tensor], mask: Tensor, steps: int) -> tuple[Glyphs, Glyphs]:
        """(O1, O2), (P1, P2) and the column mask [N, W] -> the glyphs of Low and Middle."""
        full = mask[:, None, None]
        low, middle = (strided(full, full.shape[3] // features.shape[3]) for features in trunk)
        return self.low(trunk[0], taps[0], low, steps), self.middle(trunk[1], taps[1], middle, steps)


class GroupedProjection(nn.Module):
    """A linear layer on every cell, its channels in eight groups that do not mix: how SIGA-T describes the scale Middle."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, groups=8, bias=False)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """[N, inputs, h, w] and the mask of its columns -> [N, outputs, h, w]."""
        projected: Tensor = self.conv(features) * mask.to(features.dtype)
        return projected


def spatial_softmax(maps: Tensor, mask: Tensor) -> Tensor:
    """Logits [N, T, h, w] -> weights that sum to 1 over the crop's own h x w cells of each map; in float32."""
    logits = maps.float().masked_fill(mask == 0, float("-inf"))
    return torch.softmax(logits.flatten(2), dim=2).view_as(maps)
