"""A network in PyTorch on one device."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from siga_ocr.engines.device import check_name
from siga_ocr.engines.engine import EngineFacts, EngineOutput, OutOfMemory, numbers
from siga_ocr.errors import DeviceError
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import Batch
from siga_ocr.store import checkpoint

Floats = npt.NDArray[np.float32]


class OneThreadEach:
    """Lets every thread that computes within `here` compute alone, and gives PyTorch its own number of threads back when the last has left.

    PyTorch keeps that number for each thread, and one for the threads that are new to it: a caller who trains beside a reader keeps theirs.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = 1

    @contextmanager
    def here(self) -> Iterator[None]:
        """The calling thread computes alone within the block."""
        with self._lock:
            if not self._inside:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                torch.set_num_threads(self._before)


ONE_THREAD_EACH = OneThreadEach()
"""One for the whole program, as PyTorch's number of threads is."""


class TorchEngine:
    """A network in PyTorch: float32 on a CPU; on CUDA float16 where that is safe (autocast), the probabilities always float32."""

    def __init__(self, model: SigaModel, device: torch.device) -> None:
        self.config = model.config
        self._device = device
        self._is_cuda = device.type == "cuda"
        self._computes_alone = False
        on_gpu = EngineFacts("torch", f"cuda:{device.index or 0}", "float16", batch_size=256, lanes=2)
        self.facts = on_gpu if self._is_cuda else EngineFacts("torch", str(device), "float32")
        self._model = model.to(device).eval()
        if self._is_cuda:
            self._model = self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def load(cls, folder: Path, device: str, threads: int = 0) -> Self:
        """The engine of a model folder; on a CPU so many `threads` may call at once, each computing alone: threads that wait for each other
        lose much on a busy machine. 0 leaves PyTorch its own number, for one caller.

        Raises:
            ModelError: the model is damaged.
        """
        engine = cls(checkpoint.load(folder), torch.device(device))
        if threads and not engine._is_cuda:
            engine.facts, engine._computes_alone = replace(engine.facts, lanes=threads), True
        return engine

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop.

        Raises:
            OutOfMemory: the device has not enough memory for the batch.
            ModelError: it gives no numbers.
        """
        try:
            with torch.inference_mode(), self._precision(), self._threads():
                output = self._model(*self._placed(batch), steps)
                fetched = EngineOutput(*self._fetched(output.log_probabilities.float(), output.glyph_attention.float()))
                return numbers(fetched, f"The network on {self._device}")
        except torch.OutOfMemoryError:
            pass  # and out of the handler: its error holds all that the network had computed so far, where a smaller batch needs the room
        raise OutOfMemory(f"{self._device} has not enough memory for {len(batch)} crops. Use --device cpu.")

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        with torch.inference_mode(), self._precision(), self._threads():
            plane: Floats = self._model.foreground(*self._placed(batch))[:, 0].float().cpu().numpy()
        return plane

    def _precision(self) -> "torch.autocast | nullcontext[None]":
        return torch.autocast("cuda", torch.float16) if self._is_cuda else nullcontext()

    def _threads(self) -> AbstractContextManager[None]:
        return ONE_THREAD_EACH.here() if self._computes_alone else nullcontext()

    def _placed(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        images, mask = torch.from_numpy(batch.images), torch.from_numpy(batch.mask)
        if not self._is_cuda:
            return images, mask
        images, mask = images.pin_memory(), mask.pin_memory()  # so that the copy need not wait for the device
        on_device = images.to(self._device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        return on_device, mask.to(self._device, non_blocking=True)

    def _fetched(self, *tensors: torch.Tensor) -> Iterator[Floats]:
        """The values on the host; from a device through memory that it can write to by itself, which is several times faster."""
        if not self._is_cuda:
            return (tensor.numpy() for tensor in tensors)
        held = [torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True) for tensor in tensors]
        torch.cuda.current_stream(self._device).synchronize()
        return (tensor.numpy() for tensor in held)


def cuda_fault(name: str) -> str:
    """Why CUDA, or the device `cuda:N`, cannot be used; empty where it can."""
    if torch.version.cuda is None:
        return "this PyTorch is built without CUDA: PyTorch sees 0 CUDA devices"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch warns of is said in our own words
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    number = int(name.partition(":")[2] or 0)
    if number >= count:
        return f"PyTorch sees {count} CUDA devices"
    try:
        torch.zeros(1, device=f"cuda:{number}")
    except RuntimeError as error:
        return f"it does not start ({' '.join(str(error).split())[:120]})"
    return ""


def choose_device(name: str) -> torch.device:
    """The device of `auto`, `cpu`, `cuda` or `cuda:N`; `auto` is CUDA where it works.

    Raises:
        UsageError: the name is none of these.
        DeviceError: a CUDA device was named that is not there.
    """
    check_name(name)
    fault = "" if name == "cpu" else cuda_fault(name)
    if fault and name != "auto":
        raise DeviceError(f"Device {name} is not there: {fault}. Use --device cpu or auto.")
    return torch.device("cpu" if name == "cpu" or fault else "cuda" if name == "auto" else name)
