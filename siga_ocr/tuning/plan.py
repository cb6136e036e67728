"""How long and how hard a model is fine-tuned: chosen from the number of crops and the machine, before anything starts."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from siga_ocr.config import ModelConfig
from siga_ocr.errors import UsageError
from siga_ocr.recipe import CtcConfig, LabelledSource, OptimiserConfig, RenderedSource, Source, TrainConfig
from siga_ocr.recipe_losses import LossConfig
from siga_ocr.render_style import RenderStyle

SHOWN = 400
"""Own crops shown in all, times the square root of their number: 50 are seen 57 times each, 50,000 twice."""

REPLAY = 0.5
"""The part of each batch that the model knew before."""

RECOMBINED = 0.3
"""Of the user's part of each batch: codes that are put together of the characters of his crops."""

LOOKS = 20
"""How often the validation crops are read in a whole schedule."""

MOST_PROCESSES = 8

BASE_MEMORY, PROCESS_MEMORY, CROP_MEMORY = 500_000_000, 600_000_000, 20_000_000
"""Bytes that a training takes whatever its size, more for each process, and more for each crop of a batch."""

CORE_RATE, GPU_RATE = 45, 1200
"""Crops a second that one core and one GPU take, roughly: for a first guess of the time, and for `minutes`."""

DEFAULT_SEED = 2001

Precision = Literal["bf16", "float32"]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the plan depends on: `crops` to learn from, whether a GPU computes, `cores` of the machine, whether bfloat16 is fast on it, and the bytes
    of its `memory` that are free (`None`: nobody knows)."""

    crops: int
    on_gpu: bool
    cores: int
    fast_bf16: bool
    memory: int | None = None


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user set instead of leaving it to the plan; `None` is no wish. `minutes` limits the time."""

    steps: int | None = None
    minutes: float | None = None
    rate: float | None = None
    batch_size: int | None = None
    seed: int | None = None
    fixed_statistics: bool = False
    glyph_loss: bool = True
    recombine: bool = True

    def __post_init__(self) -> None:
        for name, value in (("steps", self.steps), ("minutes", self.minutes), ("rate", self.rate), ("batch-size", self.batch_size)):
            if value is not None and value <= 0:
                raise UsageError(f"--{name} must be above 0, got {value}.")


@dataclass(frozen=True)
class Own:
    """Where the user's crops lie, and codes of their characters (None where there are none)."""

    crops: str
    recombined: str | None = None

    def sources(self, weight: float) -> tuple[LabelledSource, ...]:
        """Both, which together have that weight."""
        if self.recombined is None:
            return (LabelledSource(kind="labelled", path=self.crops, weight=weight),)
        return (
            LabelledSource(kind="labelled", path=self.crops, weight=weight * (1 - RECOMBINED)),
            LabelledSource(kind="labelled", path=self.recombined, weight=weight * RECOMBINED),
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A fine-tuning as it will run: `check_every` steps the validation crops are read, and after `patience` looks without progress it ends.

    On a CPU `processes` of one thread share each step; `workers` render beside them, on a single core none.
    """

    steps: int
    batch: int
    rate: float
    warm_up: int
    average_decay: float
    check_every: int
    patience: int
    processes: int
    workers: int
    precision: Precision
    seed: int
    fixed_statistics: bool
    glyph_loss: bool
    seconds: float  # the guess

    def config(self, model: ModelConfig, own: Own, replay: str | None) -> TrainConfig:
        """The whole recipe: the user's crops, rendered ones from the fonts of the package, and those at `replay`."""
        return TrainConfig(
            model=model,
            loss=LossConfig(switch_share=0.0) if self.glyph_loss else without_glyph_loss(),
            optimiser=OptimiserConfig(kind="muon", rate=self.rate, warm_up=self.warm_up, average_decay=self.average_decay),
            ctc=CtcConfig(weight=0.0, hold=0.0, until=0.0),
            sources=_sources(model, own, replay, self.seed),
            seed=self.seed,
            steps=self.steps,
            batch=self.batch,
            shard=_within(round(self.steps * self.batch * REPLAY / 16), 4 * self.batch, 4096),
            least_share=0.5,
            precision=self.precision,
            fixed_statistics=self.fixed_statistics,
        )


def plan(situation: Situation, wishes: Wishes) -> Plan:
    """The plan for a situation, with the user's wishes in place of its own values."""
    batch = wishes.batch_size or (96 if situation.on_gpu else 48)
    processes = 1 if situation.on_gpu else max(1, min(situation.cores, MOST_PROCESSES, batch // 4, _with_memory(situation.memory, batch)))
    pace = (GPU_RATE if situation.on_gpu else CORE_RATE * processes) / batch  # steps a second
    steps = wishes.steps or _steps(situation.crops, batch, pace, wishes.minutes)
    return Plan(
        steps=steps,
        batch=batch,
        rate=wishes.rate or _rate(situation.crops, batch),
        warm_up=_within(steps // 10, min(50, steps // 3 or 1), 300),
        average_decay=min(0.999, max(0.9, 1 - 12 / steps)),
        check_every=max(1, steps // LOOKS),
        patience=10,
        processes=processes,
        workers=_within(situation.cores - processes, min(1, situation.cores - 1), 8),
        precision="bf16" if situation.fast_bf16 else "float32",
        seed=DEFAULT_SEED if wishes.seed is None else wishes.seed,
        fixed_statistics=wishes.fixed_statistics,
        glyph_loss=wishes.glyph_loss,
        seconds=steps / pace,
    )


def without_glyph_loss() -> LossConfig:
    """The recognition losses alone: nothing is asked of the text mask, the alignment and the glyph maps."""
    return replace(LossConfig(switch_share=0.0), segmentation=0.0, alignment=0.0, alignment_late=0.0, glyph=0.0)


def _steps(crops: int, batch: int, pace: float, minutes: float | None) -> int:
    wanted = max(100, round(SHOWN * math.sqrt(crops) / (batch * (1 - REPLAY))))
    return wanted if minutes is None else max(1, min(wanted, round(60 * minutes * pace)))


def _with_memory(memory: int | None, batch: int) -> int:
    """How many processes the free memory allows."""
    if memory is None:
        return MOST_PROCESSES
    return (memory - BASE_MEMORY - batch * CROP_MEMORY) // PROCESS_MEMORY


def _rate(crops: int, batch: int) -> float:
    """3e-4 up to 500 crops, twice as much from 50,000 on, and with the square root of the batch."""
    share = min(1.0, max(0.0, math.log10(crops / 500) / 2))
    return round(3e-4 * (1 + share) * math.sqrt(batch / 48), 6)


def _sources(model: ModelConfig, own: Own, replay: str | None, seed: int) -> tuple[Source, ...]:
    """Own crops make up what replay leaves of a batch; given replay takes half of the rendered crops' place."""
    style = RenderStyle(lettering="shipped", max_length=min(model.max_length, RenderStyle().max_length))
    rendered = RenderedSource(weight=REPLAY if replay is None else REPLAY / 2, seed=seed, style=style, difficulty=(1.0, 1.0))
    sources: tuple[Source, ...] = (rendered, *own.sources(1 - REPLAY))
    return sources if replay is None else (*sources, LabelledSource(kind="labelled", path=replay, weight=REPLAY / 2))


def _within(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
