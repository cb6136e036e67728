"""Does feeding the predicted character back help? Two networks, same start, same crops, same steps: `feedback.py --model M --steps 800 --out DIR`.

Both begin with the backbone and the encoder of a trained model and new decoders, and differ in `feedback` alone. With `--start all` they begin
with the trained decoders too; what feedback adds to their inputs has weight 0 at first, so that both arms start with the same readings.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from siga_ocr.data.labels import part_of
from siga_ocr.data.render import render
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.model import SigaModel, build_model
from siga_ocr.reader import Reader
from siga_ocr.recipe import CtcConfig, OptimiserConfig, RenderedSource, TrainConfig
from siga_ocr.render_style import RenderStyle
from siga_ocr.store import checkpoint, weights
from siga_ocr.training.trainer import Run, train
from tests.benchmarks.real_sets import samples_of
from tests.benchmarks.rendered_sets import rendered_scores

KEPT = ("backbone.", "encoder.")
TRAINING_SEED = 2001


def begun(start: SigaModel, feedback: bool, kept: str) -> SigaModel:
    """A network whose decoders are new, or (`kept` is all) see the previous character without minding it yet."""
    torch.manual_seed(TRAINING_SEED)
    model = build_model(replace(start.config, feedback=feedback))
    state = model.state_dict()
    for name, value in start.state_dict().items():
        if kept == "all" or name.startswith(KEPT):
            state[name] = value if state[name].shape == value.shape else widened(value, state[name])
    model.load_state_dict(state)
    return model


def widened(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`value` [H, D] in the first columns of zeros in the shape of `like` [H, D + E]."""
    wide = torch.zeros_like(like)
    wide[:, : value.shape[1]] = value
    return wide


def trained(start: SigaModel, feedback: bool, options: argparse.Namespace) -> SigaModel:
    """The arm after its steps."""
    config = TrainConfig(
        model=replace(start.config, feedback=feedback),
        steps=options.steps,
        batch=64,
        shard=2048,
        seed=TRAINING_SEED,
        ctc=CtcConfig(weight=0.0),
        optimiser=OptimiserConfig(rate=1e-3, warm_up=50, average_decay=0.99),
        sources=(RenderedSource(seed=TRAINING_SEED, style=RenderStyle(surfaces=options.surfaces), difficulty=(0.5, 0.5)),),
    )
    folder = Path(options.out) / ("with" if feedback else "without")
    for _ in train(begun(start, feedback, options.start), config, Run(folder=folder, workers=1)):
        pass
    return checkpoint.load(folder / "model")


def main() -> None:
    """Train the arms that are asked for and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--out", required=True)
    parser.add_argument("--surfaces", default="")
    parser.add_argument("--start", choices=["encoder", "all"], default="encoder")
    parser.add_argument("--arm", choices=["with", "without", "both"], default="both")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    start = checkpoint.load(weights.path_of(options.model))
    for name in ("without", "with") if options.arm == "both" else (options.arm,):
        reader = Reader(TorchEngine(trained(start, name == "with", options), torch.device("cpu")))
        style = RenderStyle(difficulty=0.5, surfaces=options.surfaces)
        found = [("rendered", rendered_scores(reader, (render(8, index, style) for index in range(1000))))]
        print(
            f"{name:8}" + "".join(f" {label}: {100 * s.word_accuracy:.1f} (CER {100 * s.character_error_rate:.1f})" for label, s in found), flush=True
        )
        for folder in options.folders:
            samples = [sample for sample in samples_of(folder) if part_of(sample.text) == "B"]
            readings = list(reader.read(str(sample.path) for sample in samples))
            right = sum(reading.text == sample.text for reading, sample in zip(readings, samples, strict=True))
            print(f"    {folder.name} part B: {100 * right / len(samples):.1f} of {len(samples)}", flush=True)


if __name__ == "__main__":
    main()
