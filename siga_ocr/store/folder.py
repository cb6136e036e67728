"""What a model folder holds and says of itself: `config.json`, the weights and the graph beside it; read without PyTorch."""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

from siga_ocr.config import ModelConfig
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.parsing import build, from_json, shown

FORMAT = 1
"""The version of `config.json`; it rises when an old program could misread a new folder."""

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
GRAPH_NAME = "model.onnx"
CALIBRATION_NAME = "calibration.json"

SHA256 = re.compile("[0-9a-f]{64}")

Precision = Literal["float32", "int8"]
"""What a graph computes with: `int8` has residual blocks in integers of eight bits."""

MEGABYTE = 2**20
MAX_WEIGHTS, MAX_HEADER, MAX_GRAPH = 4096 * MEGABYTE, 64 * MEGABYTE, 64 * MEGABYTE
"""Bytes of the weights' file, of the JSON text at its head, and of a graph, which holds no weights: ours take less than one megabyte."""


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
        content = from_json(small_file(path))
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no model folder: it lacks {CONFIG_NAME}. Name a folder with {CONFIG_NAME} and {WEIGHTS_NAME}.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}). Fetch or save the model again.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelError(f"{path} has format {shown(found)}, this version reads format {FORMAT}. Use the siga-ocr version that wrote it.")
    sha256, training, revision = content.get("weights_sha256"), content.get("training", {}), content.get("revision", "")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256) or not isinstance(training, dict):
        raise ModelError(f"{path} lacks weights_sha256 (64 hexadecimal digits) or training (object). Fetch or save the model again.")
    if not isinstance(revision, str) or not revision.isprintable():
        raise ModelError(f"{path} has a revision that is no line of text. Fetch or save the model again.")
    try:
        return Description(build(ModelConfig, content.get("model"), "model"), sha256, training, revision)
    except UsageError as error:
        raise ModelError(f"{path}: {error} Correct it, update siga-ocr or fetch the model again.") from error


def small_file(path: Path, megabytes: int = 1) -> bytes:
    """What a file of text holds, which beside a model is never large.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or larger.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    if status.st_size > megabytes * MEGABYTE:
        raise ValueError(f"it is larger than {megabytes} MB")
    with path.open("rb") as stream:
        return stream.read()


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in the weights' file: its type (`F16`, `F32`, ...), its shape, and where its bytes begin and end in the file.

    Raises:
        ValueError: a number is none, or is negative.
    """

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or any(type(number) is not int for number in (*self.shape, self.begin, self.end)):
            raise ValueError("a type, a shape or a place is of the wrong kind")
        if min((*self.shape, self.begin), default=0) < 0 or self.end < self.begin:
            raise ValueError("a shape or a place is negative")


def layout(folder: Path) -> dict[str, StoredTensor]:
    """What the weights' file holds, by name, without its values.

    Raises:
        ModelError: the file cannot be read, or is no safetensors file.
    """
    header = _header(folder)
    try:
        found = from_json(header[8:])
        return {name: _stored(entry, len(header)) for name, entry in found.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / WEIGHTS_NAME} is no safetensors file ({error}). Fetch or save the model again.") from error


def _stored(entry: Any, start: int) -> StoredTensor:
    """What the head of the file says of a tensor; the tensors' bytes start at `start`."""
    begin, end = entry["data_offsets"]
    return StoredTensor(entry["dtype"], tuple(entry["shape"]), start + begin, start + end)


def graph_key(folder: Path) -> str:
    """What a graph has to match: the SHA-256 of the network's configuration and of the layout of its weights, not of their values.

    Weights that are trained on keep their names, types and shapes, and so their graph.

    Raises:
        ModelError: a file cannot be read.
    """
    network = asdict(describe(folder).model)
    if not network["aligned_votes"]:  # graphs were made before there was such a choice, and are the same without it
        del network["aligned_votes"]
    return hashlib.sha256(json.dumps(network, sort_keys=True).encode() + _header(folder)).hexdigest()


def checked_weights(folder: Path, sha256: str) -> bytes:
    """The bytes of the weights' file, which are those that `config.json` describes.

    Raises:
        ModelError: the file cannot be read, or is another one.
    """
    path = folder / WEIGHTS_NAME
    with _weights(path) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} is not the file that {CONFIG_NAME} describes (its sha256 differs). Fetch or save the model again.")
    return content


def _header(folder: Path) -> bytes:
    """The head of the weights' file: the length of a JSON text in 8 bytes, and that text."""
    with _weights(folder / WEIGHTS_NAME) as stream:
        length = stream.read(8)
        return length + stream.read(min(int.from_bytes(length, "little"), MAX_HEADER))


@contextmanager
def _weights(path: Path) -> Iterator[BufferedReader]:
    """The weights' file, opened.

    Raises:
        ModelError: it cannot be read, or is none that could hold a model.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_WEIGHTS:
            raise ModelError(f"{path} is no regular file of at most {MAX_WEIGHTS // MEGABYTE} MB: that is no model of siga-ocr.")
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Fetch or save the model again.") from error
