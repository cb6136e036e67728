"""Which texts are allowed, as an automaton over a model's characters: built from simple patterns, within limits of size and work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from siga_ocr.errors import UsageError
from siga_ocr.formats.pattern import Chars, Either, Follow, Pattern, Repeat

MAX_STATES = 5_000
"""Of an automaton, and four times as many before equal ones are united."""

MAX_WORK = 2_000_000
"""Steps of the construction: a format that needs more is refused after about a second."""

TOO_LARGE = "The format needs an automaton that is too large: shorten it, such as by fewer or smaller repetitions, or a --length."


@dataclass(frozen=True)
class Automaton:
    """State 0 is the first; `moves[state]` has the next state for each character that may follow; a text may end in `accepting`.

    From every state an accepting one is within reach. `longest` is the length of the longest allowed text, `shortest` that of the shortest.
    """

    moves: tuple[dict[str, int], ...]
    accepting: frozenset[int]
    shortest: int
    longest: int

    def accepts(self, text: str) -> bool:
        """Whether `text` is allowed."""
        state: int | None = 0
        for character in text:
            state = None if state is None else self.moves[state].get(character)
        return state in self.accepting


def intersection(patterns: Sequence[Pattern], characters: str, max_length: int) -> Automaton | None:
    """The automaton of the texts of at most `max_length` of these `characters` that fit all patterns; None where there are none.

    Raises:
        UsageError: it would be too large.
    """
    graphs = [_Graph.of(pattern, max_length) for pattern in patterns]
    explored = _Exploration(graphs, characters, max_length)
    return explored.trimmed()


class _Graph:
    """A pattern as states with moves for sets of characters, and moves for nothing."""

    def __init__(self, horizon: int) -> None:
        self.horizon = horizon
        self.moves: list[list[tuple[Chars, int]]] = []
        self.free: list[list[int]] = []
        self.last = 0

    @classmethod
    def of(cls, pattern: Pattern, horizon: int) -> "_Graph":
        graph = cls(horizon)
        graph.last = graph._add(pattern, graph._state())
        return graph

    def _state(self) -> int:
        if len(self.free) >= 4 * MAX_STATES:
            raise UsageError(TOO_LARGE)
        self.moves.append([])
        self.free.append([])
        return len(self.free) - 1

    def _add(self, pattern: Pattern, start: int) -> int:
        """Append a pattern behind a state, and return the state in which it ends."""
        if isinstance(pattern, Chars):
            end = self._state()
            self.moves[start].append((pattern, end))
            return end
        if isinstance(pattern, Follow):
            for part in pattern.parts:
                start = self._add(part, start)
            return start
        if isinstance(pattern, Either):
            end = self._state()
            for part in pattern.parts:
                entry = self._state()
                self.free[start].append(entry)
                self.free[self._add(part, entry)].append(end)
            return end
        return self._repeat(pattern, start)

    def _repeat(self, pattern: Repeat, start: int) -> int:
        """What is longer than any text can be is as good as endless."""
        for _ in range(min(pattern.least, self.horizon + 1)):
            start = self._add(pattern.part, start)
        if pattern.most is None or pattern.most > self.horizon:
            loop, end = self._state(), self._state()
            self.free[start].append(loop)
            self.free[self._add(pattern.part, loop)].append(loop)
            self.free[loop].append(end)
            return end
        end = self._state()
        for _ in range(pattern.least, pattern.most):
            self.free[start].append(end)
            start = self._add(pattern.part, start)
        self.free[start].append(end)
        return end

    def closed(self, states: Iterable[int]) -> frozenset[int]:
        """These states and all that are reached from them for nothing."""
        seen = set(states)
        pending = list(seen)
        while pending:
            for state in self.free[pending.pop()]:
                if state not in seen:
                    seen.add(state)
                    pending.append(state)
        return frozenset(seen)


_States = tuple[frozenset[int], ...]


class _Exploration:
    """All graphs walked through at once, from the start to the longest text; sets of their states are the states of the automaton."""

    def __init__(self, graphs: Sequence[_Graph], characters: str, max_length: int) -> None:
        self._graphs = graphs
        self._max_length = max_length
        self._work = 0
        self._groups = _alike(graphs, characters)
        start = tuple(graph.closed([0]) for graph in graphs)
        self._numbers: dict[_States, int] = {start: 0}
        self._depths = [0]
        self._moves: list[dict[str, int]] = []
        self._explore()
        self._accepting = {n for states, n in self._numbers.items() if all(g.last in s for g, s in zip(graphs, states, strict=True))}

    def _explore(self) -> None:
        """Breadth first, so that each state's depth is the length of the shortest text that leads to it."""
        queue = [next(iter(self._numbers))]
        for states in queue:
            depth, moves = self._depths[self._numbers[states]], dict[str, int]()
            self._moves.append(moves)
            if depth == self._max_length:
                continue
            for group in self._groups:
                after = self._after(states, group[0])
                if after is None:
                    continue
                if after not in self._numbers:
                    self._numbers[after] = len(self._numbers)
                    self._depths.append(depth + 1)
                    queue.append(after)
                moves |= dict.fromkeys(group, self._numbers[after])
            if len(queue) > 4 * MAX_STATES:
                raise UsageError(TOO_LARGE)

    def _after(self, states: _States, character: str) -> _States | None:
        """Where a character leads from there, None where it may not stand."""
        reached = []
        for graph, part in zip(self._graphs, states, strict=True):
            after = graph.closed(end for state in part for chars, end in graph.moves[state] if chars.accepts(character))
            self._work += len(part) + len(after) + 1
            if self._work > MAX_WORK:
                raise UsageError(TOO_LARGE)
            if not after:
                return None
            reached.append(after)
        return tuple(reached)

    def trimmed(self) -> Automaton | None:
        """The states from which a text of the right length can still be ended, in the order in which they were found."""
        left = distances(self._moves, self._accepting)
        kept = [n for n in range(len(self._moves)) if n in left and self._depths[n] + left[n] <= self._max_length]
        if 0 not in kept:
            return None
        if len(kept) > MAX_STATES:
            raise UsageError(TOO_LARGE)
        number = {old: new for new, old in enumerate(kept)}
        moves = tuple({c: number[n] for c, n in self._moves[old].items() if n in number} for old in kept)
        accepting = frozenset(number[n] for n in self._accepting if n in number)
        return Automaton(moves, accepting, left[0], _longest(moves, accepting, self._max_length))


