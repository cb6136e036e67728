"""The last stages of ResNet-45, which collapse features four rows high to columns; SIGA-T ends in the same ones (specification, section 1.2)."""

from torch import Tensor, nn

from siga_ocr.model.convolution import ConvUnit, ResidualBlock


class Neck(nn.Module):
    """Three residual blocks and three convolutions of one width; a backbone that ends in them inherits them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer6 = residual_stage(width, width, 2, 1)
        self.conv6 = ConvUnit(width, width)
        self.layer7 = residual_stage(width, width, 1, 1)
        self.conv7_1 = ConvUnit(width, width, (2, 3), stride=(2, 1), padding=(0, 1))
        self.conv7_2 = ConvUnit(width, width, (2, 3), padding=(0, 1))

    def collapsed(self, deep: Tensor, mask: Tensor) -> Tensor:
        """[N, D, 4, w] and their column mask [N, 1, 1, w] -> columns [N, w, D]."""
        deep = self.conv6(run_stage(self.layer6, deep, mask, mask), mask)
        deep = self.conv7_1(run_stage(self.layer7, deep, mask, mask), mask)  # [N, D, 2, w]
        deep = self.conv7_2(deep, mask)  # [N, D, 1, w]
        return deep.mean(2).transpose(1, 2)


def residual_stage(inputs: int, outputs: int, count: int, stride: int | tuple[int, int]) -> nn.ModuleList:
    """`count` residual blocks; the first one changes the width and the size."""
    return nn.ModuleList(ResidualBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(count))


def run_stage(stage: nn.ModuleList, features: Tensor, mask_in: Tensor, mask_out: Tensor) -> Tensor:
    """The blocks one after the other; only the first sees the input's columns."""
    for index, block in enumerate(stage):
        features = block(features, mask_in if index == 0 else mask_out, mask_out)
    return features
