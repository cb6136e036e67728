"""Runs a network on a batch: NumPy arrays in, NumPy arrays out; the only place that knows what computes, and where."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from siga_ocr.config import ModelConfig
from siga_ocr.errors import DeviceError, UsageError
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import Batch

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EngineOutput:
    """`log_probabilities` float32 [N, T, K] and `glyph_attention` float32 [N, T, h, w], which sums to 1 over h, w."""

    log_probabilities: Floats
    glyph_attention: Floats


class Engine(Protocol):
    """What a reader needs from whatever computes."""

    config: ModelConfig

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop."""
        ...

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        ...


class TorchEngine:
    """A network in PyTorch on one device."""

    def __init__(self, model: SigaModel, device: torch.device) -> None:
        self.config = model.config
        self._model = model.to(device).eval()
        self._device = device

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop.

        Raises:
            DeviceError: the device has not enough memory for the batch.
        """
        images, mask = self._placed(batch)
        try:
            with torch.inference_mode():
                output = self._model(images, mask, steps)
        except torch.OutOfMemoryError as error:
            raise DeviceError(f"{self._device} has not enough memory for {len(batch)} crops. Use --device cpu.") from error
        return EngineOutput(_array(output.log_probabilities), _array(output.glyph_attention))

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        with torch.inference_mode():
            return _array(self._model.foreground(*self._placed(batch))[:, 0])

    def _placed(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(batch.images).to(self._device), torch.from_numpy(batch.mask).to(self._device)


def choose_device(name: str) -> torch.device:
    """The device of `auto`, `cpu`, `cuda` or `cuda:N`; `auto` is CUDA where it is there.

    Raises:
        UsageError: the name is none of these.
        DeviceError: a CUDA device was named that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (":" in name and (kind == "cpu" or not number.isdecimal())):
        raise UsageError(f"Unknown device {name!r}: use auto, cpu, cuda or cuda:N.")
    if kind == "cuda" and int(number or 0) >= (count := torch.cuda.device_count() if torch.cuda.is_available() else 0):
        raise DeviceError(f"Device {name} is not there: PyTorch sees {count} CUDA devices. Use --device cpu or auto.")
    return torch.device(name)


def _array(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.float().cpu().numpy()
    return array
