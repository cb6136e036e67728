"""The ViT of SIGA-T, of DeiT-base's size (specification, section 8): one width throughout, and what five of its blocks give."""

import torch
from torch import Tensor, nn

from siga_ocr.config import LAST_TAP, ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.backbone.neck import Neck
from siga_ocr.model.convolution import strided
from siga_ocr.model.transformer import Block, positions, start_small

PATCH = 4
"""Pixels that a token is wide and high."""

TAPS = (2, 4, 6, LAST_TAP)
"""After so many blocks a tap is taken."""


class Vit(Neck):
    """[N, 3, 32, 128] -> five taps of 768 channels, 8 x 32 each, and 32 columns of 512 features."""

    def __init__(self, config: ModelConfig) -> None:
        width, columns = config.channels
        super().__init__(columns)
        self._grid = (config.input.height // PATCH, config.input.widths[0] // PATCH)
        self.embed = nn.Conv2d(config.input.channels, width, PATCH, PATCH)
        self.class_token = positions(1, width)
        self.positions = positions(1 + self._grid[0] * self._grid[1], width)
        self.blocks = nn.ModuleList(Block(width, config.head_size) for _ in range(config.blocks[0]))
        self.tap_norms = nn.ModuleList(nn.LayerNorm(width) for _ in TAPS)
        self.last_norm = nn.LayerNorm(width)
        self.narrow = nn.Conv2d(width, columns, (2, 3), (2, 1), (0, 1))
        start_small(self.blocks)

    def forward(self, images: Tensor, mask: Tensor) -> Features:
        """[N, 3, H, W] and the column mask [N, W], which must be 1 throughout -> taps and W / 4 columns."""
        tokens = self.embed(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(tokens), -1, -1), tokens], 1) + self.positions  # [N, 1 + h w, 768]
        taps: list[Tensor] = []
        for number, block in enumerate(self.blocks, 1):
            tokens = block(tokens)
            if number in TAPS:
                taps.append(self._map(self.tap_norms[len(taps)](tokens)))  # [N, 768, 8, 32]
        last = self._map(self.last_norm(tokens))
        quarter = strided(mask[:, None, None], PATCH)
        columns = self.collapsed(self.narrow(last) * quarter, quarter)  # [N, 32, 512]
        return Features(taps[0], taps[3], last, columns, quarter[:, 0, 0], between=(taps[1], taps[2]))

    def _map(self, tokens: Tensor) -> Tensor:
        """[N, 1 + h w, D] -> [N, D, h, w] without the class token."""
        return tokens[:, 1:].transpose(1, 2).reshape(len(tokens), -1, *self._grid)
