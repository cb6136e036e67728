"""The reading of a crop by a search among whole texts: under a code format, for the n best, for the margin to the runner-up."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from siga_ocr.config import ModelConfig
from siga_ocr.decode import Columns, Decoded, Floats, Seen, likely_ids, spell
from siga_ocr.formats.codeformat import CodeFormat, automaton_for
from siga_ocr.lattice import Moves, Path, best_paths, log_probability
from siga_ocr.reading import Candidate, Found

MAX_CANDIDATES = 2_000
"""Texts of a format's shape that are tried for their check digit; what is less likely than all these is no reading."""


@dataclass(frozen=True)
class SearchOptions:
    """What is asked for: texts of a format, how many texts are kept, and whether the margin to the runner-up is wanted."""

    code_format: CodeFormat | None = None
    n_best: int = 0
    margin: bool = False


class Search:
    """Searches for one model; `steps` positions have to be computed for it.

    Raises:
        UsageError: the model can never read a code of the format.
    """

    def __init__(self, config: ModelConfig, options: SearchOptions) -> None:
        self._charset = config.charset
        self._options = options
        self._format = options.code_format or None
        self._check = self._format.check if self._format else None
        self._kind: Found = Found("lattice" if config.feedback else "exact")
        self.steps = config.max_steps
        self._moves = Moves.free(self._charset)
        if self._format:
            automaton = automaton_for(self._format, self._charset, config.max_length)
            self.steps = automaton.longest + 1
            self._moves = Moves.of(automaton, self._charset)

    @property
    def has_format(self) -> bool:
        """Whether texts of a format alone are searched."""
        return self._format is not None

    def decoded(self, seen: Seen, columns: Columns) -> Decoded:
        """The likeliest text of the format, or without one the plain reading; empty with confidence 0 where no likely text fits."""
        rows = seen.log_probabilities
        raw = likely_ids(rows)
        wanted = max(self._options.n_best, 2 if self._options.margin else 1)
        best, limit = self._best(rows, wanted)
        found = replace(self._kind, n_best=self._candidates(best) if self._options.n_best else None)
        ids = raw
        if self._format:
            found = replace(found, raw_text=self._charset.decode(raw))
            if not best:
                return Decoded((), 0.0, found)
            ids = best[0].ids
            found = replace(found, constraint_cost=max(0.0, log_probability(rows, raw) - best[0].log_probability))
        if self._options.margin:
            found = replace(found, margin=_margin(Path(ids, log_probability(rows, ids)), best, limit))
        return replace(spell(ids, seen, self._charset, columns), found=found)

    def _best(self, rows: Floats, count: int) -> tuple[list[Path], float]:
        """The likeliest texts that pass the check, and what none of those that were not tried exceeds: -inf where all were."""
        found, tried, last = list[Path](), 0, -math.inf
        paths: Iterator[Path] = best_paths(rows, self._moves)
        for path in islice(paths, MAX_CANDIDATES):
            tried, last = tried + 1, path.log_probability
            if self._check is None or self._check(self._charset.decode(path.ids)):
                found.append(path)
            if len(found) == count:
                break
        return found, last if tried == MAX_CANDIDATES else -math.inf

    def _candidates(self, best: list[Path]) -> tuple[Candidate, ...]:
        chosen = best[: self._options.n_best]
        return tuple(Candidate(self._charset.decode(path.ids), min(math.exp(path.log_probability), 1.0)) for path in chosen)


def _margin(own: Path, best: list[Path], limit: float) -> float | None:
    """By how much the likeliest other text is behind; where none was found among those tried, how far behind the rest is at least."""
    other = max((path.log_probability for path in best if path.ids != own.ids), default=limit)
    return None if other == -math.inf else own.log_probability - other
