"""The published networks as narrow as they get, for tests."""

from dataclasses import replace

from siga_ocr.config import LAST_TAP, Architecture, ModelConfig, TrunkConfig
from siga_ocr.recipe import PRESETS

BACKBONES: dict[Architecture, dict[str, tuple[int, ...]]] = {
    "siga-r": {"channels": (4, 4, 8, 8, 12, 16), "blocks": (1, 1, 1, 1, 1)},
    "siga-s": {"channels": (8, 32, 32, 32, 16), "blocks": (1, 1, 1)},
    "siga-t": {"channels": (64, 16), "blocks": (LAST_TAP,)},
}


def narrow(architecture: Architecture = "siga-r", **changes: object) -> ModelConfig:
    """One of the published networks with these changes; its input and its characters are the published ones."""
    sizes: dict[str, object] = {
        **BACKBONES[architecture],
        "encoder_hidden": 8,
        "encoder_size": 12,
        "attention_size": 12,
        "embedding_size": 6,
        "glyph_channels": 8,
        "glyph_hidden": 8,
        "fusion_size": 16,
        "trunk": TrunkConfig(entry=8, coarse=8, up_middle=8, middle=8, up_fine=8, fine=8),
    }
    return replace(PRESETS[architecture], **(sizes | changes))  # type: ignore[arg-type]
