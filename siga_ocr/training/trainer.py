"""Training as a sequence of events, for pretraining and fine-tuning alike; whoever iterates decides what to show."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from siga_ocr.data.batches import TrainBatch
from siga_ocr.data.labelled import LabelledCrops, load_labelled
from siga_ocr.data.prefetch import prefetched
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, render_piece
from siga_ocr.data.stream import Cursor, Stream
from siga_ocr.data.workers import Workers
from siga_ocr.errors import TrainingError, UsageError
from siga_ocr.interruption import deferred
from siga_ocr.model import SigaModel
from siga_ocr.recipe import LabelledSource, TrainConfig
from siga_ocr.store import checkpoint
from siga_ocr.training.events import BatchDivided, Checked, Checkpointed, Event, LabelsRead, Started, StepDone
from siga_ocr.training.fleet import Fleet, is_joined
from siga_ocr.training.partners import Partners
from siga_ocr.training.state import Progress, TrainingState, load_state, save_state
from siga_ocr.training.step import rate_at, take_step

__all__ = ["MODEL", "BatchDivided", "Checked", "Checkpointed", "Event", "LabelsRead", "Run", "Started", "StepDone", "Watch", "train"]

MODEL = "model"
"""The folder of a run that holds the averaged weights as a model."""

SHARDS = "shards"
PREFETCHED = 4
MOST_SKIPPED = 10
"""Steps in a row without a finite loss; then training has failed."""


class Watch(Protocol):
    """Looks at the averaged weights now and then, and may end the training."""

    @property
    def has_ended(self) -> bool:
        """Whether training should not go on."""

    def is_due(self, step: int) -> bool:
        """Whether to look after `step` steps."""

    def look(self, model: SigaModel, step: int) -> Checked:
        """Look at the averaged weights after `step` steps."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where and how long: `folder` takes all files, `workers` processes render, `processes` share each step, `watch` looks on.

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
    watch: Watch | None = None

    def __post_init__(self) -> None:
        if self.workers < 0 or self.processes < 1:
            raise UsageError(f"workers must not be negative and processes at least 1, got {self.workers} and {self.processes}.")


def train(model: SigaModel, config: TrainConfig, run: Run) -> Iterator[Event]:
    """Train `model` on the device where it lies.

    Raises:
        UsageError: the model is not the recipe's, or a run to resume was begun with another recipe.
        ModelError: there is no whole state to resume.
        LabelError: a labelled source cannot be used.
        TrainingError: the loss was not finite for several steps in a row, or a process that shares the steps is lost; the last checkpoint stays
            as it was.
        DeviceError: memory does not suffice for a single crop.
        DiskError: a file cannot be written; the last checkpoint stays as it was.
        KeyboardInterrupt: Ctrl-C was pressed; the run is saved first, and a note of the error says so.
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
        with Fleet(state, config) if is_joined() else Partners(state, config, run.processes) as partners:
            yield from _steps(state, config, run, stream, partners)


def _labels_read(opened: LabelledCrops) -> LabelsRead:
    return LabelsRead(opened.path, len(opened.crops), len(opened.dropped), opened.blanks_removed)


def _steps(state: TrainingState, config: TrainConfig, run: Run, stream: Stream, partners: Partners | Fleet) -> Iterator[Event]:
    begun = saved = time.monotonic()
    failures = 0
    cursor = Cursor(state.progress.round, state.progress.position)
    with deferred() as interruption, closing(prefetched(stream.batches(cursor), PREFETCHED)) as batches:
        while not _is_over(state, config, run):
            pieces = state.progress.pieces
            event = _step(state, config, partners, *next(batches))
            yield event
            if state.progress.pieces > pieces:
                yield BatchDivided(event.step - 1, state.progress.pieces)
            failures = 0 if event.applied else failures + 1
            if failures > MOST_SKIPPED:
                raise TrainingError(f"The loss was not finite {failures} steps in a row at step {event.step}: lower the learning rate.")
            is_due = run.watch is not None and run.watch.is_due(event.step)
            if run.watch is not None and is_due:
                yield run.watch.look(state.average.model, event.step)
            now = time.monotonic()
            if interruption.is_wanted or (run.minutes is not None and now - begun > 60 * run.minutes):
                break
            if (is_due or now - saved > 60 * config.checkpoint_minutes) and not _is_over(state, config, run):
                yield _checkpoint(state, config, run, stream)
                saved = now
        yield _checkpoint(state, config, run, stream)
        if interruption.is_wanted:
            raise _interrupted(run, state.progress.step)


def _is_over(state: TrainingState, config: TrainConfig, run: Run) -> bool:
    end = config.steps if run.stop_at is None else min(run.stop_at, config.steps)
    return state.progress.step >= end or (run.watch is not None and run.watch.has_ended)


def _interrupted(run: Run, step: int) -> KeyboardInterrupt:
    error = KeyboardInterrupt()
    error.add_note(f"Step {step} is saved in {run.folder}: the same command with --resume goes on from there.")
    return error


def _step(state: TrainingState, config: TrainConfig, partners: Partners | Fleet, batch: TrainBatch, cursor: Cursor) -> StepDone:
    begun, progress = time.perf_counter(), state.progress
    result = take_step(state, partners.share(batch), config)
    state.progress = replace(
        state.progress,
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
