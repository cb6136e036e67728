"""Which parts a network of each kind is made of, in the sizes of its configuration; the only module that knows them all."""

from dataclasses import dataclass

from siga_ocr.config import ModelConfig
from siga_ocr.model.backbone.compact import CompactBackbone
from siga_ocr.model.backbone.resnet45 import ResNet45
from siga_ocr.model.backbone.svtr import Svtr
from siga_ocr.model.backbone.vit import Vit
from siga_ocr.model.convolution import ConvUnit, UpUnit
from siga_ocr.model.decoder import DecoderSizes
from siga_ocr.model.encoder import SequenceEncoder
from siga_ocr.model.fusion import FusionHead
from siga_ocr.model.glyph import GlyphAttention, GlyphScale, GlyphSizes, GroupedProjection
from siga_ocr.model.rectifier import Rectifier, Unrectified
from siga_ocr.model.segmenter import SegmentationTrunk, SvtrTrunk, VitTrunk

Backbone = CompactBackbone | ResNet45 | Svtr | Vit
Trunk = SegmentationTrunk | SvtrTrunk | VitTrunk


@dataclass(frozen=True)
class Parts:
    """The parts that depend on the kind of network."""

    backbone: Backbone
    trunk: Trunk
    glyph: GlyphAttention


def parts(config: ModelConfig) -> Parts:
    """New ones, with random weights."""
    if config.architecture == "siga-t":
        return _vit(config)
    widths = config.channels
    if config.architecture == "siga-s":
        taps = (widths[0], widths[1], widths[2])
        return Parts(Svtr(config), SvtrTrunk(config.trunk, taps), _glyph(config, taps))
    if config.architecture == "siga-r":
        taps, backbone = (widths[0], widths[2], widths[4]), ResNet45(config)
        return Parts(backbone, SegmentationTrunk(config.trunk, taps, config.encoder_size), _glyph(config, taps))
    taps = (widths[0], widths[1], widths[2])
    return Parts(CompactBackbone(config), SegmentationTrunk(config.trunk, taps, config.encoder_size), _glyph(config, taps))


def encoder(config: ModelConfig) -> SequenceEncoder:
    """The recurrent layers along the backbone's columns."""
    return SequenceEncoder(config.channels[-1], config.encoder_hidden, config.encoder_size, config.encoder_layers)


def attending(config: ModelConfig) -> DecoderSizes:
    """Of every decoder along the encoded columns or the glyph features."""
    return DecoderSizes(
        inputs=config.encoder_size,
        hidden=config.attention_size,
        classes=config.charset.class_count,
        embedding=config.embedding_size if config.feedback else 0,
        start_is_class=config.start_is_class,
    )


def head(config: ModelConfig) -> FusionHead:
    """The last module."""
    sizes = DecoderSizes(
        inputs=config.fusion_size,
        hidden=config.fusion_size,
        classes=config.charset.class_count,
        embedding=config.embedding_size if config.feedback else 0,
        start_is_class=config.start_is_class,
    )
    return FusionHead(config.encoder_size, sizes, config.dropout)


def rectifier(config: ModelConfig) -> Rectifier | Unrectified:
    """What straightens crops, or does not."""
    if not config.rectify:
        return Unrectified()
    return Rectifier(config.input.channels, config.input.height, config.input.widths[0], frozen=config.rectifier_frozen)


def _glyph(config: ModelConfig, taps: tuple[int, int, int]) -> GlyphAttention:
    sizes, (low, middle) = _glyph_sizes(config), config.glyph_kernels
    return GlyphAttention(
        GlyphScale(sizes, config.trunk.middle, ConvUnit(taps[1], sizes.channels, low)),
        GlyphScale(sizes, config.trunk.coarse, ConvUnit(taps[2], sizes.channels, middle)),
    )


def _vit(config: ModelConfig) -> Parts:
    sizes, width = _glyph_sizes(config), config.channels[0]
    glyph = GlyphAttention(
        GlyphScale(sizes, config.trunk.middle, UpUnit(width, sizes.channels)),
        GlyphScale(sizes, config.trunk.coarse, GroupedProjection(width, sizes.channels)),
    )
    return Parts(Vit(config), VitTrunk(config.trunk, width), glyph)


def _glyph_sizes(config: ModelConfig) -> GlyphSizes:
    return GlyphSizes(
        steps=config.max_steps,
        channels=config.glyph_channels,
        hidden=config.glyph_hidden,
        outputs=config.encoder_size,
        bidirectional=config.glyph_bidirectional,
        dropout=config.dropout,
    )
