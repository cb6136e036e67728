"""The endless sequence of training batches: which crops come when is a function of the recipe and a cursor alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from siga_ocr.data.augment import stretched_width
from siga_ocr.data.batches import Candidate, TrainBatch, assemble, group
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore
from siga_ocr.recipe import LabelledSource, RenderedSource, TrainConfig


@dataclass(frozen=True)
class Cursor:
    """A place in the sequence: `position` batches of `round` have been given out."""

    round: int = 0
    position: int = 0


class Stream:
    """Rounds of crops: round j shows shards j - reuse + 1 to j of each rendered source and draws from the labelled ones by weight.

    While a round is shown, the workers render the next shard. `labelled` holds the crops of each labelled source, in the order of the
    recipe; `first_index` says at which index the rendered source of a seed begins (0 where it is not named).
    """

    def __init__(self, config: TrainConfig, labelled: Sequence[FittedCrops], first_index: Mapping[int, int], store: ShardStore | None) -> None:
        self._config = config
        self._rendered = [source for source in config.sources if isinstance(source, RenderedSource)]
        sources = [source for source in config.sources if isinstance(source, LabelledSource)]
        self._labelled = list(zip(sources, labelled, strict=True))
        self._first_index = dict(first_index)
        self._store = store

    def batches(self, start: Cursor) -> Iterator[tuple[TrainBatch, Cursor]]:
        """Every batch from `start` on, without end, each with the cursor behind it."""
        number, skipped = start.round, start.position
        shards = {n: self._begin(n) for n in self._window(number)}
        while True:
            upcoming = self._begin(number + 1)
            pools = {n: finish() for n, finish in shards.items()}
            batches = self._plan(number, pools)
            for position in range(skipped, len(batches)):
                yield assemble(batches[position], self._config), Cursor(number, position + 1)
            number, skipped = number + 1, 0
            shards = {n: _ready(pool) for n, pool in pools.items() if n in self._window(number)} | {number: upcoming}
            self._forget(number)

    def next_indices(self, cursor: Cursor) -> dict[int, int]:
        """For each rendered seed, the first index that no round up to the cursor's has shown."""
        return {source.seed: self._first(source, cursor.round + 1) for source in self._rendered}

    def shard_plans(self, number: int) -> list[ShardPlan]:
        """What the rendered sources add in round `number`, in the order of the recipe."""
        model, plans = self._config.model, []
        for source in self._rendered:
            style = replace(source.style, difficulty=source.difficulty_at(self._progress(number)))
            first, count = self._first(source, number), self._quota(source)
            plans.append(ShardPlan(source.seed, first, count, style, model.input, model.characters, model.max_length))
        return plans

    def _window(self, number: int) -> range:
        return range(max(0, number - self._config.reuse + 1), number + 1)

    def _quota(self, source: RenderedSource) -> int:
        """How many crops of a shard are this source's."""
        return max(1, round(self._config.shard * source.weight / sum(s.weight for s in self._rendered)))

    def _first(self, source: RenderedSource, number: int) -> int:
        return self._first_index.get(source.seed, 0) + number * self._quota(source)

    def _progress(self, number: int) -> float:
        """The share of the schedule that the rounds before `number` take, were all crops of the reference width."""
        shown = self._config.shard * sum(len(self._window(n)) for n in range(number))
        mixed = 1.0 + sum(s.weight for s, _ in self._labelled) / sum(s.weight for s in self._rendered)
        return min(1.0, shown * mixed / (self._config.steps * self._config.batch))

    def _begin(self, number: int) -> Callable[[], list[FittedCrops]]:
        if self._store is None:
            return list
        pending = [self._store.begin(plan) for plan in self.shard_plans(number)]
        return lambda: [finish() for finish in pending]

    def _forget(self, number: int) -> None:
        """Delete shards that are used up by round `number`; one more than its window stays for a run that is taken up again."""
        if self._store is not None:
            kept = range(max(0, number - self._config.reuse), number + 2)
            self._store.keep_only([plan for n in kept for plan in self.shard_plans(n)])

    def _plan(self, number: int, pools: Mapping[int, list[FittedCrops]]) -> list[list[Candidate]]:
        """The batches of a round."""
        rng = np.random.default_rng((self._config.seed, number))
        candidates = self._from_rendered(number, pools, rng) + self._from_labelled(number, rng)
        return group(candidates, self._config, rng)

    def _from_rendered(self, number: int, pools: Mapping[int, list[FittedCrops]], rng: np.random.Generator) -> list[Candidate]:
        """All crops of the window's shards; those of older shards are warped, so that none is seen twice as it was."""
        candidates: list[Candidate] = []
        for n, pool in sorted(pools.items()):
            for source, crops in zip(self._rendered, pool, strict=True):
                warp = 0.0 if n == number else source.geometric
                candidates += self._candidates(crops, range(len(crops)), (warp, source.photometric), rng)
        return candidates

    def _from_labelled(self, number: int, rng: np.random.Generator) -> list[Candidate]:
        """As many labelled crops as their weight asks for, all of a source equally often."""
        round_size = self._config.shard * (len(self._window(number)) if self._rendered else 1)
        whole = sum(s.weight for s in self._rendered) or sum(s.weight for s, _ in self._labelled)
        candidates: list[Candidate] = []
        for source, crops in self._labelled:
            count = max(1, round(round_size * source.weight / whole))
            passes = -(-count // len(crops))
            rows = np.concatenate([rng.permutation(len(crops)) for _ in range(passes)])[:count]
            candidates += self._candidates(crops, rows.tolist(), (source.geometric, source.photometric), rng)
        return candidates

    def _candidates(self, crops: FittedCrops, rows: Sequence[int], strengths: tuple[float, float], rng: np.random.Generator) -> list[Candidate]:
        draws, keys = rng.uniform(-1, 1, len(rows)), rng.integers(0, 2**62, len(rows))
        widths = [self._width(int(crops.widths[row]), strengths[0], draw) for row, draw in zip(rows, draws.tolist(), strict=True)]
        return [Candidate(crops, row, width, *strengths, key) for row, width, key in zip(rows, widths, keys.tolist(), strict=True)]

    def _width(self, width: int, strength: float, draw: float) -> int:
        settings = self._config.model.input
        return min(stretched_width(width, strength, draw), settings.widths[-1]) if settings.keep_aspect else width


def _ready(pool: list[FittedCrops]) -> Callable[[], list[FittedCrops]]:
    return lambda: pool
