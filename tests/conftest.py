"""What many tests share: a tiny network, and its folder."""

from pathlib import Path

import pytest
import torch

from siga_ocr.config import ModelConfig
from siga_ocr.model import SigaModel, build_model
from siga_ocr.store import checkpoint
from tests.tiny import TINY


@pytest.fixture(scope="session")
def tiny_config() -> ModelConfig:
    """The compact network, as narrow as it gets."""
    return TINY


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
