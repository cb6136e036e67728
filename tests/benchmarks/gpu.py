"""Crops a second from JPEG files to a CSV file on a GPU, and how long the GPU waits: `gpu.py [--count 20000] [--workers 12]`.

Without `--folder` the crops are rendered first, each written many times under other names, so that the files are decoded as often.
"""

import argparse
import csv
import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from PIL import Image

from siga_ocr.data.render import render
from siga_ocr.engines.engine import EngineOutput
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.preprocess import Batch
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


class BusyClock(TorchEngine):
    """Adds up the time in which at least one batch is on the device."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.busy, self._running, self._since, self._lock = 0.0, 0, 0.0, threading.Lock()

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        with self._counted():
            return super().run(batch, steps)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._running += 1
            self._since = time.perf_counter() if self._running == 1 else self._since
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self.busy += time.perf_counter() - self._since if not self._running else 0.0


def measure(paths: Sequence[str], out: Path, options: argparse.Namespace) -> None:
    """One run over all paths, after a warm-up on some."""
    engine = BusyClock.load(path_of(options.model), options.device)
    reading = ReadOptions(batch_size=options.batch, window=8 * options.batch, workers=options.workers, threads=options.threads)
    reader = Reader(engine, reading)
    list(reader.read(paths[: 4 * options.batch]))
    engine.busy, begun = 0.0, time.perf_counter()
    with out.open("w", newline="") as stream:
        writer = csv.writer(stream)
        for found in reader.read(paths):
            writer.writerow([found.file, found.status, found.text, found.confidence])
    seconds = time.perf_counter() - begun
    memory = torch.cuda.max_memory_allocated() / 2**20 if engine.facts.device.startswith("cuda") else 0.0
    print(f"workers {options.workers}, threads {options.threads}, batch {options.batch}: {len(paths) / seconds:.0f} crops/s from files to CSV,")
    print(f"  no batch on the device for {100 * (1 - engine.busy / seconds):.0f} % of the time, {memory:.0f} MiB of its memory, {engine.facts}")
    for notice in reader.notices:
        print(f"  {notice}")


def main() -> None:
    """Write crops if none are given, read them, print the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 1) - 3))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [str(p) for p in sorted(options.folder.iterdir())][: options.count] if options.folder else write_crops(folder, options.count)
        measure(paths, folder / "out.csv", options)


if __name__ == "__main__":
    main()
