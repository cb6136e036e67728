"""A Ray cluster fills part files: Ray Data gives each reader a part after the other, and begins anew what a dead one has left; imports Ray late.

Nothing of an image or a record goes through Ray: orders go in, a line on each part comes out.
"""

import logging
import os
import secrets
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from siga_ocr.engines.device import core_count
from siga_ocr.errors import DeviceError, UsageError
from siga_ocr.scale.part_reader import Done, Order, PartReader, Work

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LOCAL = "local"
"""Stands for a Ray of this run's own, on this machine alone."""

RUNNING = "auto"
"""Stands for the Ray that this machine belongs to."""

SECONDS_TO_ANSWER = 5.0

READER_CORES = 2
"""Cores of a reader on a CPU where nothing is said: they share one model, and Python's one lock does not hold them up yet."""

OBJECT_STORE = 100 * 2**20
"""Bytes that a Ray of our own sets aside for what passes through it: orders."""

ALONE = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token", "RAY_worker_niceness": "0"}
"""A Ray of our own calls nobody and listens to this machine alone, and there only to those who know its word; it is as urgent as what starts it."""

IMPATIENT = {"RAY_NUM_REDIS_GET_RETRIES": "1"}
"""What answers at an address and is no Ray is tried once; Ray itself would try twenty times, for minutes."""

NOT_INSTALLED = "No module named 'siga_ocr'"


@dataclass(frozen=True)
class Placement:
    """How many readers there are, and what each has for itself."""

    readers: int
    cores: int
    gpus: int = 0


def placement(machines: Sequence[Mapping[str, float]], device: str, threads: int) -> Placement:
    """As many readers as the machines have room for: one for each GPU, or where none is wanted or there, one for `threads` cores.

    Raises:
        DeviceError: not even one has room.
    """
    with_gpu = [one for one in machines if one.get("GPU", 0) >= 1]
    if device == "cuda" and not with_gpu:
        raise DeviceError("No machine of this Ray has a GPU: use --device cpu or auto.")
    if device != "cpu" and with_gpu:
        cores = threads or max(1, min(int(one.get("CPU", 0) / one["GPU"]) for one in with_gpu))
        room = sum(min(int(one["GPU"]), int(one.get("CPU", 0) / cores)) for one in with_gpu)
    else:
        largest = max((int(one.get("CPU", 0)) for one in machines), default=0)
        cores = threads or max(1, min(READER_CORES, largest))
        room = sum(int(one.get("CPU", 0) / cores) for one in machines)
    if not room:
        raise DeviceError(f"No machine of this Ray has {cores} cores for a reader: give fewer with --threads, or start Ray with --num-cpus.")
    return Placement(room, cores, int(device != "cpu" and bool(with_gpu)))


def check(address: str) -> None:
    """Let pass where a Ray may be, and Ray itself be there.

    Raises:
        UsageError: Ray is not installed, or that is no address.
        DeviceError: nothing answers there.
    """
    host, colon, port = address.rpartition(":")
    if address not in (LOCAL, RUNNING) and (not colon or "/" in address or not port.isdecimal() or not 0 < int(port) < 65536):
        raise UsageError(f"--ray is {LOCAL}, {RUNNING} or HOST:PORT of a Ray that this machine belongs to, not {address!r}.")
    from importlib.util import find_spec

    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise UsageError("--ray needs the package Ray, which is not there: pip install 'siga-ocr[ray]'.")
    if address in (LOCAL, RUNNING):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise DeviceError(f"No Ray answers at {address}: {error}. Name the address that `ray start --head` has shown.") from error


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A Ray to work with; one of this run's own ends with the block.

    Raises:
        DeviceError: there is none, or it takes nobody in.
    """
    is_own = address == LOCAL
    for name, value in (ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)} if is_own else IMPATIENT).items():
        os.environ.setdefault(name, value)
    own = {"num_cpus": core_count(), "include_dashboard": False, "object_store_memory": OBJECT_STORE} if is_own else {}
    with _hushed():
        import ray

        try:
            ray.init(address, logging_level=logging.CRITICAL, log_to_driver=False, **own)
        except Exception as error:  # it raises whatever it meets, a bare Exception among them
            raise DeviceError(f"Ray at {address} takes nobody in: {_gist(error)}") from error
        try:
            yield
        finally:
            ray.shutdown()


def fill(work: Work, orders: Sequence[Order]) -> Iterator[Done]:
    """Have all orders carried out by as many readers as there is room for; what became of each, as it is known.

    Raises:
        DeviceError: there is no room for a reader, or Ray cannot go on.
    """
    import ray
    import ray.data

    machines = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    place = placement(machines, "cpu" if work.engine == "onnx" else work.device, work.options.threads)
    work = replace(work, options=replace(work.options, threads=place.cores))
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    packed = ray.data.from_items([order.packed() for order in orders], override_num_blocks=len(orders))
    done = packed.map_batches(
        _Reading,
        fn_constructor_args=(work,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(place.readers, len(orders)), max_tasks_in_flight_per_actor=1),
        num_cpus=place.cores,
        num_gpus=place.gpus,
    )
    try:
        for row in done.iter_rows():
            yield Done.unpacked(row["done"])
    except ray.exceptions.RayTaskError:  # a fault of this program, with its trace
        raise
    except ray.exceptions.RayError as error:
        raise DeviceError(f"Ray cannot go on: {_gist(error)}") from error


class _Reading:
    """What Ray keeps alive on a machine: it is given one part at a time, and restarted with it where it dies."""

    def __init__(self, work: Work) -> None:
        self._reader = PartReader(work)

    def __call__(self, batch: "Mapping[str, npt.NDArray[np.object_]]") -> dict[str, list[str]]:
        return {"done": [self._reader.fill(Order.unpacked(str(packed))).packed() for packed in batch["item"]]}


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what Ray says itself, at the file descriptors too, off the screen; what we say is heard."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace") as talk:
        before = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            with redirect_stdout(nowhere), redirect_stderr(talk if sys.stderr is sys.__stderr__ else sys.stderr), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            os.dup2(before, 2)
            os.close(before)


def _gist(error: Exception) -> str:
    """What Ray's error says, in a line."""
    if NOT_INSTALLED in str(error):
        return "siga-ocr is not installed on all of its machines."
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
