"""The segmentation trunks: a U-Net on the backbone's taps that finds the text's ink and feeds the glyph attention (specification, section 2.2)."""

import torch
from torch import Tensor, nn

from siga_ocr.config import TrunkConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.convolution import ConvUnit, UpUnit, strided


class SegmentationTrunk(nn.Module):
    """Taps P0, P1, P2 at full, half and quarter size -> O2 and O1 (`shared`, for glyph attention too) -> O0 and the text mask's logits
    (`text_mask`, training and overlays only).

    `context` is the width of the encoded columns where `sizes.context` lets them join in.
    """

    def __init__(self, sizes: TrunkConfig, taps: tuple[int, int, int], context: int) -> None:
        super().__init__()
        fine, low, middle = taps
        self.enter = ConvUnit(middle, sizes.entry, 1, bias=True)
        self.context = nn.Linear(context, sizes.entry) if sizes.context else None
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


class SvtrTrunk(nn.Module):
    """The same on the taps of SVTR, which lie at H/2, W/2; at H/4, W/4; and at H/8, W/4."""

    def __init__(self, sizes: TrunkConfig, taps: tuple[int, int, int]) -> None:
        super().__init__()
        fine, low, middle = taps
        self.enter = ConvUnit(middle, sizes.entry, 1, bias=True)
        self.coarse = ConvUnit(sizes.entry, sizes.coarse, 1, bias=True)
        self.up_middle = UpUnit(sizes.coarse, sizes.up_middle, widens=False)
        self.join_middle = ConvUnit(sizes.up_middle + low, sizes.middle, 1, bias=True)
        self.refine_middle = ConvUnit(sizes.middle, sizes.middle, 1, bias=True)
        self.up_fine = UpUnit(sizes.middle, sizes.up_fine)
        self.join_fine = ConvUnit(sizes.up_fine + fine, sizes.fine, 1, bias=True)
        self.up_full = UpUnit(sizes.fine, sizes.up_fine)
        self.classify = nn.Conv2d(sizes.up_fine, 2, 1)

    def shared(self, taps: Features, encoded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """-> O1 [N, D, H/4, W/4] and O2 [N, D, H/8, W/4]."""
        del encoded
        quarter = strided(mask[:, None, None], 4)
        coarse = self.coarse(self.enter(taps.middle, quarter), quarter)  # O2
        middle = self.join_middle(torch.cat([self.up_middle(coarse, quarter), taps.low], 1), quarter)
        return self.refine_middle(middle, quarter), coarse  # O1, O2

    def text_mask(self, taps: Features, middle: Tensor, mask: Tensor) -> Tensor:
        """O1 and P0 -> logits [N, 2, H, W] of background and text."""
        full = mask[:, None, None]
        half = strided(full, 2)
        fine = self.join_fine(torch.cat([self.up_fine(middle, half), taps.fine], 1), half)  # O0
        logits: Tensor = self.classify(self.up_full(fine, full))
        return logits


class VitTrunk(nn.Module):
    """The same on the taps of the ViT, which all lie at quarter size: of block 2 for O1, of blocks 4 and 6 for O2; O0 has no tap."""

    def __init__(self, sizes: TrunkConfig, tap: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(TapHead(tap, sizes.coarse // 2) for _ in range(2))
        self.enter = ConvUnit(tap, sizes.entry, 1, bias=True)
        self.up_entered = UpUnit(sizes.entry, sizes.up_middle)
        self.up_middle = UpUnit(sizes.coarse // 2 * 2, sizes.up_middle)
        self.join_middle = ConvUnit(2 * sizes.up_middle, sizes.middle, 3, bias=True)
        self.up_fine = UpUnit(sizes.middle, sizes.up_fine)
        self.refine_fine = ConvUnit(sizes.up_fine, sizes.fine, 1, bias=True)
        self.classify = nn.Conv2d(sizes.fine, 2, 1)

    def shared(self, taps: Features, encoded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """-> O1 [N, D, H/2, W/2] and O2 [N, D, H/4, W/4]."""
        del encoded
        half, quarter = strided(mask[:, None, None], 2), strided(mask[:, None, None], 4)
        coarse = torch.cat([head(tap, quarter) for head, tap in zip(self.heads, taps.between, strict=True)], 1)  # O2
        entered = self.up_entered(self.enter(taps.fine, quarter), half)
        return self.join_middle(torch.cat([self.up_middle(coarse, half), entered], 1), half), coarse  # O1, O2

    def text_mask(self, taps: Features, middle: Tensor, mask: Tensor) -> Tensor:
        """O1 -> logits [N, 2, H, W] of background and text."""
        del taps
        full = mask[:, None, None]
        logits: Tensor = self.classify(self.refine_fine(self.up_fine(middle, full), full))
        return logits


class TapHead(nn.Module):
    """What the trunk takes of one tap of the ViT."""

    def __init__(self, tap: int, outputs: int) -> None:
        super().__init__()
        self.gather = ConvUnit(tap, outputs, 3)
        self.refine = ConvUnit(outputs, outputs, 1)

    def forward(self, tap: Tensor, mask: Tensor) -> Tensor:
        """[N, C, h, w] and the mask of its columns -> [N, D, h, w]."""
        refined: Tensor = self.refine(self.gather(tap, mask), mask)
        return refined
