"""Which files make up a model, how large they may be, and whether a folder of them is sound; nothing else is ever taken along."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from siga_ocr.errors import ModelError
from siga_ocr.store.folder import CALIBRATION_NAME, CONFIG_NAME, GRAPH_NAME, MAX_GRAPH, MAX_WEIGHTS, MEGABYTE, WEIGHTS_NAME, describe, layout

LIMITS = {
    CONFIG_NAME: MEGABYTE,
    WEIGHTS_NAME: MAX_WEIGHTS,
    GRAPH_NAME: MAX_GRAPH,
    CALIBRATION_NAME: MEGABYTE,
    "README.md": 8 * MEGABYTE,
    "recipe.toml": MEGABYTE,
    "LICENSE": MEGABYTE,
    "LICENSE.md": MEGABYTE,
    "LICENSE.txt": MEGABYTE,
    "NOTICE": MEGABYTE,
}
"""The files of a model and the bytes that each may have at most: numbers, a graph and text, nothing that could run."""

REQUIRED = (CONFIG_NAME, WEIGHTS_NAME)


@dataclass(frozen=True)
class StoredFile:
    """One file of a model."""

    name: str
    size: int
    sha256: str


def contents(folder: Path) -> tuple[StoredFile, ...]:
    """The files of a model that a folder holds, by name.

    Raises:
        ModelError: one cannot be read.
    """
    return tuple(_stored(folder / name) for name in sorted(LIMITS) if (folder / name).is_file())


def _stored(path: Path) -> StoredFile:
    try:
        return StoredFile(path.name, path.stat().st_size, sha256_of(path))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}. Name another copy.") from error


def sha256_of(path: Path) -> str:
    """The hash of a file of any size, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(files: Sequence[StoredFile]) -> str:
    """32 hexadecimal digits that tell models apart."""
    return hashlib.sha256("".join(f"{file.name} {file.sha256}\n" for file in files).encode()).hexdigest()[:32]


def check(folder: Path, what: str) -> None:
    """Refuse a folder that holds no sound model; `what` is the name under which it is reported.

    Raises:
        ModelError: a file is missing, too large or damaged, or `config.json` describes other weights or an unknown network.
    """
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise ModelError(f"{what} holds no {name}: a model is {' and '.join(REQUIRED)} (weights of other kinds are not read).")
    for name, limit in LIMITS.items():
        if (folder / name).is_file() and (folder / name).stat().st_size > limit:
            raise ModelError(f"{name} of {what} is larger than {limit // MEGABYTE} MB: that is no model of siga-ocr.")
    description = describe(folder)
    if _stored(folder / WEIGHTS_NAME).sha256 != description.weights_sha256:
        raise ModelError(f"{WEIGHTS_NAME} of {what} is not the file that its {CONFIG_NAME} describes (the sha256 differs). Get a sound copy.")
    ends = [tensor.end for tensor in layout(folder).values()]
    if not ends or max(ends) != (folder / WEIGHTS_NAME).stat().st_size:
        raise ModelError(f"{WEIGHTS_NAME} of {what} is no whole safetensors file. Get a sound copy.")


def size_of(folder: Path) -> int:
    """Bytes on the disk."""
    return sum((folder / name).stat().st_size for name in LIMITS if (folder / name).is_file())


def parameters_of(folder: Path) -> int:
    """How many numbers the weights are.

    Raises:
        ModelError: the weights cannot be read.
    """
    return sum(prod(tensor.shape) for tensor in layout(folder).values())
