"""SVTR-L, the backbone of SIGA-S (specification, section 8): blocks that first see their surroundings, then the whole crop."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.convolution import strided
from siga_ocr.model.transformer import EPSILON, Block, positions, start_small

LOCAL_BLOCKS = 10
"""So many of the blocks see a window alone; the others see everything."""

WINDOW = (7, 11)
"""Rows and columns of the window around a token."""

DEEPEST_DROP = 0.1
"""How often the last block is left out in training; the first never is, between them it rises linearly."""

COLUMNS = 4
"""Pixels of the crop's width for each column."""


class Svtr(nn.Module):
    """[N, 3, 48, 160] -> taps of 96, 192 and 256 channels and 40 columns of 384 features."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        stem, *widths, columns = config.channels
        depth, head = sum(config.blocks), config.head_size
        drops = [DEEPEST_DROP * index / max(1, depth - 1) for index in range(depth)]
        rows, width = config.input.height // 4, config.input.widths[0] // COLUMNS
        self.embed0 = Embedding(config.input.channels, stem)
        self.embed1 = Embedding(stem, widths[0])
        self.positions = positions(rows * width, widths[0])
        self.stages = nn.ModuleList()
        for number, count in enumerate(config.blocks):
            first = sum(config.blocks[:number])
            blocks = [Block(widths[number], head, drop) for drop in drops[first : first + count]]
            self.stages.append(Stage(blocks, LOCAL_BLOCKS - first, (-(-rows // 2**number), width)))
        self.merge1 = Merge(widths[0], widths[1])
        self.merge2 = Merge(widths[1], widths[2])
        self.norm = nn.LayerNorm(widths[2], EPSILON)
        self.collapse = nn.Conv2d(widths[2], columns, 1, bias=False)
        start_small(self.stages)

    def forward(self, images: Tensor, mask: Tensor) -> Features:
        """[N, 3, H, W] and the column mask [N, W], which must be 1 throughout -> taps and W / 4 columns."""
        fine = self.embed0(images)  # [N, 96, H/2, W/2]
        embedded = self.embed1(fine)
        placed = embedded + self.positions.transpose(1, 2).view_as(embedded[:1])  # [N, 192, H/4, W/4]
        low = self.stages[0](placed)
        middle = self.stages[1](self.merge1(low))  # [N, 256, H/8, W/4]
        deep = self.stages[2](self.merge2(middle))  # [N, 512, H/16, W/4]
        level = self.norm(deep.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).mean(2, keepdim=True)
        columns = F.hardswish(self.collapse(level))  # [N, 384, 1, W/4]
        return Features(fine, low, middle, columns[:, :, 0].transpose(1, 2), strided(mask, COLUMNS))


class Embedding(nn.Module):
    """A convolution to half the size, batch normalisation, GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, 2, 1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """[N, inputs, h, w] -> [N, outputs, h / 2, w / 2]."""
        return F.gelu(self.norm(self.conv(features)))


class Stage(nn.Module):
    """Blocks of one width on a grid of `size` rows and columns; the first `local` of them see a window."""

    windows: Tensor

    def __init__(self, blocks: list[Block], local: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self._local = local
        self.register_buffer("windows", window_bias(*size) if local > 0 else torch.zeros(0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """[N, D, h, w] -> [N, D, h, w]."""
        tokens = features.flatten(2).transpose(1, 2)
        for index, block in enumerate(self.blocks):
            tokens = block(tokens, self.windows if index < self._local else None)
        return tokens.transpose(1, 2).reshape(features.shape)


class Merge(nn.Module):
    """A convolution to half the height, normalised token by token."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, (2, 1), 1)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """[N, inputs, h, w] -> [N, outputs, h / 2, w]."""
        merged: Tensor = self.norm(self.conv(features).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return merged


def window_bias(rows: int, columns: int) -> Tensor:
    """0 where one token lies in the window around another, else minus infinity: [L, L], tokens row by row."""
    row = torch.arange(rows).repeat_interleave(columns)
    column = torch.arange(columns).repeat(rows)
    near = ((row[:, None] - row).abs() <= WINDOW[0] // 2) & ((column[:, None] - column).abs() <= WINDOW[1] // 2)
    return torch.zeros(len(row), len(row)).masked_fill(~near, float("-inf"))
