"""What the texts of a rule look like: sets of characters, one after the other, one of several, repeated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chars:
    """One character out of a set; with `negated`, one that is not in it."""

    characters: frozenset[str]
    negated: bool = False

    def accepts(self, character: str) -> bool:
        """Whether `character` may stand here."""
        return (character in self.characters) != self.negated


@dataclass(frozen=True)
class Follow:
    """Its parts one after the other."""

    parts: "tuple[Pattern, ...]"


@dataclass(frozen=True)
class Either:
    """One of its parts."""

    parts: "tuple[Pattern, ...]"


@dataclass(frozen=True)
class Repeat:
    """A part `least` to `most` times; without a `most`, as often as one likes."""

    part: "Pattern"
    least: int
    most: int | None


MOST_CHARACTERS = 1_000_000
"""That the sets of one rule may hold together, each time they are named: Unicode's first plane has 65,536."""

Pattern = Chars | Follow | Either | Repeat

ANY = Chars(frozenset(), negated=True)
