"""What a model folder holds and says of itself: `config.json`, the weights and the graph beside it; read without PyTorch."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from siga_ocr.config import ModelConfig
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.parsing import build

FORMAT = 1
"""The version of `config.json`; it rises when an old program could misread a new folder."""

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
GRAPH_NAME = "model.onnx"
CALIBRATION_NAME = "calibration.json"


@dataclass(frozen=True)
class Description:
    """What a model folder says of itself in `config.json`; `revision` is that of the shipped weights, empty where none is given."""

    model: ModelConfig
    weights_sha256: str
    training: dict[str, object]
    revision: str = ""


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
    sha256, training, revision = content.get("weights_sha256"), content.get("training", {}), content.get("revision", "")
    if not isinstance(sha256, str) or not isinstance(training, dict) or not isinstance(revision, str):
        raise ModelError(f"{path} lacks weights_sha256 (text), training (object) or revision (text). Fetch or save the model again.")
    try:
        return Description(build(ModelConfig, content.get("model"), "model"), sha256, training, revision)
    except UsageError as error:
        raise ModelError(f"{path}: {error} Correct it, update siga-ocr or fetch the model again.") from error


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in the weights' file: its type (`F16`, `F32`, ...), its shape, and where its bytes begin and end in the file."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


def layout(folder: Path) -> dict[str, StoredTensor]:
    """What the weights' file holds, by name, without its values.

    Raises:
        ModelError: the file cannot be read, or is no safetensors file.
    """
    header = _header(folder)
    try:
        found = json.loads(header[8:])
        return {
            name: StoredTensor(entry["dtype"], tuple(entry["shape"]), *(len(header) + offset for offset in entry["data_offsets"]))
            for name, entry in found.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / WEIGHTS_NAME} is no safetensors file ({error}). Fetch or save the model again.") from error


def graph_key(folder: Path) -> str:
    """What a graph has to match: the SHA-256 of the network's configuration and of the layout of its weights, not of their values.

    Weights that are trained on keep their names, types and shapes, and so their graph.

    Raises:
        ModelError: a file cannot be read.
    """
    network = json.dumps(asdict(describe(folder).model), sort_keys=True)
    return hashlib.sha256(network.encode() + _header(folder)).hexdigest()


def checked_weights(folder: Path, sha256: str) -> bytes:
    """The bytes of the weights' file, which are those that `config.json` describes.

    Raises:
        ModelError: the file cannot be read, or is another one.
    """
    path = folder / WEIGHTS_NAME
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Fetch or save the model again.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} is not the file that {CONFIG_NAME} describes (its sha256 differs). Fetch or save the model again.")
    return content


def _header(folder: Path) -> bytes:
    """The head of the weights' file: the length of a JSON text in 8 bytes, and that text."""
    path = folder / WEIGHTS_NAME
    try:
        with path.open("rb") as stream:
            length = stream.read(8)
            return length + stream.read(min(int.from_bytes(length, "little"), 2**26))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Fetch or save the model again.") from error
