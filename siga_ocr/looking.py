"""Which looks are taken at the crops of a batch, and what is read best of each: further looks at what is doubted, halves of what is long."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from siga_ocr.config import ModelConfig
from siga_ocr.decode import Decoded
from siga_ocr.intake import Taken
from siga_ocr.long_codes import DEEPEST, LONG, Part, halves, joined
from siga_ocr.second_line import halves_of, with_second_line
from siga_ocr.second_looks import DOUBTED, ROUNDS, surer
from siga_ocr.upright import SURE, surest

if TYPE_CHECKING:
    from siga_ocr.search import Search

Looked = tuple[Taken, Decoded]
"""A look at a crop, and what is read of it."""

Looks = dict[int, list[Looked]]
"""For places of a batch, all looks at the crop there."""

Read = Callable[[Sequence[Taken], Sequence[int]], list[Decoded]]
"""What reads looks, each at so many positions at least (0: as many as are read at first)."""


class Looking:
    """Takes looks at the crops of a batch until what they say is sure, or there are no more; `search` has the last word."""

    def __init__(self, config: ModelConfig, read: Read, search: "Search | None", *, once: bool) -> None:
        self._config = config
        self._charset = config.charset
        self._read = read
        self._search = search
        self._once = once

    def best(self, batch: Sequence[Taken], found: Sequence[Decoded]) -> list[Looked]:
        """Each crop as it is read best, from what its first look has found: which way up it is, then second and third looks, then halves.

        What is doubted is told without a search: a format makes every code that is none of it doubtful, and further looks at it would go on
        until one of them is ready to see a code of the format.
        """
        seen = list(zip(batch, found, strict=True))
        turned = {place: one.others for place, (one, first) in enumerate(seen) if one.others and self._in_format(first).confidence < SURE}
        for place, looks in self._looked({place: [seen[place]] for place in turned}, turned).items():
            seen[place] = self._upright(looks)
        if self._once:
            return [self._fitted(one, [one]) for one in seen]
        best, looks_at = self._settled(seen)
        return [self._fitted(one, looks_at[place]) for place, one in enumerate(self._one_lined(seen, best))]

    def _upright(self, looks: Sequence[Looked]) -> Looked:
        """The look that shows its crop upright; texts of the format are compared."""
        fits = [(one, self._in_format(found)) for one, found in looks]
        chosen = surest(fits, self._charset)
        return next(look for look, fit in zip(looks, fits, strict=True) if fit is chosen)

    def _in_format(self, found: Decoded) -> Decoded:
        """What a search makes of one look, where there is a search."""
        if self._search is None:
            return found
        from siga_ocr.fitting import in_format

        return in_format(found, self._search, self._charset)

    def _fitted(self, best: Looked, looks: Sequence[Looked]) -> Looked:
        """What a search makes of all looks, where there is a search."""
        if self._search is None:
            return best
        from siga_ocr.fitting import fitted

        return fitted(best, looks, self._search, self._charset)

    def _settled(self, seen: list[Looked], depth: int = 0) -> tuple[list[Looked], Looks]:
        """Second looks at what is doubted, third ones at what still is; what is long and doubted is halved: what is read best, and all looks."""
        best, looks = list(seen), {place: [one] for place, one in enumerate(seen)}
        for others, suffices in ROUNDS:
            open_places = [place for place, (_, found) in enumerate(best) if not suffices(found, len(looks[place]), seen[place][1].line)]
            looks |= self._looked(looks, {place: others(*seen[place], self._config.input) for place in open_places})
            for place in open_places:
                taken, found = surer(looks[place], self._charset)
                best[place] = taken, replace(found, contested=any(other.text != found.text for _, other in looks[place]))
        if depth < DEEPEST:
            self._halve(seen, best, depth)
        return best, looks

    def _one_lined(self, seen: Sequence[Looked], best: Sequence[Looked]) -> list[Looked]:
        """What is read best, less sure where the crop may hold a second line; asked where looks read different texts."""
        asked = {n: halves_of(taken, first, best[n][1], self._config.input) for n, (taken, first) in enumerate(seen)}
        halves = self._looked({}, asked)
        return [(taken, with_second_line(found, *(half for _, half in halves[n])) if n in halves else found) for n, (taken, found) in enumerate(best)]

    def _halve(self, seen: Sequence[Looked], best: list[Looked], depth: int) -> None:
        """Put joined halves in the place of long readings that they are surer than."""
        long = [place for place, (_, found) in enumerate(best) if found.confidence < DOUBTED and len(found.characters) >= LONG]
        cut = {place: two for place in long if (two := halves(seen[place][0], best[place][1].characters, self._config.input))}
        read = iter(self._read_parts([part for two in cut.values() for part in two], depth + 1))
        for place in cut:
            reading = joined(seen[place][0], (next(read), next(read)))
            if reading.confidence > best[place][1].confidence:
                best[place] = seen[place][0], reading

    def _read_parts(self, parts: Sequence[Part], depth: int) -> list[tuple[Part, Decoded]]:
        taken = [part.taken for part in parts]
        best, _ = self._settled(list(zip(taken, self._read(taken, [0] * len(taken)), strict=True)), depth)
        return [(part, decoded) for part, (_, decoded) in zip(parts, best, strict=True)]

    def _looked(self, before: Mapping[int, Sequence[Looked]], more: Mapping[int, Sequence[Taken]]) -> Looks:
        """For each place where there are `more` looks, what was seen `before` and what they show.

        A look that shows what another one has shown is not read again. What the first look at a place took many positions for is read with
        as many at once: further looks at a long text do not end within few either.
        """
        known = {(place, *_shown(taken)): found for place in more for taken, found in before.get(place, ())}
        keys = {place: [(place, *_shown(look)) for look in others] for place, others in more.items()}
        new = {key: look for place, others in more.items() for key, look in zip(keys[place], others, strict=True) if key not in known}
        steps = {place: _positions(before[place][0][1]) if before.get(place) else 0 for place in more}
        known |= zip(new, self._read(list(new.values()), [steps[key[0]] for key in new]), strict=True)
        looks = {place: [(look, known[key]) for key, look in zip(keys[place], others, strict=True)] for place, others in more.items()}
        return {place: [*before.get(place, ()), *here] for place, here in looks.items() if here}


def _shown(taken: Taken) -> tuple[int, int, tuple[int, ...], bytes]:
    """What a reading rests on: the pixels [C, H, w], and how they lie on the crop."""
    return taken.width, taken.look.margin, taken.pixels.shape, taken.pixels.tobytes()


def _positions(found: Decoded) -> int:
    return 0 if found.log_probabilities is None else len(found.log_probabilities)
