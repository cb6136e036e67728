"""Crops a second in training, full loss, at 32x160 with ten characters: `train_speed.py --processes 2 --threads 1`."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from siga_ocr.model import build_model
from siga_ocr.recipe import LabelledSource, TrainConfig
from siga_ocr.training.trainer import Run, StepDone, train

WARM_UP = 8
"""Steps before the clock starts."""


def write_crops(folder: Path, count: int) -> None:
    """Crops of noise: what they show makes no difference to the time."""
    rng = np.random.default_rng(0)
    lines = ["file,text\n"]
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (32, 160, 3), dtype=np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{rng.integers(10**9, 10**10)}\n")
    (folder / "labels.csv").write_text("".join(lines))


def main() -> None:
    """Train for some steps and print the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--precision", choices=["bf16", "float32"], default="bf16")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_crops(folder, options.batch)
        source = LabelledSource(kind="labelled", path=name, photometric=0.3, geometric=0.0)
        config = TrainConfig(
            sources=(source,), steps=options.steps + WARM_UP, batch=options.batch, shard=options.batch * 16, precision=options.precision
        )
        crops, begun = 0, 0.0
        for event in train(build_model(config.model), config, Run(folder=folder / "run", processes=options.processes)):
            if isinstance(event, StepDone) and event.step >= WARM_UP:
                begun, crops = (time.perf_counter(), 0) if event.step == WARM_UP else (begun, crops + event.crops)
                rate = crops / (time.perf_counter() - begun)
    print(f"{rate:.0f} crops/s ({options.precision}, {options.processes} processes of {options.threads} threads, batches of {options.batch})")


if __name__ == "__main__":
    main()
