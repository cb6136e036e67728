"""What a reader needs from whatever computes: NumPy arrays in, NumPy arrays out; the choice of what computes, and where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from siga_ocr.config import ModelConfig
from siga_ocr.engines import device
from siga_ocr.errors import DeviceError, ModelError, UsageError
from siga_ocr.preprocess import Batch
from siga_ocr.store.folder import GRAPH_NAME

Floats = npt.NDArray[np.float32]
EngineName = Literal["auto", "onnx", "torch"]


@dataclass(frozen=True, eq=False)
class EngineOutput:
    """`log_probabilities` float32 [N, T, K] and `glyph_attention` float32 [N, T, h, w], which sums to 1 over h, w."""

    log_probabilities: Floats
    glyph_attention: Floats


@dataclass(frozen=True)
class EngineFacts:
    """What computes (`torch`, `onnx`), on which device, in which precision; the batch that suits it, and how many may run at once."""

    name: str = ""
    device: str = ""
    precision: str = ""
    batch_size: int = 32
    lanes: int = 1


class Engine(Protocol):
    """A network that runs on batches."""

    config: ModelConfig
    facts: EngineFacts

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop.

        Raises:
            OutOfMemory: the device has not enough memory for the batch.
        """
        ...

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        ...


def numbers(output: EngineOutput, model: str) -> EngineOutput:
    """The output of a `model`, where it is all numbers.

    Raises:
        ModelError: it is not: its weights are larger than the precision that it was computed in.
    """
    if np.isnan(output.log_probabilities).any() or np.isnan(output.glyph_attention).any():
        raise ModelError(f"{model} gives no numbers for a crop: its weights are too large to compute with. Fetch the model again, or train it anew.")
    return output


class OutOfMemory(DeviceError):
    """The device has not enough memory for a batch; a smaller one may fit."""


@dataclass(frozen=True)
class Choice:
    """What is to compute; `notice` says why a device that is there is left alone, empty where nothing is to be said."""

    engine: Literal["onnx", "torch"]
    device: str
    notice: str = ""


def choose(folder: Path, engine: str, device_name: str) -> Choice:
    """What `auto` means for a model folder here: a CUDA device with PyTorch if it works, else the CPU with ONNX Runtime if there is a graph.

    Raises:
        UsageError: the engine or the device has no such name, or the two do not fit each other.
        DeviceError: a device was named that is not there.
    """
    check_names(engine, device_name)
    where, notice = ("cpu", "") if engine == "onnx" else _place(device_name)
    if where == "cpu" and engine != "torch" and (engine == "onnx" or (folder / GRAPH_NAME).is_file()):
        return Choice("onnx", "cpu", notice)
    return Choice("torch", where, notice)


def check(engine: str, device_name: str) -> None:
    """Let pass what is there, whatever the model: what a missing device says comes before what a missing model says.

    Raises:
        UsageError: the engine or the device has no such name, or the two do not fit each other.
        DeviceError: a device was named that is not there.
    """
    check_names(engine, device_name)
    if device_name != "auto":
        _place(device_name)


def check_names(engine: str, device_name: str) -> None:
    """Let pass what there is a name for, whatever is there.

    Raises:
        UsageError: the engine or the device has no such name, or the two do not fit each other.
    """
    device.check_name(device_name)
    if engine not in get_args(EngineName):
        raise UsageError(f"Unknown engine {engine!r}: use {', '.join(get_args(EngineName))}.")
    if engine == "onnx" and device_name.startswith("cuda"):
        raise UsageError(f"ONNX Runtime reads on the CPU here: use --engine torch with --device {device_name}.")


def _place(name: str) -> tuple[str, str]:
    """The device, and what is to be said about it; PyTorch is imported only where the driver sees a device or one is named."""
    if name == "cpu":
        return "cpu", ""
    if name == "auto":
        probe = device.ask_driver()
        if not probe.count:
            return "cpu", f"{probe.fault}; reading on the CPU." if probe.fault else ""
    from siga_ocr.engines.pytorch import cuda_fault

    fault = cuda_fault(name)
    if not fault:
        return ("cuda" if name == "auto" else name), ""
    if name == "auto":
        return "cpu", f"An NVIDIA device is there, but {fault}; reading on the CPU."
    raise DeviceError(f"Device {name} is not there: {fault}. Use --device cpu or auto.")
