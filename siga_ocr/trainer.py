"""Training as a sequence of events, for pretraining and fine-tuning alike; whoever iterates decides what to show."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from siga_ocr import checkpoint
from siga_ocr.data.batches import TrainBatch
from siga_ocr.data.labelled import LabelledCrops, load_labelled
from siga_ocr.data.prefetch import prefetched
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, render_piece
from siga_ocr.data.stream import Cursor, Stream
from siga_ocr.data.workers import Workers
from siga_ocr.errors import TrainingError, UsageError
from siga_ocr.model import SigaModel
from siga_ocr.partners import Partners
from siga_ocr.recipe import LabelledSource, TrainConfig
from siga_ocr.training_state import Progress, TrainingState, load_state, save_state
from siga_ocr.training_step import rate_at, take_step

MODEL = "model"
"""The folder of a run that holds the averaged weights as a model."""

SHARDS = "shards"
PREFETCHED = 4
MOST_SKIPPED = 10
"""Steps in a row without a finite loss; then training has failed."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where and how long: `folder` takes all files, `workers` processes render, `processes` share each step.

    `resume` takes up the run in the folder. `first_index` says for each rendered seed which crops were used before. The run pauses with a
    checkpoint after `minutes`, or before step `stop_at`.
    """

    folder: Path
    workers: int = 0
    processes: int = 1
    resume: bool = False
    first_index: tuple[tuple[int, int], ...] = ()
    minutes: float | None = None
    stop_at: int | None = None

    def __post_init__(self) -> None:
        if self.workers < 0 or self.processes < 1:
            raise UsageError(f"workers must not be negative and processes at least 1, got {self.workers} and {self.processes}.")


@dataclass(frozen=True)
class LabelsRead:
    """A labelled source was opened."""

    path: str
    used: int
    dropped: int
    blanks_removed: int


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on, at `step` of `steps`."""

    step: int
    steps: int
    parameters: int
    device: str


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """`step` steps are done (`applied` is false where the last one was skipped); `crops` in its batch, `round` of the stream, `seconds` it took."""

    step: int
    loss: float
    parts: Mapping[str, float]
    gradient: float
    applied: bool
    rate: float
    crops: int
    round: int
    seconds: float


@dataclass(frozen=True)
class Checkpointed:
    """The state after `step` steps and the averaged model are on the disk; `finished` at the end of the schedule."""

    step: int
    model: Path
    finished: bool


Event = LabelsRead | Started | StepDone | Checkpointed


def train(model: SigaModel, config: TrainConfig, run: Run) -> Iterator[Event]:
    """Train `model` on the device where it lies.

    Raises:
        UsageError: the model is not the recipe's, or a run to resume was begun with another recipe.
        ModelError: there is no whole state to resume.
        LabelError: a labelled source cannot be used.
        TrainingError: the loss was not finite for several steps in a row.
        DiskError: a file cannot be written.
    """
    if model.config != config.model:
        raise UsageError("The model is not the one that the recipe describes: take the recipe's [model] from the model's config.json.")
    state = TrainingState(model, config, Progress(first_index=run.first_index))
    if run.resume:
        load_state(run.folder, state, config)
    labelled: list[FittedCrops] = []
    for source in config.sources:
        if isinstance(source, LabelledSource):
            opened = load_labelled(source, config.model)
            labelled.append(opened.crops)
            yield _labels_read(opened)
    with Workers[ShardPlan, FittedCrops](render_piece, run.workers) as workers:
        store = ShardStore(run.folder / SHARDS, workers)
        stream = Stream(config, labelled, dict(state.progress.first_index), store)
        yield Started(state.progress.step, config.steps, sum(p.numel() for p in model.parameters()), str(next(model.parameters()).device))
        with Partners(state, config, run.processes) as partners:
            yield from _steps(state, config, run, stream, partners)


def _labels_read(opened: LabelledCrops) -> LabelsRead:
    return LabelsRead(opened.path, len(opened.crops), len(opened.dropped), opened.blanks_removed)


def _steps(state: TrainingState, config: TrainConfig, run: Run, stream: Stream, partners: Partners) -> Iterator[Event]:
    end = config.steps if run.stop_at is None else min(run.stop_at, config.steps)
    begun = saved = time.monotonic()
    failures = 0
    cursor = Cursor(state.progress.round, state.progress.position)
    with closing(prefetched(stream.batches(cursor), PREFETCHED)) as batches:
        while state.progress.step < end:
            event = _step(state, config, partners, *next(batches))
            yield event
            failures = 0 if event.applied else failures + 1
            if failures > MOST_SKIPPED:
                raise TrainingError(f"The loss was not finite {failures} steps in a row at step {event.step}: lower optimiser.rate.")
            now = time.monotonic()
            if run.minutes is not None and now - begun > 60 * run.minutes:
                break
            if now - saved > 60 * config.checkpoint_minutes and state.progress.step < end:
                yield _checkpoint(state, config, run, stream)
                saved = time.monotonic()
    yield _checkpoint(state, config, run, stream)


def _step(state: TrainingState, config: TrainConfig, partners: Partners, batch: TrainBatch, cursor: Cursor) -> StepDone:
    begun, progress = time.perf_counter(), state.progress
    result = take_step(state, partners.share(batch), config)
    state.progress = replace(
        progress,
        step=progress.step + 1,
        round=cursor.round,
        position=cursor.position,
        crops=progress.crops + len(batch),
        skipped=progress.skipped + (not result.applied),
    )
    return StepDone(
        step=progress.step + 1,
        loss=result.loss,
        parts=result.parts,
        gradient=result.gradient,
        applied=result.applied,
        rate=rate_at(progress.step, config.steps, config.optimiser),
        crops=len(batch),
        round=cursor.round,
        seconds=time.perf_counter() - begun,
    )


def _checkpoint(state: TrainingState, config: TrainConfig, run: Run, stream: Stream) -> Checkpointed:
    """Write the state for `resume` and the averaged weights as a model."""
    save_state(run.folder, state, config)
    progress = state.progress
    note = {
        "steps": progress.step,
        "crops": progress.crops,
        "seed": config.seed,
        "recipe_sha256": config.fingerprint,
        "rendered": {str(seed): index for seed, index in stream.next_indices(Cursor(progress.round, progress.position)).items()},
    }
    checkpoint.save(run.folder / MODEL, state.average.model, note)
    return Checkpointed(progress.step, run.folder / MODEL, progress.step >= config.steps)
