"""The segmentation trunk: a U-Net on the backbone's taps that finds the text's ink and feeds the glyph attention (specification, section 2.2)."""

import torch
from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.convolution import ConvUnit, UpUnit, strided


class SegmentationTrunk(nn.Module):
    """Taps P0, P1, P2 -> O2 and O1 (`shared`, for glyph attention too) -> O0 and the text mask's logits (`text_mask`, training and overlays only)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes, (fine, low, middle) = config.trunk, tap_channels(config)
        self.enter = ConvUnit(middle, sizes.entry, 1, bias=True)
        self.context = nn.Linear(config.encoder_size, sizes.entry) if sizes.context else None
        self.coarse = ConvUnit(sizes.entry, sizes.coarse, 3, bias=True)
        self.up_middle = UpUnit(sizes.coarse, sizes.up_middle)
        self.join_middle = ConvUnit(sizes.up_middle + low, sizes.middle, 1, bias=True)
        self.refine_middle = ConvUnit(sizes.middle, sizes.middle, 1, bias=True)
        self.up_fine = UpUnit(sizes.middle, sizes.up_fine)
        self.join_fine = ConvUnit(sizes.up_fine + fine, sizes.fine, 1, bias=True)
        self.classify = nn.Conv2d(sizes.fine, 2, 1)

    def shared(self, taps: Features, encoded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """-> O1 [N, D, H/2, W/2] and O2 [N, D, H/4, W/4]; `encoded` [N, w, D] joins where the configuration asks for context."""
        half, quarter = strided(mask[:, None, None], 2), strided(mask[:, None, None], 4)
        entered = self.enter(taps.middle, quarter)
        if self.context is not None:
            entered = entered + self.context(encoded).transpose(1, 2)[:, :, None] * quarter.to(entered.dtype)
        coarse = self.coarse(entered, quarter)  # O2
        middle = self.join_middle(torch.cat([self.up_middle(coarse, half), taps.low], 1), half)
        return self.refine_middle(middle, half), coarse  # O1, O2

    def text_mask(self, taps: Features, middle: Tensor, mask: Tensor) -> Tensor:
        """O1 and P0 -> logits [N, 2, H, W] of background and text."""
        full = mask[:, None, None]
        fine = self.join_fine(torch.cat([self.up_fine(middle, full), taps.fine], 1), full)  # O0
        logits: Tensor = self.classify(fine)
        return logits


def tap_channels(config: ModelConfig) -> tuple[int, int, int]:
    """Channels of the taps P0, P1, P2."""
    widths = config.channels
    if config.architecture == "siga-r":
        return widths[0], widths[2], widths[4]
    return widths[0], widths[1], widths[2]
