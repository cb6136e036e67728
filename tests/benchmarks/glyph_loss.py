"""Does the glyph loss earn its place? Three arms from one start, on the same crops in the same order: part A trains, part B scores.

`run --set wire_marks_dev --arm full --seed 2001 --steps 300 --out DIR` trains one arm on one thread and writes its scores to DIR; `table DIR`
compares all runs that lie there. Arms: `full`, the whole loss; `no-glyph`, the same network with the recognition losses alone; `plain`, the
backbone, the encoder and the attention decoder alone, trained and read by that decoder's own head. The schedule is the one that `siga-ocr
finetune` plans, with replay, but of fixed length: no crops are set aside, nothing ends early, the averaged weights of the last step count.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import torch
from torch import Tensor, nn

from siga_ocr.assessing.evaluate import compare, fold
from siga_ocr.assessing.scored_set import Rows, ScoredSet, scored_set, source_of
from siga_ocr.data.batches import TrainBatch
from siga_ocr.data.labelled import load_labelled
from siga_ocr.data.labels import ORIENTATION_NAME
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, render_piece
from siga_ocr.data.stream import Cursor, Stream
from siga_ocr.data.workers import Workers
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.losses import recognition_loss
from siga_ocr.model import ReadOutput, SigaModel
from siga_ocr.model.compact import CompactSiga
from siga_ocr.reader import Reader
from siga_ocr.recipe import LabelledSource, RenderedSource, TrainConfig
from siga_ocr.store import checkpoint, weights
from siga_ocr.training.machine import machine_of
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import rate_at, take_step
from siga_ocr.tuning.plan import Own, Situation, Wishes, plan
from siga_ocr.tuning.validation import marks
from siga_ocr.whole_file import write_whole
from tests.benchmarks.glyph_loss_table import ARMS, Outcome, Result, table


class PlainRecogniser(nn.Module):
    """Backbone, encoder and attention decoder of a compact network, which read by themselves: no glyph maps, no fusion."""

    def __init__(self, start: CompactSiga) -> None:
        super().__init__()
        self.config = start.config
        self.backbone, self.encoder, self.decoder = start.backbone, start.encoder, start.aligned_decoder

    def forward(self, images: Tensor, mask: Tensor, steps: int) -> ReadOutput:
        """[N, C, H, W], the column mask [N, W] -> log-probabilities [N, steps, K] and the decoder's attention, one row high."""
        logits, attention = self._decoded(images, mask, steps)
        return ReadOutput(torch.log_softmax(logits.float(), 2), attention[:, :, None])

    def logits(self, images: Tensor, mask: Tensor, steps: int) -> Tensor:
        """[N, C, H, W], the column mask [N, W] -> [N, steps, K], to be trained."""
        return self._decoded(images, mask, steps)[0]

    def _decoded(self, images: Tensor, mask: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        taps = self.backbone(images, mask)
        decoded = self.decoder(self.encoder(taps.columns, taps.column_mask), taps.column_mask, steps)
        return decoded.logits, decoded.attention


class SharedShards(ShardStore):
    """Rendered crops that stay in their folder: runs of one seed show the same ones."""

    def keep_only(self, plans: Sequence[ShardPlan]) -> None:
        """Keep all."""


@dataclass(frozen=True)
class Spent:
    """What all steps took together, crops being at hand: `seconds` by the clock, `processor_seconds` of this process; `skipped` steps, and a hash
    of all batches in their order."""

    seconds: float
    processor_seconds: float
    skipped: int
    shown_sha256: str


def plain_step(state: TrainingState, batch: TrainBatch, config: TrainConfig) -> bool:
    """One step of the plain arm with the same dropout seeds, clipping, rate and average as the others have; true, as it cannot be skipped.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    step = state.progress.step
    torch.manual_seed((config.seed * 1_000_003 + step) * 64)
    state.optimiser.zero_grad(set_to_none=True)
    images = torch.from_numpy(batch.images).contiguous(memory_format=torch.channels_last)
    targets, lengths = torch.from_numpy(batch.targets), torch.from_numpy(batch.lengths)
    network = cast(PlainRecogniser, state.model)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        logits = network.logits(images, torch.from_numpy(batch.mask), targets.shape[1])
    loss = recognition_loss(logits, targets, lengths)
    loss.backward()  # type: ignore[no-untyped-call]
    if not torch.isfinite(torch.nn.utils.clip_grad_norm_(state.parameters, config.optimiser.clip_norm)):
        raise FloatingPointError(f"The plain arm's gradient is not finite at step {step}.")
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(step, config.steps, config.optimiser)
    state.optimiser.step()
    state.average.update(state.model, step)
    return True


def recipe(start: SigaModel, source: LabelledSource, options: argparse.Namespace) -> TrainConfig:
    """What `finetune` would plan on one core for the crops of part A, with the loss of the arm."""
    crops = len(load_labelled(source, start.config).crops)
    situation = Situation(crops=crops, on_gpu=False, cores=1, fast_bf16=machine_of(torch.device("cpu")).fast_bf16)
    wishes = Wishes(steps=options.steps, seed=options.seed, glyph_loss=options.arm == "full")
    planned = plan(situation, wishes).config(start.config, Own(source.path), None)
    rendered = tuple(item for item in planned.sources if isinstance(item, RenderedSource))
    own = tuple(replace(source, weight=item.weight) for item in planned.sources if isinstance(item, LabelledSource))
    return replace(planned, sources=(*rendered, *own))


def train(state: TrainingState, config: TrainConfig, source: LabelledSource, options: argparse.Namespace) -> Spent:
    """All steps of one arm; rendering and augmenting are not in the time."""
    seconds, busy, skipped, shown = 0.0, 0.0, 0, hashlib.sha256()
    with Workers[ShardPlan, FittedCrops](render_piece, 0) as workers:
        store = SharedShards(options.out / "shards", workers)
        batches = Stream(config, [load_labelled(source, config.model).crops], {}, store).batches(Cursor())
        for batch, _ in batches:
            shown.update(batch.images.tobytes() + batch.targets.tobytes())
            begun, begun_busy = time.perf_counter(), time.process_time()
            applied = plain_step(state, batch, config) if options.arm == "plain" else take_step(state, batch, config).applied
            seconds, busy = seconds + time.perf_counter() - begun, busy + time.process_time() - begun_busy
            skipped += not applied
            state.progress = replace(state.progress, step=state.progress.step + 1)
            if state.progress.step == config.steps:
                break
    return Spent(seconds, busy, skipped, shown.hexdigest())


def outcome(model: SigaModel, samples: ScoredSet, crops: FittedCrops) -> Outcome:
    """How weights do on part B: read as `siga-ocr evaluate` reads, and the loss of the true characters."""
    reader = Reader(TorchEngine(model, torch.device("cpu")))
    truths = [sample.text for sample in samples.samples]
    found = compare(list(reader.read(source_of(sample) for sample in samples.samples)), truths)
    if found.folded is None:
        raise SystemExit("No label of part B holds a letter or a digit.")
    texts = [reading.text for reading in found.readings]
    return Outcome(
        exact=tuple(text == truth for text, truth in zip(texts, truths, strict=True)),
        folded=tuple(fold(text) == fold(truth) for text, truth in zip(texts, truths, strict=True) if fold(truth)),
        character_error_rate=found.exact.character_error_rate,
        loss=marks(model, crops).loss,
    )


def run(options: argparse.Namespace) -> Path:
    """Train and score one arm; returns the file that holds the result."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    folder: Path = options.root / options.set
    target: Path = options.out / f"{options.set}-{options.arm}-{options.seed}.json"
    options.out.mkdir(parents=True, exist_ok=True)
    source = LabelledSource(kind="labelled", path=str(folder), part="A", upright=(folder / ORIENTATION_NAME).exists())
    start = weights.path_of(options.model)
    model = checkpoint.load(start)
    config = recipe(model, source, options)
    held_out = scored_set([folder], Rows(part="B", upright=source.upright))
    crops = load_labelled(replace(source, part="B"), model.config).crops
    if options.arm == "plain":
        model = cast(SigaModel, PlainRecogniser(cast(CompactSiga, model)))
    before = outcome(model, held_out, crops)
    state = TrainingState(model, config, Progress())
    spent = train(state, config, source, options)
    result = Result(
        set=options.set,
        arm=options.arm,
        seed=options.seed,
        steps=config.steps,
        batch=config.batch,
        rate=config.optimiser.rate,
        precision=config.precision,
        start_sha256=checkpoint.describe(start).weights_sha256,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        **asdict(spent),
        before=before,
        after=outcome(state.average.model, held_out, crops),
    )
    write_whole({target: (json.dumps(asdict(result), indent=1) + "\n").encode()})
    return target


def results(folder: Path) -> Iterator[Result]:
    """Every run that lies in a folder."""
    for path in sorted(folder.glob("*.json")):
        stored = json.loads(path.read_text(encoding="utf-8"))
        yield Result(**{**stored, "before": Outcome(**stored["before"]), "after": Outcome(**stored["after"])})


def main() -> None:
    """Run one arm, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="train and score one arm")
    running.add_argument("--set", required=True, help="the name of a labelled set")
    running.add_argument("--root", type=Path, default=Path("../shared/data"), help="where the sets lie")
    running.add_argument("--arm", choices=ARMS, required=True)
    running.add_argument("--seed", type=int, required=True)
    running.add_argument("--steps", type=int, default=300)
    running.add_argument("--model", default="code-small")
    running.add_argument("--out", type=Path, required=True)
    showing = commands.add_parser("table", help="compare the runs of a folder")
    showing.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(run(options) if options.command == "run" else table(list(results(options.folder))))


if __name__ == "__main__":
    main()
