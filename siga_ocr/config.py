"""What a model is: its input, characters, sizes. Every default of a network stands here once."""

from dataclasses import dataclass, field
from typing import Literal

from siga_ocr.charset import PRINTABLE, PUBLISHED, Charset
from siga_ocr.errors import UsageError

Architecture = Literal["compact", "siga-r"]


@dataclass(frozen=True, kw_only=True)
class InputConfig:
    """How a crop becomes the network's input.

    `widths` are the bucket widths in pixels, ascending. With `keep_aspect` a crop is scaled to `height`, squeezed where it would be wider
    than the last bucket, and padded on the right to the smallest bucket that holds it; without, it is stretched to the only width.
    """

    channels: Literal[1, 3] = 1
    height: int = 32
    widths: tuple[int, ...] = (64, 96, 128, 160, 192, 256, 320, 384)
    keep_aspect: bool = True
    resample: Literal["bilinear", "bicubic"] = "bilinear"
    standardise: bool = True  # each crop to mean 0 and deviation 1 over its own pixels; else (x / 255 - mean) / std
    mean: tuple[float, ...] = (0.5,)
    std: tuple[float, ...] = (0.5,)

    def __post_init__(self) -> None:
        if list(self.widths) != sorted(set(self.widths)) or not self.widths:
            raise UsageError(f"input.widths must ascend, got {self.widths}.")
        if not self.keep_aspect and len(self.widths) != 1:
            raise UsageError("input.widths must name one width where the aspect ratio is not kept.")
        if any(width % 4 for width in self.widths) or self.height % 8:
            raise UsageError("input.widths must be multiples of 4 and input.height of 8.")


@dataclass(frozen=True, kw_only=True)
class TrunkConfig:
    """Channels of the segmentation trunk (U-Net): entry 1x1, O2, first up-sampling, O1, second up-sampling, O0."""

    entry: int = 256
    coarse: int = 128
    up_middle: int = 128
    middle: int = 128
    up_fine: int = 128
    fine: int = 128
    context: bool = False  # add the sequence encoder's output to the trunk: small backbones do not see far enough to count characters


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that `build_model` needs. The defaults are SIGA-R as published; `compact()` is ours for plain CPUs."""

    architecture: Architecture = "siga-r"
    characters: str = PUBLISHED
    max_length: int = 25
    feedback: bool = True  # feed the predicted character back into the decoders
    shared_attention: bool = False  # glimpses of the fusion reuse the aligned attention: one encoder, no second plain decoder
    rectify: bool = True  # straighten the crop by a thin-plate spline first
    rectifier_frozen: bool = True  # as published, where its weights come from a checkpoint; else it starts as the identity and is trained
    input: InputConfig = field(
        default_factory=lambda: InputConfig(
            channels=3,
            widths=(128,),
            keep_aspect=False,
            resample="bicubic",
            standardise=False,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
        )
    )
    channels: tuple[int, ...] = (32, 32, 64, 128, 256, 512)  # backbone: stem, then its stages
    blocks: tuple[int, ...] = (3, 4, 6, 6, 3)  # residual blocks of each stage
    encoder_layers: int = 2
    encoder_hidden: int = 256  # per direction
    encoder_size: int = 256  # what the encoder hands on
    attention_size: int = 256  # hidden size of the attention decoder
    embedding_size: int = 256
    glyph_channels: int = 256  # of the feature maps that glyph attention pools
    glyph_hidden: int = 256  # of the recurrent layer along the characters, per direction
    glyph_bidirectional: bool = True  # without, a reading does not depend on the number of steps
    glyph_kernels: tuple[int, int] = (3, 3)  # of the feature convolutions: low, middle
    fusion_size: int = 512  # final decoder
    dropout: float = 0.3
    trunk: TrunkConfig = field(default_factory=TrunkConfig)

    def __post_init__(self) -> None:
        Charset(self.characters)
        if not 1 <= self.max_length <= 200:
            raise UsageError(f"max_length must lie in 1..200, got {self.max_length}.")
        if self.shared_attention and self.rectify:
            raise UsageError("shared_attention and rectify exclude each other.")

    @property
    def charset(self) -> Charset:
        """The characters with their class ids."""
        return Charset(self.characters)

    @property
    def max_steps(self) -> int:
        """The longest decoding in steps: every character and the end mark."""
        return self.max_length + 1


def compact() -> ModelConfig:
    """Our network for plain CPUs: grey, aspect ratio kept, no feedback, one attention decoder."""
    return ModelConfig(
        architecture="compact",
        characters=PRINTABLE,
        max_length=40,
        feedback=False,
        shared_attention=True,
        rectify=False,
        input=InputConfig(),
        channels=(16, 32, 64, 128, 256),
        blocks=(1, 3, 2),
        encoder_layers=2,
        encoder_hidden=128,
        encoder_size=192,
        attention_size=192,
        embedding_size=64,
        glyph_channels=96,
        glyph_hidden=128,
        glyph_bidirectional=False,
        glyph_kernels=(1, 3),
        fusion_size=256,
        dropout=0.1,
        trunk=TrunkConfig(entry=64, coarse=64, up_middle=32, middle=48, up_fine=16, fine=16, context=True),
    )
