"""Which device computes: the driver is asked whether an NVIDIA device is there, without PyTorch, whose import alone takes a second."""

import ctypes
import os
import sys
from dataclasses import dataclass

from siga_ocr.errors import UsageError

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@dataclass(frozen=True)
class Probe:
    """What the NVIDIA driver says: the number of devices, and what is wrong where a driver is there but gives none."""

    count: int
    fault: str = ""


def ask_driver(library: str = DRIVER) -> Probe:
    """The CUDA devices that the driver sees; without a driver there are none, and nothing is wrong."""
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return Probe(0)
    code = int(driver.cuInit(0))
    if code == 100:  # CUDA_ERROR_NO_DEVICE
        return Probe(0)
    count = ctypes.c_int(0)
    code = code or int(driver.cuDeviceGetCount(ctypes.byref(count)))
    return Probe(0, f"the NVIDIA driver answers with error {code}") if code else Probe(count.value)


def check_name(name: str) -> None:
    """Let `auto`, `cpu`, `cuda` and `cuda:N` pass.

    Raises:
        UsageError: the name is none of these.
    """
    kind, _, number = name.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (":" in name and (kind != "cuda" or not (number.isascii() and number.isdecimal()))):
        raise UsageError(f"Unknown device {name!r}: use auto, cpu, cuda or cuda:N.")


def core_count() -> int:
    """The cores that this process may use: those it is bound to, no more than its control group has time for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, round(_quota())))


def _quota(path: str = "/sys/fs/cgroup/cpu.max") -> float:
    """The processor time per time of a control group (version 2), infinite where there is no limit."""
    try:
        with open(path, encoding="ascii") as stream:  # noqa: PTH123  (pathlib would cost start-up time here)
            limit, period = stream.read().split()
        return float(limit) / float(period)
    except (OSError, ValueError):  # ValueError: "max"
        return 1e9
