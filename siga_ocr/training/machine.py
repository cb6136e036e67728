"""Where a training computes, and what that is good at."""

from dataclasses import dataclass
from pathlib import Path

import torch

from siga_ocr.engines.device import core_count

_FLAGS = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Machine:
    """The device, the cores that this process may use, and whether the device multiplies bfloat16 faster than float32."""

    device: torch.device
    cores: int
    fast_bf16: bool


def machine_of(device: torch.device, processor: Path = Path("/proc/cpuinfo")) -> Machine:
    """The machine around a device; where the processor cannot be asked, float32 is the safe choice."""
    if device.type == "cuda":
        return Machine(device, core_count(), torch.cuda.is_bf16_supported())
    try:
        words = frozenset(processor.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        words = frozenset()
    return Machine(device, core_count(), any(flag in words for flag in _FLAGS))
