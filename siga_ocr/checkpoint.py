"""A model as a folder: `model.safetensors` and a `config.json` that says what it is; written whole or not at all."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_weights
from safetensors.torch import save as serialise_weights
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from siga_ocr.config import ModelConfig
from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.model import build_model

if TYPE_CHECKING:
    from siga_ocr.model import SigaModel

FORMAT = 1
"""The version of `config.json`; it rises when an old program could misread a new folder."""

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"


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
        _write_together({folder / WEIGHTS_NAME: weights, folder / CONFIG_NAME: text.encode()})
    except OSError as error:
        raise DiskError(f"The model cannot be written to {folder}: {error.strerror}. Free some space or name another folder.") from error


def load(folder: Path, device: str | torch.device = "cpu") -> "SigaModel":
    """The model of a folder, in evaluation mode, all weights float32.

    Raises:
        ModelError: a file is missing or damaged, or the weights do not fit the configuration.
    """
    description = describe(folder)
    model = build_model(description.model)
    weights = _read_weights(folder, description.weights_sha256)
    _fill(model, weights, folder)
    return model.float().to(device).eval()


@dataclass(frozen=True)
class Description:
    """What a model folder says of itself in `config.json`."""

    model: ModelConfig
    weights_sha256: str
    training: dict[str, object]


def describe(folder: Path) -> Description:
    """Read `config.json` alone.

    Raises:
        ModelError: it is missing, no JSON, of another format, or holds a value or a key that this version does not know.
    """
    path = folder / CONFIG_NAME
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no model folder: it lacks {CONFIG_NAME}. Name a folder with {CONFIG_NAME} and {WEIGHTS_NAME}.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}). Fetch or save the model again.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelError(f"{path} has format {found!r}, this version reads format {FORMAT}. Use the siga-ocr version that wrote it.")
    sha256, training = content.get("weights_sha256"), content.get("training", {})
    if not isinstance(sha256, str) or not isinstance(training, dict):
        raise ModelError(f"{path} lacks weights_sha256 (text) or training (object). Fetch or save the model again.")
    return Description(_parse_model(content.get("model"), path), sha256, training)


def _parse_model(section: object, path: Path) -> ModelConfig:
    from pydantic import TypeAdapter, ValidationError

    try:
        config = TypeAdapter(ModelConfig).validate_json(json.dumps(section), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["model", *(str(part) for part in first["loc"])])
        raise ModelError(f"{path}: {place}: {first['msg']}. Correct it or fetch the model again.") from error
    except UsageError as error:
        raise ModelError(f"{path}: {error}") from error
    unknown = _unknown_keys(section, asdict(config), "model")
    if unknown:
        raise ModelError(f"{path} holds {', '.join(unknown)}, which this version does not know. Update siga-ocr or remove the key.")
    return config


def _unknown_keys(given: object, known: object, place: str) -> list[str]:
    """The dotted names in `given` that the parsed configuration lacks: a mistyped key must not be passed over in silence."""
    if not isinstance(given, dict) or not isinstance(known, dict):
        return []
    unknown = []
    for key, value in given.items():
        unknown += _unknown_keys(value, known[key], f"{place}.{key}") if key in known else [f"{place}.{key}"]
    return unknown


def _read_weights(folder: Path, sha256: str) -> dict[str, Tensor]:
    path = folder / WEIGHTS_NAME
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Fetch or save the model again.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} is not the file that {CONFIG_NAME} describes (its sha256 differs). Fetch or save the model again.")
    try:
        return parse_weights(content)
    except SafetensorError as error:
        raise ModelError(f"{path} is no safetensors file ({error}). Fetch or save the model again.") from error


def _fill(model: nn.Module, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Copy `weights` into `model`; every name and shape must fit."""
    wanted = model.state_dict()
    missing, unknown = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    shapes = sorted(name for name in wanted.keys() & weights.keys() if wanted[name].shape != weights[name].shape)
    for names, fault in ((missing, "lacks"), (unknown, "holds unknown"), (shapes, "has another shape for")):
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise ModelError(f"{folder / WEIGHTS_NAME} {fault} {shown}: it does not fit {CONFIG_NAME}. Fetch or save the model again.")
    model.load_state_dict(dict(weights))


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


def _write_together(contents: Mapping[Path, bytes]) -> None:
    """Write all files under other names and make them durable, then rename them in order."""
    partial = {path: path.with_name(f".{path.name}.{os.getpid()}.partial") for path in contents}
    try:
        for path, content in contents.items():
            with partial[path].open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        for path, unfinished in partial.items():
            unfinished.replace(path)
    finally:
        for unfinished in partial.values():
            unfinished.unlink(missing_ok=True)
