"""Pictures that are the same, or the same but for how they were stored: found by a difference hash, confirmed on a small pattern.

The hash alone is too coarse for codes: two serial numbers before one camera differ in one character, and seldom in more than three bits.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from siga_ocr.data.image_facts import STEPS, ImageFacts, Pattern

HASH_DISTANCE = 3
"""Bits in which the hashes of two near-duplicates may differ."""

SAME_SCENE = 0.5
"""Largest difference, in standard deviations, of two pictures whose labels say the same."""

SAME_PICTURE = 0.25
"""Largest difference of two pictures with different labels: one changed character of plain print makes 0.5 to 1.2, B for 8 about 0.3."""

_BANDS = HASH_DISTANCE + 1
_BAND_BITS = 64 // _BANDS


class LookIndex:
    """Pictures by their hash, so that one is compared only with those that share a quarter of it.

    Hashes that differ in at most three of 64 bits are equal in one of four quarters.
    """

    def __init__(self) -> None:
        self._looks: list[int] = []
        self._patterns: list[Pattern] = []
        self._places: list[int] = []
        self._buckets: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def add(self, place: int, facts: ImageFacts) -> None:
        """Put a picture in, under a number of the caller's."""
        for band in _bands(facts.look):
            self._buckets[band].append(len(self._looks))
        self._looks.append(facts.look)
        self._patterns.append(facts.pattern)
        self._places.append(place)

    def near(self, facts: ImageFacts) -> list[tuple[int, float]]:
        """The pictures that look alike, by their numbers, each with its difference in standard deviations, at most `SAME_SCENE`."""
        candidates = sorted({one for band in _bands(facts.look) for one in self._buckets.get(band, ())})
        alike = [one for one in candidates if (self._looks[one] ^ facts.look).bit_count() <= HASH_DISTANCE]
        if not alike:
            return []
        patterns = np.stack([self._patterns[one] for one in alike]).astype(np.int16)
        differences = np.abs(patterns - facts.pattern).max(axis=(1, 2)) / STEPS
        return [(self._places[one], float(difference)) for one, difference in zip(alike, differences, strict=True) if difference <= SAME_SCENE]


def _bands(look: int) -> list[tuple[int, int]]:
    return [(band, look >> band * _BAND_BITS & (1 << _BAND_BITS) - 1) for band in range(_BANDS)]


def groups(facts: Sequence[ImageFacts | str]) -> list[int]:
    """For each picture the number of the first one that it is the same as, or nearly, by however many steps; its own where there is none.

    Pictures that cannot be opened stand alone.
    """
    parents = list(range(len(facts)))
    index, exact = LookIndex(), dict[bytes, int]()
    for place, one in enumerate(facts):
        if isinstance(one, str):
            continue
        first = exact.setdefault(one.pixels_sha256, place)
        if first != place:
            join(parents, first, place)
            continue
        for other, _ in index.near(one):
            join(parents, other, place)
        index.add(place, one)
    return [root(parents, place) for place in range(len(facts))]


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
