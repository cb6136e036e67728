"""Crops a second from JPEG files to a CSV file on a GPU, and how long the GPU waits: `python -m tests.benchmarks.gpu`, which prints everything.

Without `--folder` the crops are rendered first, each written many times under other names, so that the files are decoded as often. Measured are,
one after the other: the device alone (by events, and by its kernels alone), what Python does for a crop beside it, and whole runs with
processes that open the images, first one reader, then several at once, whose Python runs side by side. The GPU's waiting is what its
kernels leave of the time of a run.
"""

import argparse
import csv
import io
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch
from PIL import Image
from torch.profiler import ProfilerActivity, profile

from siga_ocr.data.render import render
from siga_ocr.engines.engine import EngineOutput
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.preprocess import Batch, to_batch
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.render_style import RenderStyle
from siga_ocr.store.weights import DEFAULT, path_of

DISTINCT = 200
"""Crops that are rendered; seed 7 is kept for evaluation."""


def write_crops(folder: Path, count: int) -> list[str]:
    """`count` JPEG files of the distinct crops in turn."""
    encoded = []
    for index in range(DISTINCT):
        stream = io.BytesIO()
        Image.fromarray(render(7, index, RenderStyle()).image).save(stream, "JPEG", quality=92)
        encoded.append(stream.getvalue())
    paths = [folder / f"{number:06d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded[number % DISTINCT])
    return [str(path) for path in paths]


@dataclass(frozen=True)
class Setting:
    """What reads: `batch` crops at once, opened by `workers` processes and computed on `threads` threads, in each of `processes` readers."""

    model: str
    device: str
    batch: int
    threads: int
    workers: int
    processes: int

    def reader(self) -> Reader:
        """One of the readers."""
        options = ReadOptions(batch_size=self.batch, workers=self.workers, threads=self.threads)
        return Reader(TorchEngine.load(path_of(self.model), self.device), options)


class Canned(TorchEngine):
    """Computes each shape once and then says the same again, so that what is left is the work of Python."""

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first answer for this shape."""
        known: dict[tuple[int, ...], EngineOutput] = self.__dict__.setdefault("known", {})
        shape = (*batch.images.shape, steps)
        if shape not in known:
            known[shape] = super().run(batch, steps)
        return known[shape]


def device_alone(paths: Sequence[str], setting: Setting) -> tuple[float, float]:
    """Milliseconds for a crop, copies included, one batch after the other: by events on the device, with the gaps between its kernels, and by
    the profiler, the kernels and copies alone. Both are those of the wall clock on a CPU."""
    engine = TorchEngine.load(path_of(setting.model), setting.device)
    taken = [take(path, engine.config.input, IntakeOptions()).pixels for path in paths[: setting.batch]]
    batch = to_batch(taken, engine.config.input)

    def rounds(count: int) -> None:
        for _ in range(count):
            engine.run(batch, 16)

    rounds(2)
    if not engine.facts.device.startswith("cuda"):
        begun = time.perf_counter()
        rounds(2)
        return ((time.perf_counter() - begun) * 500 / len(taken),) * 2
    count = 20 * len(taken)
    before, after = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    before.record()
    rounds(20)
    after.record()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        rounds(20)
        torch.cuda.synchronize()
    kernels = sum(event.self_device_time_total for event in seen.key_averages() if event.device_type.name == "CUDA")
    return float(before.elapsed_time(after)) / count, float(kernels) / 1000 / count


def python_alone(paths: Sequence[str], setting: Setting) -> float:
    """Milliseconds of Python for a crop that is opened and computed already: batches, decoding, records."""
    engine = Canned.load(path_of(setting.model), setting.device)
    reader = Reader(engine, ReadOptions(batch_size=setting.batch))
    sources = [take(path, engine.config.input, IntakeOptions()) for path in paths[: 4 * setting.batch]]
    batches = [[sources[place] for place in batch] for batch in reader._batches.batches(sources)]
    for again in range(2):
        begun = time.perf_counter()
        readings = [reading for batch in batches for reading in reader._batches.read(batch)]
        csv.writer(io.StringIO()).writerows([found.file, found.status, found.text, found.confidence] for found in readings)
        taken = time.perf_counter() - begun if again else 0.0  # the first time computes
    return 1000 * taken / len(sources)


def share(paths: Sequence[str], out: str, setting: Setting) -> tuple[float, float, float, list[str]]:
    """One reader over its part of the paths, after a warm-up that ends for all at once: when it began and ended, MiB of the device, notices."""
    reader = setting.reader()
    list(reader.read(paths[: 2 * setting.batch]))
    STARTED[0].wait()
    begun = time.time()
    with Path(out).open("w", newline="") as stream:
        writer = csv.writer(stream)
        for found in reader.read(paths):
            writer.writerow([found.file, found.status, found.text, found.confidence])
    memory = torch.cuda.max_memory_allocated() / 2**20 if reader.provenance.device.startswith("cuda") else 0.0
    return begun, time.time(), memory, reader.notices


STARTED: list[Barrier] = []
"""In each process, what its readers wait at until all are warm."""


def meet_at(barrier: Barrier) -> None:
    """What each process begins with."""
    STARTED.append(barrier)


def whole(paths: Sequence[str], folder: Path, setting: Setting, device_ms: float) -> None:
    """A run from files to CSV; prints its rate, and the share of the time in which the device has nothing to do."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(setting.processes)
    with ProcessPoolExecutor(setting.processes, context, meet_at, (barrier,)) as pool:
        parts = [(paths[part :: setting.processes], str(folder / f"out-{part}.csv"), setting) for part in range(setting.processes)]
        shares = [future.result() for future in [pool.submit(share, *part) for part in parts]]
    seconds = max(end for _, end, _, _ in shares) - min(begun for begun, _, _, _ in shares)
    rate = len(paths) / seconds
    waits = 100 * max(0.0, 1 - rate * device_ms / 1000)
    print(f"{setting.processes} readers, each {setting.workers} workers and {setting.threads} threads: {rate:.0f} crops/s from files to CSV;", end="")
    print(f" the device waits {waits:.0f} % of the time; {sum(memory for _, _, memory, _ in shares):.0f} MiB of its memory", flush=True)
    for notice in sorted({notice for _, _, _, notices in shares for notice in notices}):
        print(f"  {notice}")


def main() -> None:
    """Write crops if none are given, read them in every setting, print the rates."""
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, default=40000)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], help="readers at once, one run for each number")
    options = parser.parse_args()
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.processor()
    print(f"{name}, {cores} cores, PyTorch {torch.__version__}, batch {options.batch}, {options.model}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = [str(p) for p in sorted(options.folder.iterdir())][: options.count] if options.folder else write_crops(folder, options.count)
        settings = [
            Setting(options.model, options.device, options.batch, options.threads, max(1, (cores - count) // count), count)
            for count in options.processes
        ]
        by_events, device_ms = device_alone(paths, settings[0])
        print(f"the device alone: {by_events:.4f} ms a crop, {1000 / by_events:.0f} crops/s; its kernels and copies {device_ms:.4f} ms; ", end="")
        print(f"Python beside it: {python_alone(paths, settings[0]):.3f} ms a crop in each reader", flush=True)
        for setting in settings:
            whole(paths, folder, setting, device_ms)


if __name__ == "__main__":
    main()
