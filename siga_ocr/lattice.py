"""The texts that an automaton allows, the likeliest first, from the log-probabilities of one crop: exact, and as lazy as they are taken."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import END, Charset
from siga_ocr.formats.automaton import Automaton

Floats = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moves:
    """An automaton over class ids: `after` int [S, K] is the next state for each class, -1 where it may not follow; `ends` bool [S]."""

    after: npt.NDArray[np.int64]
    ends: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, automaton: Automaton, charset: Charset) -> "Moves":
        """The moves of an automaton over the classes of `charset`."""
        after = np.full((len(automaton.moves), charset.class_count), -1, dtype=np.int64)
        ids = {character: index for index, character in enumerate(charset.characters, start=1)}
        for state, moves in enumerate(automaton.moves):
            for character, target in moves.items():
                after[state, ids[character]] = target
        ends = np.array([state in automaton.accepting for state in range(len(after))], dtype=np.bool_)
        return cls(after, ends)

    @classmethod
    def free(cls, charset: Charset) -> "Moves":
        """Any text."""
        after = np.zeros((1, charset.class_count), dtype=np.int64)
        after[0, END] = -1
        return cls(after, np.array([True]))


@dataclass(frozen=True)
class Path:
    """A text as class ids without the end mark, and the logarithm of its probability."""

    ids: tuple[int, ...]
    log_probability: float


def log_probability(log_probabilities: Floats, ids: tuple[int, ...]) -> float:
    """The logarithm of a text's probability: of its characters and of the end behind them; -inf where it is longer than T - 1 positions [T, K]."""
    if len(ids) >= len(log_probabilities):
        return -np.inf
    return float(log_probabilities[np.arange(len(ids) + 1), [*ids, END]].sum(dtype=np.float64))


def best_paths(log_probabilities: Floats, moves: Moves) -> Iterator[Path]:
    """Every allowed text of at most T - 1 characters once, in falling probability; equal ones in the order of their classes.

    What can still be gained behind each position and state is computed backwards first. The best text follows it; each next one leaves one of
    those before at some position for the next best class there, and then follows it again. Texts of probability 0 do not come.
    """
    walk = _Walk(np.asarray(log_probabilities, dtype=np.float64), moves)
    order, queue = 0, [_Branch(-walk.gains[0, 0], 0, (), 0, 0.0, 0)]
    while queue and queue[0].cost < np.inf:
        branch = heapq.heappop(queue)
        ids, states, spent = walk.follow(branch)
        yield Path(tuple(ids[:-1]), -float(branch.cost))
        first = len(branch.prefix)
        for place in range(first, len(ids)):
            rank = branch.rank + 1 if place == first else 1
            ranked = walk.ranked(place, states[place])
            if rank < len(ranked):
                order += 1
                cost = -(spent[place] + walk.options(place, states[place])[ranked[rank]])
                heapq.heappush(queue, _Branch(cost, order, tuple(ids[:place]), states[place], spent[place], rank))


@dataclass(frozen=True, order=True)
class _Branch:
    """Texts that begin with `prefix` and go on in `state` with the class of this rank: the best of them has the log-probability -`cost`."""

    cost: float
    order: int
    prefix: tuple[int, ...]
    state: int
    spent: float
    rank: int


class _Walk:
    """Positions x states, with the best that can still be gained from each: `gains` float64 [T, S]."""

    def __init__(self, rows: Scores, moves: Moves) -> None:
        self._rows = rows
        self._moves = moves
        self._ranked: dict[tuple[int, int], list[int]] = {}
        self.gains = np.full((len(rows), len(moves.ends)), -np.inf)
        self.gains[-1, moves.ends] = rows[-1, END]
        for place in range(len(rows) - 2, -1, -1):
            self.gains[place] = self._options(place, slice(None)).max(axis=-1)

    def _options(self, place: int, states: slice | int) -> Scores:
        """What each class would bring in all: [..., K]; the end mark where a text may end."""
        after = self._moves.after[states]
        if place == len(self._rows) - 1:
            found = np.full(after.shape, -np.inf)
        else:
            found = np.where(after >= 0, self._rows[place] + self.gains[place + 1][after], -np.inf)
        found[..., END] = np.where(self._moves.ends[states], self._rows[place, END], -np.inf)
        return found

    def options(self, place: int, state: int) -> Scores:
        """What each class would bring in all from one state: [K]."""
        return self._options(place, state)

    def ranked(self, place: int, state: int) -> list[int]:
        """The classes that are possible there, the best first."""
        key = (place, state)
        if key not in self._ranked:
            found = self.options(place, state)
            order = np.argsort(-found, kind="stable")
            self._ranked[key] = order[: int(np.isfinite(found).sum())].tolist()
        return self._ranked[key]

    def follow(self, branch: _Branch) -> tuple[list[int], list[int], list[float]]:
        """The best text of a branch with its end mark; the state and the log-probability spent before each position (from the branch on)."""
        place, state, spent, rank = len(branch.prefix), branch.state, branch.spent, branch.rank
        ids, states, sums = list(branch.prefix), [-1] * place, [0.0] * place
        while True:
            chosen = self.ranked(place, state)[rank]
            ids.append(chosen)
            states.append(state)
            sums.append(spent)
            if chosen == END:
                return ids, states, sums
            spent += float(self._rows[place, chosen])
            place, state, rank = place + 1, int(self._moves.after[state, chosen]), 0
