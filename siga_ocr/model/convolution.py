"""Convolution units that keep padded columns at zero, and the residual block of ResNet-45 built from them."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def strided(mask: Tensor, step: int) -> Tensor:
    """The column mask of features that are `step` times narrower: [N, 1, 1, W] -> [N, 1, 1, ceil(W / step)]."""
    return mask[..., ::step]


def rectified(features: Tensor, mask: Tensor) -> Tensor:
    """ReLU of features [N, C, h, w] that nobody else needs, in place; padded columns, where the mask [N, 1, 1, w] is 0, become 0."""
    out: Tensor = MaskedReLU.apply(features, mask.to(features.dtype))  # type: ignore[no-untyped-call]
    return out


class MaskedReLU(torch.autograd.Function):
    """ReLU times a mask of 0 and 1. What is left at 0 tells the gradient of both: one pass over the features instead of two."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, mask: Tensor) -> Tensor:
        """Overwrites the features."""
        ctx.mark_dirty(features)
        kept = features.clamp_min_(0)
        first = _first_padded(mask)
        kept[..., first:].mul_(mask[..., first:])
        ctx.save_for_backward(kept)
        return kept

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Where something is left the gradient passes."""
        (kept,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, kept, 0), None


class ConvUnit(nn.Module):
    """Convolution, batch normalisation, ReLU; then padded columns are set to zero, as if the crop ended there."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 3,
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | None = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        if padding is None:
            padding = kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """[N, inputs, h, w] and the mask of the OUTPUT's columns [N, 1, 1, w'] -> [N, outputs, h', w']."""
        return rectified(self.norm(_convolved(self.conv, features)), mask)


class UpUnit(nn.Module):
    """Transposed convolution to twice the size, or to twice the height alone, batch normalisation, ReLU; padded columns stay zero."""

    def __init__(self, inputs: int, outputs: int, *, widens: bool = True) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4 if widens else (4, 3), 2 if widens else (2, 1), 1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """[N, inputs, h, w] and the mask of the output's columns -> [N, outputs, 2 h, 2 w or w]."""
        return rectified(self.norm(self.conv(features)), mask)


class ResidualBlock(nn.Module):
    """1x1 then 3x3 convolution with a shortcut (specification, section 1.2)."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.enter = ConvUnit(inputs, outputs, 1)
        self.conv = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride in (1, (1, 1))
        self.shortcut: nn.Module = nn.Identity() if same else _projection(inputs, outputs, stride)

    def forward(self, features: Tensor, mask_in: Tensor, mask_out: Tensor) -> Tensor:
        """[N, inputs, h, w], the masks of the input's and the output's columns -> [N, outputs, h', w']."""
        out = self.norm(self.conv(self.enter(features, mask_in)))
        return rectified(out + self.shortcut(features), mask_out)


class SampledConv(nn.Conv2d):
    """A 1x1 convolution of every `stride`-th cell, which are picked first: the same sums, and none of the wild writes that PyTorch 2.13 does on a CPU
    when it takes the gradient of a strided 1x1 convolution of few channels that lie channels last."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int]) -> None:
        super().__init__(inputs, outputs, 1, stride, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """[N, inputs, h, w] -> [N, outputs, h', w']."""
        rows, columns = self.stride
        return F.conv2d(features[:, :, ::rows, ::columns], self.weight)


def _first_padded(mask: Tensor) -> int:
    """From which column on the mask [N, 1, 1, w] has to be looked at; 0 where to find that out would mean to wait for a GPU."""
    return int(mask.amin(0).cumprod(-1).count_nonzero()) if mask.device.type == "cpu" else 0


def _convolved(conv: nn.Conv2d, features: Tensor) -> Tensor:
    """A 1x1 convolution of features that lie channels last is a matrix product, whose gradient a CPU takes several times faster."""
    is_product = conv.kernel_size == conv.stride == (1, 1) and conv.padding == (0, 0)
    if not is_product or features.device.type != "cpu" or not features.is_contiguous(memory_format=torch.channels_last):
        out: Tensor = conv(features)
        return out
    return F.linear(features.permute(0, 2, 3, 1), conv.weight[:, :, 0, 0], conv.bias).permute(0, 3, 1, 2)


def _projection(inputs: int, outputs: int, stride: int | tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(SampledConv(inputs, outputs, stride), nn.BatchNorm2d(outputs))
