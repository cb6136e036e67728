"""Our backbone for plain CPUs: the residual blocks of ResNet-45 in fewer channels, on grey crops of any width."""

from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.backbone.neck import residual_stage, run_stage
from siga_ocr.model.convolution import ConvUnit, strided


class CompactBackbone(nn.Module):
    """[N, 1, 32, W] -> three taps and W / 4 columns; columns beyond the crop's end stay zero throughout."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        stem, low, middle, deep, columns = config.channels
        depth = config.blocks
        self.stem = ConvUnit(config.input.channels, stem)
        self.down1 = ConvUnit(stem, low, stride=2)
        self.stage1 = residual_stage(low, low, depth[0], 1)
        self.down2 = ConvUnit(low, middle, stride=2)
        self.stage2 = residual_stage(middle, middle, depth[1], 1)
        self.down3 = ConvUnit(middle, deep, stride=(2, 1))
        self.stage3 = residual_stage(deep, deep, depth[2], 1)
        self.collapse = ConvUnit(deep, columns, (config.input.height // 8, 1), padding=0)

    def forward(self, images: Tensor, mask: Tensor) -> Features:
        """[N, C, H, W] and the column mask [N, W] -> taps and W / 4 columns."""
        full = mask[:, None, None]
        half, quarter = strided(full, 2), strided(full, 4)
        fine = self.stem(images, full)  # [N, C0, H, W]
        low = run_stage(self.stage1, self.down1(fine, half), half, half)  # [N, C1, H/2, W/2]
        middle = run_stage(self.stage2, self.down2(low, quarter), quarter, quarter)  # [N, C2, H/4, W/4]
        deep = run_stage(self.stage3, self.down3(middle, quarter), quarter, quarter)  # [N, C3, H/8, W/4]
        columns = self.collapse(deep, quarter)  # [N, D, 1, W/4]
        return Features(fine, low, middle, columns[:, :, 0].transpose(1, 2), quarter[:, 0, 0])
