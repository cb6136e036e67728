"""What a model is: its input, characters, sizes. Every default of a network stands here once."""

from dataclasses import dataclass, field, replace
from typing import Literal

from siga_ocr.charset import PRINTABLE, PUBLISHED, PUBLISHED_T, Charset
from siga_ocr.errors import UsageError

Architecture = Literal["compact", "siga-r", "siga-s", "siga-t"]

_SIZES: dict[Architecture, tuple[int, int]] = {"compact": (5, 3), "siga-r": (6, 5), "siga-s": (5, 3), "siga-t": (2, 1)}
"""How many `channels` and `blocks` each backbone takes."""

_HEAD = {"siga-s": 32, "siga-t": 64}
"""Channels of an attention head in the backbones that have some; stages are as wide as their heads together."""

MOST_CHANNELS, MOST_BLOCKS, LARGEST_SIDE = 4096, 64, 4096
"""Of a layer, of a stage, and of an input in pixels; beyond them lies no network that anybody trains."""

LAST_TAP = 8
"""SIGA-T looks at what its first so many blocks give, so that it has no fewer."""


LARGEST_KERNEL = 16

GROUPS = 8
"""In so many groups SIGA-T describes the scale Middle."""

_WIDTHS = (
    *("encoder_hidden", "encoder_size", "attention_size", "embedding_size"),
    *("glyph_channels", "glyph_hidden", "fusion_size"),
)


def _check_sizes(config: object, place: str, names: tuple[str, ...]) -> None:
    for name in names:
        size = vars(config)[name]
        if not 1 <= size <= MOST_CHANNELS:
            raise UsageError(f"{place}{name} must lie in 1..{MOST_CHANNELS}, got {size}.")


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
        if not (8 <= self.height <= LARGEST_SIDE and 4 <= self.widths[0] <= self.widths[-1] <= LARGEST_SIDE):
            raise UsageError(f"input.height and input.widths must lie below {LARGEST_SIDE + 1} pixels, got {self.height} and {self.widths}.")
        if not all(len(values) in (1, self.channels) for values in (self.mean, self.std)) or not all(deviation > 0 for deviation in self.std):
            raise UsageError(f"input.mean and input.std need a value for each of {self.channels} channels, input.std above 0.")


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

    def __post_init__(self) -> None:
        _check_sizes(self, "trunk.", ("entry", "coarse", "up_middle", "middle", "up_fine", "fine"))


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that `build_model` needs. The defaults are SIGA-R as published; `siga_s()` and `siga_t()` are the other two, `compact()` is ours."""

    architecture: Architecture = "siga-r"
    characters: str = PUBLISHED
    max_length: int = 25
    feedback: bool = True  # feed the predicted character back into the decoders
    aligned_votes: bool = False  # what is read is the mean of what the aligned decoder and the final head find probable
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
    channels: tuple[int, ...] = (32, 32, 64, 128, 256, 512)  # backbone: stem, then its stages; the last is what the encoder takes
    blocks: tuple[int, ...] = (3, 4, 6, 6, 3)  # residual or transformer blocks of each stage
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
        if self.aligned_votes and (self.architecture != "compact" or self.feedback):
            raise UsageError("aligned_votes is for the compact network without feedback.")
        if self.shared_attention and self.rectify:
            raise UsageError("shared_attention and rectify exclude each other.")
        if (len(self.channels), len(self.blocks)) != _SIZES[self.architecture]:
            channels, blocks = _SIZES[self.architecture]
            raise UsageError(f"{self.architecture} takes {channels} channels and {blocks} blocks, got {self.channels} and {self.blocks}.")
        if not (1 <= min(self.channels) <= max(self.channels) <= MOST_CHANNELS and 0 <= min(self.blocks) <= max(self.blocks) <= MOST_BLOCKS):
            raise UsageError(f"channels must lie in 1..{MOST_CHANNELS} and blocks in 0..{MOST_BLOCKS}, got {self.channels} and {self.blocks}.")
        _check_sizes(self, "", _WIDTHS)
        if not 1 <= self.encoder_layers <= MOST_BLOCKS or not 0 <= self.dropout < 1:
            raise UsageError(f"encoder_layers must lie in 1..{MOST_BLOCKS} and dropout in 0..1, got {self.encoder_layers} and {self.dropout}.")
        if any(kernel % 2 == 0 or not 1 <= kernel < LARGEST_KERNEL for kernel in self.glyph_kernels):
            raise UsageError(f"glyph_kernels must be odd and below {LARGEST_KERNEL}, got {self.glyph_kernels}.")
        self._check_transformer()

    def _check_transformer(self) -> None:
        if self.architecture not in _HEAD:
            return
        head, stages = _HEAD[self.architecture], self.channels[1:4] if self.architecture == "siga-s" else self.channels[:1]
        if any(width % head for width in stages):
            raise UsageError(f"The stages of {self.architecture} must be multiples of {head} channels wide, got {self.channels}.")
        if len(self.input.widths) != 1 or not self.feedback:
            raise UsageError(f"{self.architecture} reads crops of one width and feeds its predictions back: name one of input.widths.")
        if self.architecture == "siga-t" and (self.glyph_channels % GROUPS or self.channels[0] % GROUPS):
            raise UsageError(f"glyph_channels and channels of siga-t must be multiples of {GROUPS}, got {self.glyph_channels} and {self.channels}.")
        if self.architecture == "siga-t" and self.blocks[0] < LAST_TAP:
            raise UsageError(f"siga-t needs at least {LAST_TAP} blocks, got {self.blocks[0]}.")

    @property
    def head_size(self) -> int:
        """Channels of an attention head of the backbone; 0 where it has none."""
        return _HEAD.get(self.architecture, 0)

    @property
    def charset(self) -> Charset:
        """The characters with their class ids."""
        return Charset(self.characters)

    @property
    def max_steps(self) -> int:
        """The longest decoding in steps: every character and the end mark."""
        return self.max_length + 1

    @property
    def start_is_class(self) -> bool:
        """Whether the decoders have a logit for the start mark too, after all others, as SIGA-T has; it is never read."""
        return self.architecture == "siga-t"


def siga_s() -> ModelConfig:
    """SIGA-S as published: TPS and SVTR-L, crops of 48 x 160."""
    return ModelConfig(
        architecture="siga-s",
        input=replace(ModelConfig().input, height=48, widths=(160,)),
        channels=(96, 192, 256, 512, 384),
        blocks=(3, 9, 9),
        fusion_size=384,
        trunk=TrunkConfig(entry=128, coarse=128, up_middle=64, middle=128, up_fine=96, fine=128),
    )


def siga_t() -> ModelConfig:
    """SIGA-T as published: a ViT of DeiT-base's size, crops of 32 x 128 in 0..1, not straightened."""
    return ModelConfig(
        architecture="siga-t",
        characters=PUBLISHED_T,
        rectify=False,
        input=replace(ModelConfig().input, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
        channels=(768, 512),
        blocks=(12,),
        trunk=TrunkConfig(coarse=256),
    )


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
