"""A long code that left a doubt is read in halves: a network that saw few long codes knows no far places, and squeezes what is too wide for it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import Charset
from siga_ocr.config import InputConfig
from siga_ocr.decode import Columns, Decoded, Floats, Seen
from siga_ocr.gaps import between, inner_rows, unrest
from siga_ocr.intake import Taken
from siga_ocr.lattice import log_probability
from siga_ocr.preprocess import Pixels, squeezed
from siga_ocr.reading import CharReading

if TYPE_CHECKING:
    from siga_ocr.search import Search

Floats64 = npt.NDArray[np.float64]

LONG = 16
"""Characters from which on a doubted code is halved."""

DEEPEST = 4
"""How often a code is halved at most."""

AROUND = 2
"""How many gaps on either side of the middle one may be cut instead, where they are clearer."""

GROUND = 0.25
"""What a column's distance from the ground weighs, beside how much it varies."""

ALIKE = 2.0
"""Grey levels: columns that differ by no more are equally empty."""

NARROWEST = 4
"""Columns of the network's input from one character's middle to the next, below which there is no telling where one ends."""

SMALLEST = 1e-30
"""A text that is less probable counts as this."""


@dataclass(frozen=True, eq=False)
class Part:
    """A stretch of a crop as a crop of its own: its pixels as the network takes them, behind `before` pixels of the crop."""

    taken: Taken
    before: float


def halves(taken: Taken, characters: Sequence[CharReading], config: InputConfig) -> tuple[Part, Part] | None:
    """The crop cut in two where its ink leaves a gap, about in the middle of its characters; None where no gap can be told.

    Cut from the pixels that were not squeezed, where there are such.
    """
    if not config.keep_aspect or len(characters) < LONG:
        return None
    pixels = taken.pixels if taken.wide is None else taken.wide
    margin = taken.look.margin
    scale = (taken.width + 2 * margin) / pixels.shape[2]  # pixels of the crop for each column
    middles = [((character.x0 + character.x1) / 2 + margin) / scale for character in characters]
    column = _gap(pixels.mean(axis=0), middles)
    if column is None:
        return None
    first, second = (_part(taken, stretch, scale, config) for stretch in (pixels[:, :, :column], pixels[:, :, column:]))
    return Part(first, -margin), Part(second, column * scale - margin)


def joined(whole: Taken, parts: Sequence[tuple[Part, Decoded]]) -> Decoded:
    """What the parts say one after the other, at its places in the crop as a whole; as sure as all of them together."""
    characters = tuple(_moved(character, part.before, whole.width) for part, found in parts for character in found.characters)
    rows = [_rows(found) for _, found in parts]
    inner = [each[: len(found.characters)] for each, (_, found) in zip(rows[:-1], parts[:-1], strict=True)]
    leaves = tuple(leaf for part, found in parts for leaf in (found.parts or ((part.taken, len(found.characters)),)))
    confidence = float(np.prod([found.confidence for _, found in parts]))
    return Decoded(characters, confidence, log_probabilities=np.concatenate([*inner, rows[-1]]), parts=leaves)


def searched(whole: Decoded, search: "Search", charset: Charset) -> Decoded:
    """What a search makes of a joined reading; that the parts end where they were cut counts as it did."""
    rows = _rows(whole)
    places = np.eye(len(rows), dtype=np.float32)[:, None]  # each position a column of its own, whose place is known already
    found = search.decoded(Seen(rows, places), Columns(1.0, float(len(rows))))
    plain = log_probability(rows, tuple(charset.encode(whole.text)))
    ends = min(1.0, whole.confidence / max(math.exp(plain), SMALLEST))
    spans = [(character.x0, character.x1) for character in whole.characters]
    last = spans[-1:] * (len(found.characters) - len(spans))
    characters = tuple(replace(character, x0=x0, x1=x1) for character, (x0, x1) in zip(found.characters, [*spans, *last], strict=False))
    shown = _shared_out(whole.parts, len(characters))
    return replace(less_sure(found, ends), characters=characters, log_probabilities=rows, parts=shown)


def less_sure(found: Decoded, share: float) -> Decoded:
    """A reading of which this share of its confidence is left, and of that of each of its n best texts."""
    confidence = found.confidence * share
    if found.found is None or found.found.n_best is None:
        return replace(found, confidence=confidence)
    n_best = tuple(replace(one, confidence=one.confidence * share) for one in found.found.n_best)
    return replace(found, confidence=confidence, found=replace(found.found, n_best=n_best))


def _shared_out(parts: tuple[tuple[Taken, int], ...], length: int) -> tuple[tuple[Taken, int], ...]:
    """The parts with `length` characters among them: what is too many is taken from the last ones, what is missing is the last one's."""
    shared = list[tuple[Taken, int]]()
    for number, (taken, count) in enumerate(parts):
        own = length if number == len(parts) - 1 else min(count, length)
        shared.append((taken, own))
        length -= own
    return tuple(shared)


def _part(taken: Taken, stretch: Pixels, scale: float, config: InputConfig) -> Taken:
    pixels = squeezed(stretch, config)
    part = taken.seen_as(pixels, replace(taken.look, margin=0))
    return replace(part, wide=None if pixels is stretch else stretch, width=max(1, round(stretch.shape[2] * scale)))


def _gap(grey: Floats64, middles: Sequence[float]) -> int | None:
    """The emptiest column of grey levels [H, w] between two characters about the middle of all."""
    half = len(middles) // 2
    gaps = [pair for pair in pairwise(middles[half - AROUND - 1 : half + AROUND + 1]) if pair[1] - pair[0] >= NARROWEST]
    if not gaps:
        return None
    ink = _ink(grey, slice(round(min(left for left, _ in gaps)), round(max(right for _, right in gaps)) + 1))
    found: list[tuple[float, int]] = []
    for columns in (between(left, right, len(ink)) for left, right in gaps):
        empty = np.flatnonzero(ink[columns] <= ink[columns].min() + ALIKE)
        found.append((float(ink[columns].min()), columns.start + int(empty[len(empty) // 2])))
    return min(found)[1]


def _ink(grey: Floats64, near: slice) -> Floats64:
    """How much each column [H, w] varies and, as a stem from edge to edge does not, how far it is from the ground of those that are `near`: [w]."""
    inner = inner_rows(grey)
    return np.asarray(unrest(grey) + GROUND * np.abs(inner.mean(axis=0) - np.median(inner[:, near])))


def _moved(character: CharReading, before: float, width: int) -> CharReading:
    x0, x1 = np.clip([character.x0 + before, character.x1 + before], 0.0, width).tolist()
    return replace(character, x0=x0, x1=x1)


def _rows(found: Decoded) -> Floats:
    assert found.log_probabilities is not None
    return found.log_probabilities
