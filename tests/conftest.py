"""What many tests share: a tiny network, and its folder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from siga_ocr import checkpoint
from siga_ocr.config import ModelConfig, TrunkConfig, compact
from siga_ocr.model import SigaModel, build_model


@pytest.fixture(scope="session")
def tiny_config() -> ModelConfig:
    """The compact network, as narrow as it gets."""
    return replace(
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


@pytest.fixture
def tiny_model(tiny_config: ModelConfig) -> SigaModel:
    """A tiny network with random weights, always the same, in evaluation mode."""
    torch.manual_seed(0)
    return build_model(tiny_config).eval()


@pytest.fixture(scope="session")
def tiny_model_folder(tiny_config: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a tiny network of random weights."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    checkpoint.save(folder, build_model(tiny_config).eval(), {})
    return folder
