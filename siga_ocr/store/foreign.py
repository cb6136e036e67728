"""The tensors of a PyTorch file that a stranger may have made: read in a process of its own, which a wrong file can bring down alone."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import Parameter

from siga_ocr.errors import DiskError, ModelError
from siga_ocr.store.folder import MAX_WEIGHTS, MEGABYTE

NETWORK = "net"
"""Where a checkpoint keeps the weights, beside those of its optimiser."""

MEMORY = 4 * MAX_WEIGHTS
"""Bytes of address space of the process that opens the file, where the system can limit it."""

SECONDS = 600
"""After so long the file is given up."""


def tensors_of(source: Path) -> dict[str, Tensor]:
    """The network in a checkpoint, by name; nothing in the file is run, and no more is made of it than tensors.

    Raises:
        ModelError: the file cannot be read, holds more than tensors, or is none of PyTorch's.
        DiskError: there is no room for a copy of its tensors.
    """
    _check(source)
    try:
        with tempfile.TemporaryDirectory(prefix="siga-ocr-") as folder:
            copy = Path(folder) / "tensors"
            if reason := _in_own_process(source, copy):
                raise ModelError(reason)
            return parse_tensors(copy.read_bytes())
    except SafetensorError as error:
        raise ModelError(f"{source} could not be read as tensors ({error}). Get a sound copy.") from error
    except OSError as error:
        place = tempfile.gettempdir()
        raise DiskError(f"No copy of the tensors can be written to {place}: {error}. Free some space, or name another folder by TMPDIR.") from error


def network(source: Path) -> dict[str, Tensor]:
    """What `tensors_of` gives, read in this process, which a hostile file could end.

    Raises:
        ModelError: the file cannot be read, holds more than tensors, or is none of PyTorch's.
    """
    content = _content(source)
    found = content.get(NETWORK, content) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise ModelError(f"{source} holds no network: a checkpoint of the authors is a dictionary with {NETWORK!r}, its names and tensors.")
    for name, value in found.items():
        if not isinstance(name, str) or not _is_plain(value):
            shown = name[:80] if isinstance(name, str) else type(name).__name__
            raise ModelError(f"{source}: {shown!r} is no plain tensor ({type(value).__name__}): it is no checkpoint of the authors.")
    if sum(tensor.nbytes for tensor in found.values()) > MAX_WEIGHTS:
        raise ModelError(f"{source} says that its network has more than {MAX_WEIGHTS // MEGABYTE} MB: it is no checkpoint of the authors.")
    return found


def _check(source: Path) -> None:
    try:
        size = source.stat().st_size
        if not source.is_file() or size > MAX_WEIGHTS:
            raise ModelError(f"{source} cannot be read: it is no regular file of at most {MAX_WEIGHTS // MEGABYTE} MB. Name a checkpoint.")
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror or error}. Name a checkpoint, as its authors publish it.") from error
    except ValueError as error:  # a name with a zero byte
        raise ModelError(f"{str(source)!r} cannot be read: {error}. Name a checkpoint, as its authors publish it.") from error


def _in_own_process(source: Path, copy: Path) -> str:
    """Let another process write the tensors to `copy`; what it has to say against the file, nothing if all went well."""
    search = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-P", "-m", __name__, str(source.absolute()), str(copy)]  # -P: no module is taken from the working folder
    try:
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": search}, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{source} was given up after {SECONDS} seconds: it is no checkpoint of the authors. Get a sound copy."
    if done.returncode == 0:
        return ""
    said = done.stdout.decode("utf-8", "replace").strip()
    return said or f"{source} is no checkpoint that can be opened safely: what reads it came to an end ({done.returncode}). Get a sound copy."


def _content(source: Path) -> object:
    """What the file holds; only tensors and plain containers are ever made of it."""
    try:
        with source.open("rb") as stream:
            return torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror or error}. Name a checkpoint, as its authors publish it.") from error
    except Exception as error:  # of many kinds, whatever a damaged or hostile file brings about
        raise ModelError(f"{source} is no checkpoint that can be opened safely, as tensors alone ({_reason(error)}). Get a sound copy.") from error


def _reason(error: Exception) -> str:
    """What PyTorch has against a file, without its advice to open the file unsafely."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and "weights_only" not in line]
    told = next((line for line in lines if "Unpickler error" in line), lines[0] if lines else type(error).__name__)
    return told.partition("Unpickler error:")[2].partition("Please ")[0].strip(" .")[:200] or told.strip(" .")[:200]


def _is_plain(value: Any) -> bool:
    """Whether it is numbers in memory, and nothing that other code stands behind; as many of them as memory is taken for."""
    if not isinstance(value, Tensor) or type(value) not in (Tensor, Parameter) or value.layout != torch.strided:
        return False
    if value.device.type != "cpu" or value.is_quantized or value.is_complex() or value.is_nested:
        return False
    return value.nelement() * value.element_size() <= value.untyped_storage().nbytes()  # a stride of 0 makes any number of one


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not a Unix
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _main(source: str, copy: str) -> int:
    """Write the tensors of `source` to `copy`, or say on stdout why not."""
    _limit_memory()
    try:
        found = network(Path(source))
        save_file({name: tensor.detach().contiguous().clone() for name, tensor in found.items()}, copy)
    except Exception as error:  # the words are all that reaches the process that asked
        reason = str(error) if isinstance(error, ModelError) else f"{source} cannot be read as tensors ({type(error).__name__}: {str(error)[:200]})."
        sys.stdout.buffer.write(reason.encode("utf-8", "replace"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
