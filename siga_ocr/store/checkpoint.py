"""A model as a folder: `model.safetensors` and a `config.json` that says what it is; written whole or not at all."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_weights
from safetensors.torch import save as serialise_weights
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from siga_ocr.errors import DiskError, ModelError
from siga_ocr.model import build_model
from siga_ocr.store.folder import CONFIG_NAME, FORMAT, WEIGHTS_NAME, Description, checked_weights, describe, layout
from siga_ocr.whole_file import unfinished

if TYPE_CHECKING:
    from siga_ocr.model import SigaModel

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""The kinds of numbers that weights may be stored as."""

__all__ = ["CONFIG_NAME", "WEIGHTS_NAME", "Description", "describe", "load", "save"]


def save(folder: Path, model: "SigaModel", note: Mapping[str, object], *, float32: bool = False) -> None:
    """Write `model` to `folder`; `note` says how it was trained and must be JSON.

    Floating-point weights are stored as float16, those of batch normalisation as float32; `float32` keeps all of them for training to go
    on. Both files are complete on the disk before either takes its name, weights first: an interrupted run leaves the old pair.

    Raises:
        DiskError: the folder cannot be written.
    """
    weights = serialise_weights(_stored_weights(model, float32))
    config = {
        "format": FORMAT,
        "model": asdict(model.config),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "training": dict(note),
    }
    text = json.dumps(config, indent=2, ensure_ascii=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished((folder / WEIGHTS_NAME, folder / CONFIG_NAME)) as partial:
            partial[folder / WEIGHTS_NAME].write_bytes(weights)
            partial[folder / CONFIG_NAME].write_bytes(text.encode())
    except OSError as error:
        raise DiskError(f"The model cannot be written to {folder}: {error.strerror}. Free some space or name another folder.") from error


def load(folder: Path, device: str | torch.device = "cpu") -> "SigaModel":
    """The model of a folder, in evaluation mode, all weights float32.

    Raises:
        ModelError: a file is missing or damaged, or the weights do not fit the configuration.
    """
    description = describe(folder)
    weights = _read_weights(folder, description)
    model = build_model(description.model)
    model.load_state_dict(weights)
    return model.float().to(device).eval()


def _read_weights(folder: Path, description: Description) -> dict[str, Tensor]:
    """The tensors of the network that a folder describes, each with its name and shape, all of them numbers."""
    content = checked_weights(folder, description.weights_sha256)
    with torch.device("meta"):  # the network's names and shapes, without the memory that a wrong configuration would ask for
        wanted = build_model(description.model).state_dict()
    _check_names(wanted, {name: tensor.shape for name, tensor in layout(folder).items()}, folder)
    try:
        weights = parse_weights(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # a KeyError: of a kind of number that PyTorch does not have
        raise ModelError(f"{folder / WEIGHTS_NAME} is no safetensors file ({error}). Fetch or save the model again.") from error
    if wrong := sorted(name for name, tensor in weights.items() if not are_numbers(tensor, wanted[name])):
        raise ModelError(f"{folder / WEIGHTS_NAME} holds no finite numbers of the right kind in {_some(wrong)}. Fetch or save the model again.")
    return weights


def are_numbers(tensor: Tensor, wanted: Tensor) -> bool:
    """Whether it holds floating-point numbers where such are wanted, or else whole ones, and no infinities."""
    kinds = FLOATS if wanted.is_floating_point() else (torch.int64,)
    return tensor.dtype in kinds and bool(torch.isfinite(tensor).all())


def _check_names(wanted: Mapping[str, Tensor], found: Mapping[str, tuple[int, ...]], folder: Path) -> None:
    """Every name and shape must fit."""
    missing, unknown = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    shapes = sorted(name for name in wanted.keys() & found.keys() if tuple(wanted[name].shape) != found[name])
    for names, fault in ((missing, "lacks"), (unknown, "holds unknown"), (shapes, "has another shape for")):
        if names:
            raise ModelError(f"{folder / WEIGHTS_NAME} {fault} {_some(names)}: it does not fit {CONFIG_NAME}. Fetch or save the model again.")


def _some(names: Sequence[str]) -> str:
    return ", ".join(name[:80] for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _stored_weights(model: nn.Module, float32: bool) -> dict[str, Tensor]:
    """The weights as they go to the disk: float16, of batch normalisation float32 (its variances leave float16's range)."""
    statistics = {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        if isinstance(module, _BatchNorm)
        for name in module.state_dict()
    }
    stored = {}
    for name, tensor in model.state_dict().items():
        full = float32 or name in statistics or not tensor.is_floating_point()
        stored[name] = tensor.detach().cpu().to(tensor.dtype if full else torch.float16).clone().contiguous()
    return stored