def _alike(graphs: Sequence[_Graph], characters: str) -> list[str]:
    """The characters in groups that no set in any graph tells apart."""
    sets = sorted({chars for graph in graphs for row in graph.moves for chars, _ in row}, key=lambda s: (s.negated, sorted(s.characters)))
    groups: dict[tuple[bool, ...], str] = {}
    for character in characters:
        key = tuple(chars.accepts(character) for chars in sets)
        groups[key] = groups.get(key, "") + character
    return list(groups.values())


def distances(moves: Sequence[dict[str, int]], accepting: Iterable[int]) -> dict[int, int]:
    """The fewest characters from each state to an accepting one; states from which none is reached are left out."""
    before: dict[int, set[int]] = {}
    for state, targets in enumerate(moves):
        for target in targets.values():
            before.setdefault(target, set()).add(state)
    found = dict.fromkeys(sorted(accepting), 0)
    queue = list(found)
    for state in queue:
        for earlier in sorted(before.get(state, ())):
            if earlier not in found:
                found[earlier] = found[state] + 1
                queue.append(earlier)
    return found


def _longest(moves: Sequence[dict[str, int]], accepting: frozenset[int], max_length: int) -> int:
    targets = [sorted(set(row.values())) for row in moves]
    layer, longest = {0}, 0
    for length in range(max_length + 1):
        longest = length if layer & accepting else longest
        layer = {target for state in layer for target in targets[state]}
    return longest
