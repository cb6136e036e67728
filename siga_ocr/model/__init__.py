"""The networks, by their configuration."""

from siga_ocr.config import ModelConfig
from siga_ocr.model.compact import CompactSiga
from siga_ocr.model.outputs import ReadOutput, TrainOutput
from siga_ocr.model.siga import PublishedSiga

SigaModel = PublishedSiga | CompactSiga

__all__ = ["ReadOutput", "SigaModel", "TrainOutput", "build_model"]


def build_model(config: ModelConfig) -> SigaModel:
    """A network with random weights, in training mode."""
    return CompactSiga(config) if config.architecture == "compact" else PublishedSiga(config)
