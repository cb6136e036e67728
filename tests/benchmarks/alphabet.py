"""What a large alphabet costs: the compact network with 94 and with 6,763 characters; prints a table (`--crops 64 --repeats 8`).

Every alphabet is measured in a process of its own, on one thread. Times are of the processor, the least of the repeats; memory is the peak of the
whole process.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from siga_ocr.charset import PRINTABLE
from siga_ocr.config import ModelConfig, compact
from siga_ocr.losses import Truth, total_loss
from siga_ocr.model import SigaModel, build_model
from siga_ocr.recipe_losses import LossConfig
from siga_ocr.store import checkpoint
from siga_ocr.store.folder import WEIGHTS_NAME
from tests.chinese import gb2312

ALPHABETS = {"printable ASCII": PRINTABLE, "GB 2312": gb2312()}
LENGTH = 10
WIDTH = 160


@dataclass(frozen=True)
class Cost:
    """Of one alphabet: parameters in all and of the layers that make glyph maps; bytes on disk; seconds a step of training and a crop read; MB."""

    characters: int
    parameters: int
    maps: int
    size: int
    step: float
    read: float
    training_memory: float
    reading_memory: float


def least(repeats: int, work: Callable[[], object]) -> float:
    """Processor seconds."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def peak() -> float:
    """Of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def training(model: SigaModel, count: int) -> Callable[[], None]:
    """A step with the full loss, on crops of noise: what they show makes no difference to the cost."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    images, mask = torch.randn(count, 1, 32, WIDTH), torch.ones(count, WIDTH)
    images = images.contiguous(memory_format=torch.channels_last)
    targets = torch.randint(1, model.config.charset.class_count, (count, LENGTH + 1))
    targets[:, LENGTH] = 0
    truth = Truth(targets, torch.full((count,), LENGTH), (torch.rand(count, 1, 32, WIDTH) > 0.7).float(), torch.ones(count), mask)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        total_loss(model.outputs(images, mask, targets), truth, LossConfig(), 0.5).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def measured(config: ModelConfig, crops: int, repeats: int) -> Cost:
    """Reading first, whose memory would else not be seen."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build_model(config).eval()
    images, mask = torch.randn(crops, 1, 32, WIDTH), torch.ones(crops, WIDTH)
    with torch.inference_mode():
        read = least(repeats, lambda: model(images, mask, LENGTH + 1)) / crops
    reading_memory = peak()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(Path(folder), model, {})
        size = (Path(folder) / WEIGHTS_NAME).stat().st_size
    model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    step = least(repeats, training(model, crops))
    located = [scale.locate for scale in (model.glyph.low, model.glyph.middle)]
    maps = sum(parameter.numel() for layer in located for parameter in layer.parameters())
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Cost(len(config.characters), parameters, maps, size, step, read, peak(), reading_memory)


def table(costs: dict[str, Cost], crops: int) -> str:
    """Markdown."""
    rows: list[tuple[str, Callable[[Cost], str]]] = [
        ("characters", lambda cost: f"{cost.characters:,}"),
        ("parameters", lambda cost: f"{cost.parameters / 1e6:.2f} M"),
        ("of these, layers that make glyph maps", lambda cost: f"{cost.maps:,}"),
        ("weights on disk", lambda cost: f"{cost.size / 1e6:.1f} MB"),
        (f"a training step of {crops} crops, full loss", lambda cost: f"{cost.step:.2f} s"),
        ("peak memory of training", lambda cost: f"{cost.training_memory:.0f} MB"),
        ("a crop read, PyTorch", lambda cost: f"{1000 * cost.read:.1f} ms"),
        ("peak memory of reading", lambda cost: f"{cost.reading_memory:.0f} MB"),
    ]
    lines = [f"| | {' | '.join(costs)} |", f"| --- |{' --- |' * len(costs)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(show(cost) for cost in costs.values())} |" for name, show in rows)])


def main() -> None:
    """Measure one alphabet, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crops", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--only", choices=list(ALPHABETS), help="measure this one here and print it as JSON")
    options = parser.parse_args()
    if options.only:
        config = replace(compact(), characters=ALPHABETS[options.only])
        print(json.dumps(asdict(measured(config, options.crops, options.repeats))))
        return
    own = [sys.executable, "-m", "tests.benchmarks.alphabet", "--crops", str(options.crops), "--repeats", str(options.repeats), "--only"]
    found = {name: subprocess.run([*own, name], check=True, capture_output=True, text=True).stdout for name in ALPHABETS}
    print(table({name: Cost(**json.loads(line)) for name, line in found.items()}, options.crops))


if __name__ == "__main__":
    main()
