"""Self-made supervision: the text pseudo-mask by two-means, and the glyph pseudo-labels (GPC). Nothing here carries a gradient."""

import torch
from torch import Tensor
from torch.nn import functional as F

from siga_ocr.recipe_losses import PseudoMaskKind

LEVELS = 256
SEPARATION = 0.7
"""Intensity explains at least this share of the variance where a crop is ink on an even surface; below it, relief is the better guess."""


@torch.no_grad()
def text_pseudo_mask(grey: Tensor, mask: Tensor, kind: PseudoMaskKind = "intensity") -> tuple[Tensor, Tensor]:
    """The pixels of the text by exact two-means (specification, section 2.1).

    `grey` [N, 1, H, W] in 0..255, `mask` [N, W] of 1 on own columns -> pseudo-mask [N, 1, H, W] of 0/1 and weight [N], 0 where a crop is constant.
    `intensity` clusters brightness, the cluster that is rarer on the border is text; `relief` clusters local contrast, the stronger one is text;
    `auto` takes intensity where its clusters are far apart.
    """
    own = mask[:, None, None].expand_as(grey)
    bright, separation, varied = two_means(grey, own)
    ink = torch.where(_brighter_is_border(bright, own)[:, None, None, None], 1 - bright, bright) * own
    if kind != "intensity":
        contrast, _, _ = two_means(local_contrast(grey, own), own)
        chosen = torch.full_like(separation, kind == "relief") if kind == "relief" else (separation < SEPARATION).to(grey.dtype)
        ink = torch.where(chosen[:, None, None, None] > 0, contrast * own, ink)
    weight = varied.to(grey.dtype)
    return ink * weight[:, None, None, None], weight


def two_means(values: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best split of each crop's values in 0..255 into two clusters (Otsu's threshold on the histogram is the global optimum).

    [N, 1, H, W] and the own pixels -> 1 for the upper cluster [N, 1, H, W], the share of the variance that the split explains [N], whether the
    crop is not constant [N].
    """
    levels = values.round().clamp(0, LEVELS - 1).long().flatten(1)
    histogram = torch.zeros(len(values), LEVELS, dtype=torch.float64, device=values.device)
    histogram.scatter_add_(1, levels, own.flatten(1).double())
    position = torch.arange(LEVELS, dtype=torch.float64, device=values.device)
    count, total = histogram.cumsum(1), (histogram * position).cumsum(1)
    all_count, all_total = count[:, -1:], total[:, -1:]
    between = (total * all_count - all_total * count) ** 2 / (count * (all_count - count)).clamp_min(1)
    between = between.masked_fill((count == 0) | (count == all_count), 0)
    best, threshold = between.max(1)
    variance = (histogram * position**2).sum(1) * all_count[:, 0] - all_total[:, 0] ** 2
    upper = (levels > threshold[:, None]).to(values.dtype).view_as(values) * own
    return upper, (best / variance.clamp_min(1)).to(values.dtype), best > 0


def local_contrast(grey: Tensor, own: Tensor) -> Tensor:
    """|I - blur(I)| over own pixels, smoothed and stretched to 0..255: [N, 1, H, W] -> [N, 1, H, W]."""
    contrast = (grey - _blur(grey, own, 9)).abs() * own
    contrast = _blur(_blur(contrast, own, 3), own, 3)
    peak = torch.quantile(contrast.flatten(1), 0.99, dim=1)
    return (contrast * (255 / peak.clamp_min(1e-3))[:, None, None, None]).clamp(0, 255)


@torch.no_grad()
def glyph_pseudo_labels(attention: Tensor, lengths: Tensor, text_mask: Tensor, size: tuple[int, int], delta: Tensor, share: float) -> Tensor:
    """Which cells of one scale belong to which character (specification, section 4).

    `attention` [N, T, w], `lengths` [N] in characters, `text_mask` [N, 1, H, W] of 0/1, `delta` [N] -> [N, 1 + T, h, w'] of 0/1: channel 0 is
    background, channel t the t-th character, more than one where attentions overlap.
    """
    characters = torch.arange(attention.shape[1], device=attention.device)[None] < lengths[:, None]
    spread = F.interpolate(attention.float() * characters[..., None], size=size[1], mode="linear", align_corners=False)
    located = (spread > delta[:, None, None]).float()[:, :, None]  # [N, T, 1, w']
    ink = (F.interpolate(text_mask, size=size, mode="bilinear", align_corners=False) >= share).float()  # [N, 1, h, w']
    return torch.cat([1 - ink, located * ink], 1)


def _blur(image: Tensor, own: Tensor, size: int) -> Tensor:
    """Box mean over own pixels only."""
    total = F.avg_pool2d(image * own, size, 1, size // 2, count_include_pad=False)
    return total / F.avg_pool2d(own.to(image.dtype), size, 1, size // 2, count_include_pad=False).clamp_min(1e-6)


def _brighter_is_border(bright: Tensor, own: Tensor) -> Tensor:
    """[N]: does the brighter cluster hold more than half of the crop's border?"""
    border = torch.zeros_like(own)
    border[:, :, (0, -1)] = 1
    border[..., 0] = 1
    last = own[:, 0, 0].sum(1).long().clamp_min(1) - 1
    border[torch.arange(len(own)), :, :, last] = 1
    border = border * own
    return (bright * border).sum((1, 2, 3)) > 0.5 * border.sum((1, 2, 3))
