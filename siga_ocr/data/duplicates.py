"""Pictures that are the same, or the same but for how they were stored: found by a difference hash, confirmed on a small pattern.

The hash alone is too coarse for codes: two serial numbers before one camera differ in one character, and seldom in more than three bits.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from siga_ocr.data.image_facts import PATTERN_SIZE, STEPS, ImageFacts, Pattern

HASH_DISTANCE = 3
"""Bits in which the hashes of two near-duplicates may differ."""

SAME_SCENE = 0.5
"""Largest difference, in standard deviations, of two pictures whose labels say the same."""

SAME_PICTURE = 0.25
"""Largest difference of two pictures with different labels: one changed character of plain print makes 0.5 to 1.2, B for 8 about 0.3."""

Picture = ImageFacts | str
"""The facts of an image, or why it cannot be opened."""

_BANDS = HASH_DISTANCE + 1
_EVERY_FOURTH = 0x1111_1111_1111_1111
_BLOCK = (8, 4)
"""Rows and columns of the pattern that are averaged to tell most pictures apart before all of it is compared."""


class LookIndex:
    """Pictures by their hash, so that one is compared only with those that share a quarter of it.

    Hashes that differ in at most three of 64 bits are equal in one of four quarters. Neighbouring bits go to different quarters, because
    the margins of codes are often flat. It holds at most `size` pictures.
    """

    def __init__(self, size: int) -> None:
        self._count = 0
        self._looks = np.zeros(size, dtype=np.uint64)
        self._coarse = np.zeros((size, PATTERN_SIZE[0] * PATTERN_SIZE[1] // (_BLOCK[0] * _BLOCK[1])), dtype=np.float32)
        self._patterns: list[Pattern] = []
        self._texts = np.zeros(size, dtype=np.int32)
        self._numbers: dict[str, int] = {}
        self._places: list[int] = []
        self._quarters: defaultdict[tuple[int, int], array[int]] = defaultdict(lambda: array("i"))

    def add(self, place: int, facts: ImageFacts, text: str) -> None:
        """Put a picture in, under a number of the caller's, with its label."""
        for quarter in _quarters(facts.look):
            self._quarters[quarter].append(self._count)
        self._looks[self._count] = facts.look
        self._coarse[self._count] = _coarse(facts.pattern)
        self._patterns.append(facts.pattern)
        self._texts[self._count] = self._text_number(text)
        self._places.append(place)
        self._count += 1

    def near(self, facts: ImageFacts, text: str) -> list[int]:
        """The numbers of the pictures that are nearly the same: within `SAME_SCENE` where the labels are equal, else within `SAME_PICTURE`."""
        sharing = [np.frombuffer(self._quarters[key], dtype=np.int32) for key in _quarters(facts.look) if key in self._quarters]
        if not sharing:
            return []
        members = np.concatenate(sharing)
        members = members[_few_bits(self._looks[members] ^ np.uint64(facts.look))]
        if not len(members):
            return []
        limits = STEPS * np.where(self._texts[members] == self._text_number(text), SAME_SCENE, SAME_PICTURE)
        is_near = np.abs(self._coarse[members] - _coarse(facts.pattern)).max(axis=1) <= limits
        found = dict(zip(members[is_near].tolist(), limits[is_near].tolist(), strict=True))  # a picture can share several quarters
        return [self._places[one] for one, limit in sorted(found.items()) if self._difference(one, facts) <= limit]

    def _difference(self, one: int, facts: ImageFacts) -> int:
        """In steps, at the place where it is largest."""
        return int(np.abs(self._patterns[one].astype(np.int16) - facts.pattern).max())

    def _text_number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))


def _few_bits(looks: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Whether at most `HASH_DISTANCE` bits are set: each step takes the lowest one away."""
    for _ in range(HASH_DISTANCE):
        looks = looks & (looks - np.uint64(1))
    few: npt.NDArray[np.bool_] = looks == 0
    return few


def _quarters(look: int) -> list[tuple[int, int]]:
    """Every fourth bit, four times."""
    return [(quarter, look & _EVERY_FOURTH << quarter) for quarter in range(_BANDS)]


def _coarse(pattern: Pattern) -> npt.NDArray[np.float32]:
    """Averages over blocks: they differ by no more than the pattern itself does somewhere in the block."""
    height, width = PATTERN_SIZE[1], PATTERN_SIZE[0]
    blocks = pattern.reshape(height // _BLOCK[0], _BLOCK[0], width // _BLOCK[1], _BLOCK[1])
    averages: npt.NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32).reshape(-1)
    return averages


def groups(facts: Sequence[Picture], texts: Sequence[str]) -> list[int]:
    """For each picture the number of the first one that it is the same as, or nearly, by however many steps; its own where there is none.

    Pictures that cannot be opened stand alone.
    """
    parents = list(range(len(facts)))
    index, exact = LookIndex(len(facts)), dict[bytes, int]()
    for place, (one, text) in enumerate(zip(facts, texts, strict=True)):
        if isinstance(one, str):
            continue
        first = exact.setdefault(one.pixels_sha256, place)
        if first != place:
            join(parents, first, place)
            continue
        for other in index.near(one, text):
            join(parents, other, place)
        index.add(place, one, text)
    return [root(parents, place) for place in range(len(facts))]


def doubles(facts: Sequence[Picture], texts: Sequence[str], others: Sequence[Picture], other_texts: Sequence[str]) -> list[int | None]:
    """For each picture the number of one of the `others` that it is the same as, or nearly; None where there is none."""
    index, exact = LookIndex(len(others)), dict[bytes, int]()
    for place, (other, text) in enumerate(zip(others, other_texts, strict=True)):
        if not isinstance(other, str):
            exact.setdefault(other.pixels_sha256, place)
            index.add(place, other, text)

    def double(one: Picture, text: str) -> int | None:
        if isinstance(one, str):
            return None
        found = exact.get(one.pixels_sha256)
        return found if found is not None else next(iter(index.near(one, text)), None)

    return [double(one, text) for one, text in zip(facts, texts, strict=True)]


def join(parents: list[int], one: int, other: int) -> None:
    """Make two numbers part of one group, which is called by the lower one's."""
    first, second = sorted((root(parents, one), root(parents, other)))
    parents[second] = first


def root(parents: list[int], place: int) -> int:
    """The number that a group is called by."""
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place
