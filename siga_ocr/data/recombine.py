"""New codes out of the characters of labelled crops: cut between them, some neighbours alone, or all of them in another order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.gaps import between, unrest

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

CLEAN = 0.55
"""A column can be cut where it varies less than this share of what the columns of characters do in the middle."""

LEVEL = 0.12
"""How far a line may rise, in heights of the crop, for its characters to change places."""

REORDERED = 0.5
"""The share of the pieces whose characters change places, where they can."""

NEIGHBOURS = {1: 0.04, 2: 0.4, 3: 0.26, 4: 0.15, 5: 0.15}
"""How many neighbours make a piece, and how often."""

RARER = 0.7
"""Exponent: a text that n lines show is drawn n^(1 - RARER) times as often as one that a single line shows."""

LONGEST = 8
"""Characters of a piece whose characters change places."""

NARROWEST = 3
"""Pixels: what is narrower was cut in the wrong place."""

FEWEST = 20
"""Characters that can be cut out, below which the same ones would come too often."""

TRIES = 20
"""Draws for each piece that is wanted, at most."""


@dataclass(frozen=True, eq=False)
class Line:
    """A crop [h, w, 3] and its text; `cuts` are columns, one more than there are characters, None where ink is in the way; `level` is whether the
    characters stand about equally high, so that they can change places."""

    image: Pixels
    text: str
    cuts: tuple[int | None, ...]
    level: bool

    @property
    def places(self) -> list[int]:
        """Of the characters that can be cut out on both sides."""
        return [place for place in range(len(self.text)) if self._tile(place, place + 1) is not None]

    def part(self, begin: int, end: int) -> tuple[Pixels, str] | None:
        """Characters `begin` up to `end` (not included); None where ink is in the way."""
        tile = self._tile(begin, end)
        return None if tile is None else (tile, self.text[begin:end])

    def in_order(self, places: Sequence[int]) -> tuple[Pixels, str]:
        """Characters one after the other, each of which can be cut out."""
        tiles = [tile for place in places if (tile := self._tile(place, place + 1)) is not None]
        return np.concatenate(tiles, axis=1), "".join(self.text[place] for place in places)

    def _tile(self, begin: int, end: int) -> Pixels | None:
        left, right = self.cuts[begin], self.cuts[end]
        return None if left is None or right is None or right - left < NARROWEST else self.image[:, left:right]


def line(image: Pixels, text: str, spans: Sequence[tuple[float, float]]) -> Line:
    """Where a crop uint8 [h, w, 3] may be cut, whose characters lie within `spans` of columns, in pixels."""
    if len(text) != len(spans) or not text:
        raise ValueError("Each character needs its span.")
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    middles = [(x0 + x1) / 2 for x0, x1 in spans]
    restless = unrest(grey)
    limit = CLEAN * float(np.median(np.concatenate([_within(restless, span) for span in spans])))
    inner = [_cut(restless, left, right, limit) for left, right in pairwise(middles)]
    return Line(image, text, (0, *inner, image.shape[1]), _rise(grey, spans, middles) < LEVEL)


def pieces(lines: Sequence[Line], count: int, seed: int) -> Iterator[tuple[Pixels, str]]:
    """At most `count` pieces uint8 [h, w, 3] with their texts, of lines drawn by chance; none where too few characters can be cut out.

    Each holds a letter or a digit.
    """
    if sum(len(one.places) for one in lines) < FEWEST:
        return
    rng, shown = np.random.default_rng(seed), Counter(one.text for one in lines)
    weights = np.array([shown[one.text] ** -RARER for one in lines])
    made = 0
    for place in rng.choice(len(lines), TRIES * count, p=weights / weights.sum()):
        piece = _piece(lines[place], rng)
        if piece is not None and any(character.isalnum() for character in piece[1]):
            yield piece
            made += 1
            if made == count:
                return


def _piece(one: Line, rng: np.random.Generator) -> tuple[Pixels, str] | None:
    places = one.places
    if one.level and len(places) > 1 and rng.random() < REORDERED:
        return one.in_order(rng.choice(places, rng.integers(2, min(len(one.text) + 1, LONGEST), endpoint=True)).tolist())
    if len(one.text) < 2:
        return None
    length = min(int(rng.choice(list(NEIGHBOURS), p=list(NEIGHBOURS.values()))), len(one.text) - 1)
    begin = int(rng.integers(0, len(one.text) - length, endpoint=True))
    return one.part(begin, begin + length)


def _within(values: Floats, span: tuple[float, float]) -> Floats:
    """Those of a character; at least one."""
    begin = min(int(span[0]), len(values) - 1)
    return values[begin : max(begin + 1, round(span[1]))]


def _cut(restless: Floats, left: float, right: float, limit: float) -> int | None:
    """The calmest column between two characters' middles, if it is calm."""
    columns = between(left, right, len(restless))
    place = columns.start + int(restless[columns].argmin())
    return place if restless[place] < limit else None


def _rise(grey: Floats, spans: Sequence[tuple[float, float]], middles: Sequence[float]) -> float:
    """How far the middles of the characters' ink rise or fall along the line, in heights of the crop."""
    if len(spans) < 2 or middles[-1] - middles[0] < 1:
        return 0.0
    rows, ink = (np.arange(len(grey)) + 0.5) / len(grey), (grey - np.median(grey)) ** 2
    along = np.array([ink[:, int(x0) : max(int(x0) + 1, round(x1))].sum(axis=1) for x0, x1 in spans])  # [T, h]
    heights = (along * rows).sum(axis=1) / np.maximum(along.sum(axis=1), 1e-9)
    return abs(float(np.polyfit(middles, heights, 1)[0])) * (middles[-1] - middles[0])
