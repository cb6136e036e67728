"""ResNet-45, the backbone of SIGA-R (specification, section 1.2)."""

from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone import Features
from siga_ocr.model.backbone.neck import Neck, residual_stage, run_stage
from siga_ocr.model.convolution import ConvUnit, strided


class ResNet45(Neck):
    """[N, 3, 32, 128] -> taps of 32, 64 and 256 channels and 32 columns of 512 features."""

    def __init__(self, config: ModelConfig) -> None:
        stem, one, two, three, four, five = config.channels
        super().__init__(five)
        depth = config.blocks
        self.stem = ConvUnit(config.input.channels, stem)
        self.layer1 = residual_stage(stem, one, depth[0], 2)
        self.layer2 = residual_stage(one, two, depth[1], 1)
        self.layer3 = residual_stage(two, three, depth[2], 2)
        self.layer4 = residual_stage(three, four, depth[3], 1)
        self.layer5 = residual_stage(four, five, depth[4], 1)
        self.pool6 = nn.MaxPool2d((2, 3), (2, 1), (0, 1))

    def forward(self, images: Tensor, mask: Tensor) -> Features:
        """[N, 3, 32, W] and the column mask [N, W] -> taps and W / 4 columns."""
        full = mask[:, None, None]
        half, quarter = strided(full, 2), strided(full, 4)
        fine = self.stem(images, full)  # [N, 32, 32, W]
        low = run_stage(self.layer2, run_stage(self.layer1, fine, full, half), half, half)  # [N, 64, 16, W/2]
        middle = run_stage(self.layer4, run_stage(self.layer3, low, half, quarter), quarter, quarter)  # [N, 256, 8, W/4]
        deep = self.pool6(run_stage(self.layer5, middle, quarter, quarter)) * quarter  # [N, 512, 4, W/4]
        return Features(fine, low, middle, self.collapsed(deep, quarter), quarter[:, 0, 0])
