"""The characters a model can read, and how text becomes class ids: 0 is the end mark, 1..n the characters in order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from unicodedata import category

from siga_ocr.errors import UsageError

NO_SIGNS = ("Cc", "Cs", "Zl", "Zp")
"""Kinds of characters in Unicode that would break the line in which a reading stands, or the terminal that shows it."""

SHOWN = 40
"""Characters in a message."""

PRINTABLE = "".join(chr(code) for code in range(33, 127))
"""Printable ASCII without the space, case-sensitive: 94 characters."""

PUBLISHED = "abcdefghijklmnopqrstuvwxyz1234567890"
"""The order of the published SIGA-R and SIGA-S (SIGA specification, section 7)."""

PUBLISHED_T = "0123456789abcdefghijklmnopqrstuvwxyz"
"""The order of the published SIGA-T."""

END = 0
"""The class id of the end mark; it also pads targets."""


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters; one that has small letters and no capitals takes capitals as small letters.

    Raises:
        UsageError: it is empty, holds a character twice, or one that is no sign: a control character, the end of a line, half of a surrogate pair.
    """

    characters: str

    def __post_init__(self) -> None:
        if not self.characters:
            raise UsageError("The character set is empty: give at least one character.")
        doubled = sorted(c for c, count in Counter(self.characters).items() if count > 1)
        if doubled:
            raise UsageError(f"The character set holds {''.join(doubled[:SHOWN])!r} more than once: name each character once.")
        if no_signs := [c for c in self.characters if category(c) in NO_SIGNS]:
            raise UsageError(f"The character set holds {''.join(no_signs[:SHOWN])!r}, which no crop can show: leave it away.")

    @property
    def class_count(self) -> int:
        """The number of classes K: the end mark and every character."""
        return len(self.characters) + 1

    @property
    def start(self) -> int:
        """The id that stands for the start of a text where predictions are fed back (never predicted)."""
        return self.class_count

    @cached_property
    def _is_small(self) -> bool:
        return any(c.islower() for c in self.characters) and not any(c.isupper() for c in self.characters)

    def _spelt(self, character: str) -> str:
        return character.lower() if self._is_small and character not in self.characters else character

    def unknown(self, text: str) -> str:
        """The characters of `text` that this set lacks, each once, in order of appearance."""
        return "".join(dict.fromkeys(c for c in text if self._spelt(c) not in self.characters))

    def encode(self, text: str) -> list[int]:
        """The class ids of `text`, without the end mark.

        Raises:
            UsageError: `text` holds a character outside the set.
        """
        missing = self.unknown(text)
        if missing:
            raise UsageError(f"{text!r} holds {missing!r}, which this model cannot read: its characters are {self.characters!r}.")
        return [self.characters.index(self._spelt(c)) + 1 for c in text]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of class ids up to the first end mark."""
        characters = []
        for index in ids:
            if index == END:
                break
            characters.append(self.characters[index - 1])
        return "".join(characters)
