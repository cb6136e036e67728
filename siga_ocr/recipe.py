"""How a model is trained: steps, optimiser, sources of crops; every default of the training stands here once."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any, ClassVar, Literal, TypeVar

from siga_ocr.config import ModelConfig, compact, siga_s, siga_t
from siga_ocr.errors import UsageError
from siga_ocr.parsing import LONGEST_KEY, from_toml, shown
from siga_ocr.recipe_losses import LossConfig
from siga_ocr.recipe_optimiser import CtcConfig as CtcConfig
from siga_ocr.recipe_optimiser import OptimiserConfig as OptimiserConfig
from siga_ocr.render_style import RenderStyle

FIRST_TRAINING_SEED = 1000
"""Seeds below it make evaluation sets; training refuses them."""

REFERENCE_WIDTH = 160
"""The width in pixels at which a batch holds `TrainConfig.batch` crops; narrower buckets hold more."""

MAX_REUSE = 4
"""How often a rendered crop may be trained on."""

LARGEST_SHARD = 50_000
"""Crops in a shard: six of them, each crop at its widest, stay below 4 GB."""

Part = Literal["all", "A", "B"]
"""All rows of labelled crops or one part of them; see `data.labels.part_of`."""


def _check_source(weight: float, photometric: float, geometric: float) -> None:
    if weight <= 0 or not 0 <= photometric <= 1 or not 0 <= geometric <= 1:
        raise UsageError("A source's weight must be above 0, its photometric and geometric strengths in 0..1.")


@dataclass(frozen=True, kw_only=True)
class RenderedSource:
    """Crops that the renderer makes; `difficulty` rises from its first to its second value within `ramp` of the schedule."""

    kind: Literal["rendered"] = "rendered"
    weight: float = 1.0
    seed: int = FIRST_TRAINING_SEED
    style: RenderStyle = field(default_factory=RenderStyle)
    difficulty: tuple[float, float] = (0.0, 1.0)
    ramp: float = 0.3
    photometric: float = 0.3  # strength 0..1 of brightness, noise and the like
    geometric: float = 0.3  # strength 0..1 of warps, for crops that were used before

    def __post_init__(self) -> None:
        if self.seed < FIRST_TRAINING_SEED:
            raise UsageError(f"Rendered crops of seed {self.seed} are kept for evaluation: train on a seed of {FIRST_TRAINING_SEED} or more.")
        _check_source(self.weight, self.photometric, self.geometric)
        if not 0 <= min(self.difficulty) <= max(self.difficulty) <= 1 or not 0 <= self.ramp <= 1:
            raise UsageError("difficulty and ramp of a rendered source must lie in 0..1.")

    def difficulty_at(self, progress: float) -> float:
        """The difficulty of crops that are first used at `progress` (0..1 of the schedule)."""
        begin, end = self.difficulty
        share = min(progress / self.ramp, 1.0) if self.ramp > 0 else 1.0
        return begin + (end - begin) * share


@dataclass(frozen=True, kw_only=True)
class LabelledSource:
    """Photographed crops with their texts: a folder with `labels.csv`, or the table itself."""

    kind: Literal["labelled"]
    path: str
    weight: float = 1.0
    part: Part = "all"
    upright: bool = False  # leave out the rows that `orientation.csv` beside the table calls turned
    allow_blank: bool = False  # keep rows with an empty text: they teach what holds no text
    photometric: float = 0.7
    geometric: float = 0.7

    def __post_init__(self) -> None:
        _check_source(self.weight, self.photometric, self.geometric)


Source = RenderedSource | LabelledSource


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole training run."""

    model: ModelConfig = field(default_factory=compact)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    ctc: CtcConfig = field(default_factory=CtcConfig)
    sources: tuple[Source, ...] = (RenderedSource(),)
    seed: int = FIRST_TRAINING_SEED
    steps: int = 20_000
    batch: int = 64  # crops at a width of 160
    shard: int = 4096  # crops that a round renders anew
    reuse: int = MAX_REUSE
    precision: Literal["bf16", "float32"] = "bf16"
    least_share: float = 0.0  # of a whole batch: smaller rests of a round are left out, since their statistics mislead batch normalisation
    checkpoint_minutes: float = 5.0
    fixed_statistics: bool = False  # batch normalisation keeps the means and variances that the weights came with

    def __post_init__(self) -> None:
        if self.seed < FIRST_TRAINING_SEED:
            raise UsageError(f"Seed {self.seed} is kept for evaluation: train with a seed of {FIRST_TRAINING_SEED} or more.")
        if not 0 <= self.least_share <= 1:
            raise UsageError(f"least_share must lie in 0..1, got {self.least_share}.")
        if not 1 <= self.reuse <= MAX_REUSE:
            raise UsageError(f"reuse must lie in 1..{MAX_REUSE}, got {self.reuse}.")
        if min(self.steps, self.batch) < 1 or not 1 <= self.shard <= LARGEST_SHARD:
            raise UsageError(f"steps and batch must be at least 1 and shard in 1..{LARGEST_SHARD}.")
        if not self.sources:
            raise UsageError("A recipe needs at least one source: add [[sources]] with kind = 'rendered' or 'labelled'.")
        seeds = [source.seed for source in self.sources if isinstance(source, RenderedSource)]
        if len(set(seeds)) != len(seeds):
            raise UsageError("Two rendered sources share a seed: give each its own, or they render the same texts.")

    def batch_at(self, width: int) -> int:
        """How many crops a batch of a bucket `width` holds."""
        return max(1, round(self.batch * REFERENCE_WIDTH / width))

    @property
    def fingerprint(self) -> str:
        """A hash of every value: two runs with the same one train the same way."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


PRESETS: Mapping[str, ModelConfig] = {"compact": compact(), "siga-r": ModelConfig(), "siga-s": siga_s(), "siga-t": siga_t()}
"""What `[model]` starts from by its `preset`."""

_Kind = TypeVar("_Kind")


def parse(toml: str, origin: str | PurePath = "the recipe") -> TrainConfig:
    """A recipe from TOML text; `origin` names it in messages. `[model]` takes a `preset` and what differs from it.

    Raises:
        UsageError: it is no TOML, or holds an unknown key or a value that cannot be used.
    """
    try:
        table = from_toml(toml)
    except ValueError as error:
        raise UsageError(f"{origin} is no valid TOML: {error}. Correct that line.") from error
    return from_table(table, origin)


def from_table(table: Mapping[str, Any], origin: str | PurePath) -> TrainConfig:
    """A recipe from the nested values that a TOML file, or `asdict` of a recipe, holds.

    Raises:
        UsageError: an unknown key or a value that cannot be used.
    """
    values: dict[str, object] = dict(_table(table, f"{origin}"))
    model = _table(table.get("model", {}), f"{origin}: model")
    values["model"] = _checked(ModelConfig, _with_preset(dict(model), origin), f"{origin}: model")
    if "sources" in table:
        listed = table["sources"]
        if not isinstance(listed, list | tuple):
            raise UsageError(f"{origin}: sources must be a list of tables, [[sources]], got {shown(listed)}.")
        values["sources"] = tuple(
            _source(_table(entry, place), place) for place, entry in ((f"{origin}: sources[{n}]", e) for n, e in enumerate(listed))
        )
    return _checked(TrainConfig, values, str(origin))


def _table(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{place}: must be a table, got {shown(value)}.")
    return value


def _with_preset(overrides: dict[str, Any], origin: str | PurePath) -> dict[str, Any]:
    preset = overrides.pop("preset", "compact")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise UsageError(f"{origin}: there is no model preset {shown(preset)}: use one of {', '.join(PRESETS)}.")
    return _merged(asdict(PRESETS[preset]), overrides)


def _merged(defaults: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """`overrides` over `defaults`, tables key by key."""
    result = dict(defaults)
    for key, value in overrides.items():
        result[key] = _merged(result[key], value) if isinstance(result.get(key), dict) and isinstance(value, Mapping) else value
    return result


def _source(entry: Mapping[str, Any], place: str) -> Source:
    kinds: dict[str, type[Source]] = {"rendered": RenderedSource, "labelled": LabelledSource}
    kind = entry.get("kind", "rendered")
    if not isinstance(kind, str) or kind not in kinds:
        raise UsageError(f"{place}: kind {shown(kind)} is unknown: use one of {', '.join(kinds)}.")
    return _checked(kinds[kind], entry, place)


def _checked(kind: type[_Kind], values: Mapping[str, Any], place: str) -> _Kind:
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    @dataclass(frozen=True)
    class Strict:
        """Carries the rule that unknown keys are errors to every nested dataclass."""

        __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)
        value: kind  # type: ignore[valid-type]

    try:
        return TypeAdapter(Strict).validate_python({"value": values}).value
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])
        raise UsageError(f"{place}: {name[:LONGEST_KEY]}: {first['msg']}, got {shown(first['input'])}.") from error
