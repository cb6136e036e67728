"""Both networks as narrow as they get, for tests."""

from dataclasses import replace

from siga_ocr.charset import PUBLISHED
from siga_ocr.config import ModelConfig, TrunkConfig, compact

TINY = replace(
    compact(),
    max_length=20,
    channels=(4, 8, 8, 8, 8),
    blocks=(1, 1, 1),
    encoder_layers=1,
    encoder_hidden=8,
    encoder_size=8,
    attention_size=8,
    embedding_size=8,
    glyph_channels=8,
    glyph_hidden=8,
    fusion_size=8,
    trunk=TrunkConfig(entry=8, coarse=8, up_middle=8, middle=8, up_fine=8, fine=8, context=True),
)


def tiny(**changes: object) -> ModelConfig:
    """Seven classes and six characters at most, with these changes."""
    return replace(TINY, **{"characters": "0123AB", "max_length": 6} | changes)  # type: ignore[arg-type]


def tiny_published(**changes: object) -> ModelConfig:
    """SIGA-R with six characters at most, and these changes."""
    sizes = {name: getattr(TINY, name) for name in ("encoder_layers", "encoder_hidden", "encoder_size", "attention_size", "embedding_size")}
    sizes |= {name: getattr(TINY, name) for name in ("glyph_channels", "glyph_hidden", "fusion_size")}
    shape = {"characters": PUBLISHED[:10], "max_length": 6, "channels": (4, 4, 8, 8, 8, 8), "blocks": (1, 1, 2, 1, 1)}
    trunk = replace(TINY.trunk, context=False)
    return replace(ModelConfig(), **{"trunk": trunk} | sizes | shape | changes)
