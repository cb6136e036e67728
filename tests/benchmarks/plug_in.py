"""Does glyph attention help another attention recogniser? The two of `docs/plug-in.md`, trained from nothing on the same rendered crops.

`run --arm plain|glyph --seed 2001 --steps 4000 --out DIR` trains one arm on one thread, scores it on crops of a seed that neither has seen and
writes DIR/ARM-SEED.json whole; `table DIR` compares all runs that lie there. Both arms begin with the same weights where they have the same
layers, see the same crops in the same order, and are woken by the same CTC head on their columns, which is gone after 1,400 steps.
The plain arm learns by the cross entropy of its characters, the other one by all losses of the page.
"""

import argparse
import hashlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from siga_ocr.config import InputConfig, compact
from siga_ocr.data.batches import Candidate, TrainBatch, assemble
from siga_ocr.data.shards import FittedCrops, ShardPlan, render_piece
from siga_ocr.data.stream import Cursor, Stream
from siga_ocr.data.workers import Workers
from siga_ocr.losses import Truth, recognition_loss, total_loss
from siga_ocr.model.pseudo_label import text_pseudo_mask
from siga_ocr.recipe import REFERENCE_WIDTH, CtcConfig, OptimiserConfig, RenderedSource, TrainConfig
from siga_ocr.recipe_losses import LossConfig
from siga_ocr.render_style import RenderStyle
from siga_ocr.training.passes import ctc_loss, even_loss
from siga_ocr.training.step import rate_at
from siga_ocr.whole_file import write_whole
from tests.benchmarks.glyph_loss import SharedShards
from tests.benchmarks.glyph_loss_table import paired_over_seeds
from tests.plug_in import page

ARMS = ("plain", "glyph")
LENGTH = 12
WIDTH = 128
SCORED_SEED = 77
"""Below 1000: training refuses such seeds."""

WAKING = {"even": 200, "alone": 600, "hold": 1000, "until": 1400}
"""The warm-up in steps, not shares: how long a recogniser takes to wake does not depend on how long it is trained afterwards."""


def waking(steps: int) -> CtcConfig:
    """The warm-up as shares of a schedule of `steps`."""
    return CtcConfig(**{name: min(1.0, step / steps) for name, step in WAKING.items()})


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run: its settings, a hash of what it was shown, which of the scored crops it read right, and the processor's seconds for all steps."""

    arm: str
    seed: int
    steps: int
    batch: int
    rate: float
    families: str
    difficulty: float
    parameters: int
    shown_sha256: str
    right: Sequence[bool]
    loss: float
    processor_seconds: float

    @property
    def conditions(self) -> tuple[object, ...]:
        """What has to be the same for runs to be compared."""
        return self.steps, self.batch, self.rate, self.families, self.difficulty, len(self.right)


class Learner:
    """One arm in training: its recogniser, the head of the warm-up, and the optimiser."""

    def __init__(self, arm: str, config: TrainConfig) -> None:
        made, classes = page(), config.model.charset.class_count
        self._arm, self._config = arm, config
        torch.manual_seed(config.seed)
        start: nn.Module = made.Recogniser(classes)
        self.ctc = nn.Linear(made.SIZE, classes)
        self.network: Any = start
        if arm == "glyph":
            self.network = made.GlyphRecogniser(classes, LENGTH + 1)
            self.network.load_state_dict(start.state_dict(), strict=False)
        self.parameters = [*self.network.parameters(), *self.ctc.parameters()]
        self._optimiser = torch.optim.AdamW(self.parameters, lr=config.optimiser.rate, betas=config.optimiser.betas, weight_decay=0.01)

    def learn(self, batch: TrainBatch, step: int) -> float:
        """One step; returns the loss."""
        settings, progress = self._config.optimiser, step / self._config.steps
        torch.manual_seed(self._config.seed * 1_000_003 + step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(step, self._config.steps, settings)
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss(batch, progress)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, settings.clip_norm)
        self._optimiser.step()
        return float(loss.detach())

    def _loss(self, batch: TrainBatch, progress: float) -> Tensor:
        """The arm's own loss, and that of the warm-up while it lasts."""
        images, mask, targets = (torch.from_numpy(values) for values in (batch.images, batch.mask, batch.targets))
        grey = torch.from_numpy(batch.grey)
        truth = Truth(targets, torch.from_numpy(batch.lengths), *text_pseudo_mask(grey, mask, "auto"), mask)
        warm_up = waking(self._config.steps)
        weight, wakes = warm_up.weight_at(progress), even_loss if progress < warm_up.even else ctc_loss
        if progress < warm_up.alone:
            columns = self.network.features(images)[1]
            return weight * wakes(self.ctc(columns), mask[:, ::4], truth)
        if self._arm == "glyph":
            output = self.network.outputs(images, targets.shape[1])
            columns, own = output.encoded, total_loss(output, truth, LossConfig(), progress).total
        else:
            columns = self.network.features(images)[1]
            own = recognition_loss(self.network.decode(columns, targets.shape[1])[0], targets, truth.lengths)
        return own + weight * ctc_loss(self.ctc(columns), mask[:, ::4], truth) if weight else own


