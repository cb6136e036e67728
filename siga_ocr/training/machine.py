"""Where a training computes, and what that is good at."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch

from siga_ocr.engines.device import core_count

_FLAGS = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Machine:
    """The device, the cores that this process may use, and whether the device multiplies bfloat16 faster than float32.

    `memory` is what is free of the machine's, in bytes; `None` where it cannot be told.
    """

    device: torch.device
    cores: int
    fast_bf16: bool
    memory: int | None = None


def machine_of(device: torch.device, processor: Path = Path("/proc/cpuinfo")) -> Machine:
    """The machine around a device; where the processor cannot be asked, float32 is the safe choice."""
    if device.type == "cuda":
        return Machine(device, core_count(), torch.cuda.is_bf16_supported(), free_memory())
    words = frozenset(_text(processor).split())
    return Machine(device, core_count(), any(flag in words for flag in _FLAGS), free_memory())


def free_memory(system: Path = Path("/")) -> int | None:
    """Bytes that this machine, or the container that we run in, has left; `None` where the system does not say."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", _text(system / "proc/meminfo"), re.MULTILINE)
    limit, used, parts = (_text(system / "sys/fs/cgroup" / name) for name in ("memory.max", "memory.current", "memory.stat"))
    left = [1024 * int(found[1])] if found else []
    if limit.strip().isdigit() and used.strip().isdigit():
        given_back = re.search(r"^inactive_file (\d+)$", parts, re.MULTILINE)  # copies of files, which make room when asked
        left.append(max(0, int(limit) - int(used) + (int(given_back[1]) if given_back else 0)))
    return min(left, default=None)


def _text(path: Path) -> str:
    """What a file of the system says, nothing where there is none."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
