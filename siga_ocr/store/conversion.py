"""A checkpoint of the authors as a model folder of ours; nothing in the file is run."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from siga_ocr import __version__
from siga_ocr.config import Architecture, ModelConfig
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.model import build_model
from siga_ocr.recipe import PRESETS
from siga_ocr.store import checkpoint
from siga_ocr.store.files import sha256_of
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME
from siga_ocr.store.official import converted, published
from siga_ocr.whole_file import write_whole

NETWORK = "net"
"""Where a checkpoint keeps the weights, beside those of its optimiser."""

LICENCE = 'The licence line of the authors reads "academic research"'

CARD = """---
library_name: siga-ocr
pipeline_tag: image-to-text
tags: [ocr, siga]
license: other
---

# {architecture}, converted

The weights of {file} (SHA-256 {sha256}), converted by siga-ocr {version} and otherwise unchanged. {licence}: whether you may use them for
what you have in mind is between you and them. siga-ocr ships none of their weights.

Reads texts of up to {length} characters out of {characters}, capitals as lower case.
"""


def convert(source: Path, architecture: Architecture, folder: Path) -> ModelConfig:
    """Write the checkpoint `source` as a model to `folder`, all weights in float32; returns what the model is.

    Raises:
        UsageError: there are no published weights of such a network, or there is a model in the folder.
        ModelError: the file cannot be read, holds more than tensors, or is no checkpoint of this network.
        DiskError: the folder cannot be written.
    """
    if architecture not in published():
        raise UsageError(f"There are checkpoints of {', '.join(published())}, not of {architecture}.")
    if any((folder / name).exists() for name in (CONFIG_NAME, WEIGHTS_NAME)):
        raise UsageError(f"{folder} holds a model already: name another folder.")
    config = PRESETS[architecture]
    official = _network(source)
    model = build_model(config).eval()
    model.load_state_dict(converted(official, model.state_dict(), architecture))
    origin = {"file": source.name, "sha256": sha256_of(source)}
    checkpoint.save(folder, model, {"converted_from": origin, "licence": f"{LICENCE}."}, float32=True)
    card = CARD.format(
        architecture=architecture, version=__version__, licence=LICENCE, length=config.max_length, characters=config.characters, **origin
    )
    write_whole({folder / "README.md": card.encode()})
    return config


def _network(source: Path) -> dict[str, Tensor]:
    """The tensors of the network in a checkpoint, by name."""
    content: Any = _content(source)
    network = content.get(NETWORK, content) if isinstance(content, dict) else None
    if not isinstance(network, dict) or not network:
        raise ModelError(f"{source} holds no network: a checkpoint of the authors is a dictionary with {NETWORK!r}, its names and tensors.")
    for name, value in network.items():
        if not isinstance(name, str) or not _is_plain(value):
            raise ModelError(f"{source}: {str(name)[:80]!r} is no plain tensor ({type(value).__name__}): it is no checkpoint of the authors.")
    return network


def _is_plain(value: object) -> bool:
    """Whether it is numbers in memory, and nothing that other code stands behind."""
    if not isinstance(value, Tensor) or type(value) not in (Tensor, Parameter):
        return False
    return value.layout == torch.strided and value.device.type == "cpu" and not value.is_quantized and not value.is_complex()


def _content(source: Path) -> object:
    """What the file holds; only tensors and plain containers are ever made of it."""
    try:
        with source.open("rb") as stream:
            return torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror or error}. Name a checkpoint, as its authors publish it.") from error
    except Exception as error:  # of many kinds, whatever a damaged or hostile file brings about
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ModelError(f"{source} is no checkpoint that can be opened safely, as tensors alone ({reason}). Get a sound copy.") from error