def recipe(options: argparse.Namespace) -> TrainConfig:
    """Grey crops stretched to one width, so that neither arm has padding to mind."""
    model = replace(compact(), input=InputConfig(widths=(WIDTH,), keep_aspect=False), max_length=LENGTH)
    families = tuple((name, 1.0) for name in options.families.split(","))
    style = RenderStyle(families=families, max_length=LENGTH, blank=0.0, difficulty=options.difficulty)
    source = RenderedSource(seed=options.seed, style=style, difficulty=(0.0, options.difficulty))
    optimiser = OptimiserConfig(rate=options.rate, warm_up=min(300, options.steps // 10))
    batch = round(options.batch * WIDTH / REFERENCE_WIDTH)
    return TrainConfig(model=model, sources=(source,), optimiser=optimiser, seed=options.seed, steps=options.steps, batch=batch)


def scored(config: TrainConfig, count: int) -> FittedCrops:
    """Crops of the same style and another seed."""
    (source,) = config.sources
    assert isinstance(source, RenderedSource)
    return render_piece(ShardPlan(SCORED_SEED, 0, count, source.style, config.model.input, config.model.characters, config.model.max_length))


@torch.inference_mode()
def outcome(network: Any, crops: FittedCrops, config: TrainConfig) -> tuple[list[bool], float]:
    """Which crops are read right, and the mean loss of a character."""
    right: list[bool] = []
    losses: list[float] = []
    for begin in range(0, len(crops), 64):
        rows = range(begin, min(begin + 64, len(crops)))
        batch = assemble([Candidate(crops, row, WIDTH, 0.0, 0.0, row) for row in rows], config)
        logits = network(torch.from_numpy(batch.images), LENGTH + 1)
        texts = [config.model.charset.decode(ids) for ids in logits.argmax(2).tolist()]
        right += [text == crops.texts[row] for text, row in zip(texts, rows, strict=True)]
        targets = torch.from_numpy(batch.targets)
        losses.append(float(recognition_loss(logits[:, : targets.shape[1]], targets, torch.from_numpy(batch.lengths))))
    return right, fmean(losses)


def run(options: argparse.Namespace) -> Path:
    """Train and score one arm; returns the file that holds the result."""
    torch.set_num_threads(1)
    config = recipe(options)
    options.out.mkdir(parents=True, exist_ok=True)
    learner, shown, busy = Learner(options.arm, config), hashlib.sha256(), 0.0
    with Workers[ShardPlan, FittedCrops](render_piece, options.workers) as workers:
        batches = Stream(config, [], {}, SharedShards(options.out / "shards", workers)).batches(Cursor())
        for step, (batch, _) in zip(range(config.steps), batches, strict=False):
            shown.update(batch.images.tobytes() + batch.targets.tobytes())
            begun = time.process_time()
            loss = learner.learn(batch, step)
            busy += time.process_time() - begun
            if not math.isfinite(loss):
                raise SystemExit(f"The loss is not finite at step {step}: lower --rate.")
            if step % 100 == 99:
                print(f"{options.arm} {options.seed}: step {step + 1} of {config.steps}, loss {loss:.3f}", flush=True)
    right, character_loss = outcome(learner.network.eval(), scored(config, options.scored), config)
    result = Result(
        arm=options.arm,
        seed=options.seed,
        steps=config.steps,
        batch=config.batch_at(WIDTH),
        rate=options.rate,
        families=options.families,
        difficulty=options.difficulty,
        parameters=sum(parameter.numel() for parameter in learner.network.parameters()),
        shown_sha256=shown.hexdigest(),
        right=right,
        loss=character_loss,
        processor_seconds=busy,
    )
    target: Path = options.out / f"{options.arm}-{options.seed}.json"
    write_whole({target: (json.dumps(asdict(result), indent=1) + "\n").encode()})
    return target


def results(folder: Path) -> Iterator[Result]:
    """Every run that lies in a folder."""
    for path in sorted(folder.glob("*.json")):
        yield Result(**json.loads(path.read_text(encoding="utf-8")))


def table(runs: Sequence[Result]) -> str:
    """Markdown.

    Raises:
        SystemExit: there is no run, or they were made under different conditions.
    """
    if not runs or len({one.conditions for one in runs}) > 1:
        raise SystemExit("Make runs of both arms with the same options first, in a folder of their own.")
    if len({(one.seed, one.shown_sha256) for one in runs}) > len({one.seed for one in runs}):
        raise SystemExit("The arms were shown other crops under the same seed: run them with one version of the program.")
    one = runs[0]
    by_arm = {arm: {run.seed: run for run in runs if run.arm == arm} for arm in ARMS}
    both = sorted(by_arm["plain"].keys() & by_arm["glyph"].keys())
    lines = [
        f"{len(one.right)} rendered crops ({one.families}; difficulty {one.difficulty:g}, up to {LENGTH} characters); {one.steps} steps of "
        f"{one.batch} crops, rate {one.rate:g}; mean over seeds {', '.join(map(str, both))} (lowest to highest).",
        "",
        "| arm | parameters | word accuracy | loss a character | a step, processor |",
        "| --- | --- | --- | --- | --- |",
    ]
    for arm, found in by_arm.items():
        accuracies = [100 * fmean(run.right) for run in found.values()]
        if accuracies:
            spread = f"{fmean(accuracies):.1f} ({min(accuracies):.1f} to {max(accuracies):.1f})"
            mean_loss, seconds = fmean(run.loss for run in found.values()), fmean(run.processor_seconds / run.steps for run in found.values())
            lines.append(f"| {arm} | {next(iter(found.values())).parameters / 1e6:.2f} M | {spread} | {mean_loss:.3f} | {seconds:.2f} s |")
    if both:
        gain = paired_over_seeds([by_arm["plain"][seed].right for seed in both], [by_arm["glyph"][seed].right for seed in both])
        lines += ["", f"`glyph` less `plain`: {gain} points, with 95 % over crops and seeds."]
    return "\n".join(lines)


def main() -> None:
    """Run one arm, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="train and score one arm")
    running.add_argument("--arm", choices=ARMS, required=True)
    running.add_argument("--seed", type=int, required=True, help="1000 or more")
    running.add_argument("--steps", type=int, default=4000)
    running.add_argument("--batch", type=int, default=64, help="crops a step")
    running.add_argument("--rate", type=float, default=1e-3)
    running.add_argument("--families", default="print,label,inkjet,peen,etch", help="of the renderer, joined by commas")
    running.add_argument("--difficulty", type=float, default=0.5)
    running.add_argument("--scored", type=int, default=1000, help="crops that are scored")
    running.add_argument("--workers", type=int, default=0, help="processes that render; 0: this one")
    running.add_argument("--out", type=Path, required=True)
    showing = commands.add_parser("table", help="compare the runs of a folder")
    showing.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(run(options) if options.command == "run" else table(list(results(options.folder))))


if __name__ == "__main__":
    main()
