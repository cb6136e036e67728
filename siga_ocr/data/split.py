"""Which rows train and which validate: whole units, chosen by a hash, so that neither a text nor a picture is on both sides."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from siga_ocr.data.duplicates import groups, join, root
from siga_ocr.data.image_facts import ImageFacts
from siga_ocr.data.label_rows import Row
from siga_ocr.errors import LabelError, NoInputError, UsageError


@dataclass(frozen=True)
class SplitOptions:
    """The `share` of the rows that validate, 0 to 1; another `seed` gives another split.

    `group` is a column, or a regular expression that is searched in the path of each image as it is written: rows with the same value
    (its first group, or all that it found) stay together, instead of those with the same text. `remedy` is what an error tells the user to do
    where all rows belong together.
    """

    share: float = 0.2
    seed: int = 0
    group: str = ""
    remedy: str = "give more, or --group"

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"The share that validates must lie between 0 and 1, got {self.share}.")


@dataclass(frozen=True)
class Split:
    """Two sides, each in the order of the rows; `unit_count` is the number of units that stayed whole."""

    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    unit_count: int


def split(rows: Sequence[Row], options: SplitOptions, images: Sequence[ImageFacts | str] = ()) -> Split:
    """Split rows; where the facts of their images are given, pictures that are nearly the same stay together too.

    The share is met as nearly as whole units allow, and neither side is empty.

    Raises:
        NoInputError: there is no row.
        LabelError: all rows belong together, or a row has no value to group by.
        UsageError: `group` is neither a column nor a regular expression.
    """
    if not rows:
        raise NoInputError("The labels have no rows: give every crop one, with the columns file and text.")
    keys = _keys(rows, options.group)
    units = _units(keys, images, rows)
    if len(units) < 2:
        raise LabelError(f"All {len(rows)} rows belong together, by their {'groups' if options.group else 'texts'} or pictures: {options.remedy}.")
    ranked = sorted(units, key=lambda unit: _hash(options.seed, min(keys[place] for place in unit)))
    wanted = min(max(round(options.share * len(rows)), 1), len(rows) - 1)
    chosen = _filled(ranked, wanted)
    return Split(
        tuple(row for place, row in enumerate(rows) if place not in chosen),
        tuple(row for place, row in enumerate(rows) if place in chosen),
        len(units),
    )


def _filled(ranked: Sequence[list[int]], wanted: int) -> set[int]:
    """The rows of the units that fit into `wanted` rows, the first first; the smallest unit where none fits."""
    chosen: set[int] = set()
    for unit in ranked:
        if len(chosen) + len(unit) <= wanted:
            chosen.update(unit)
    smallest = min(ranked, key=len)
    return chosen or set(smallest)


def _units(keys: Sequence[str], images: Sequence[ImageFacts | str], rows: Sequence[Row]) -> list[list[int]]:
    parents = list(range(len(keys)))
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        join(parents, first.setdefault(key, place), place)
    for place, picture in enumerate(groups(images, [_dense(row.text) for row in rows]) if images else ()):
        join(parents, picture, place)
    units: dict[int, list[int]] = {}
    for place in range(len(keys)):
        units.setdefault(root(parents, place), []).append(place)
    return list(units.values())


def _keys(rows: Sequence[Row], group: str) -> list[str]:
    """What rows have in common that stay together."""
    if not group:
        return [_dense(row.text) for row in rows]
    if any(name == group for row in rows for name, _ in row.extra):
        return [dict(row.extra).get(group, "") for row in rows]
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise UsageError(f"--group {group!r} is neither a column of the table nor a regular expression: {error}.") from error
    found = [pattern.search(row.file.replace("\\", "/")) for row in rows]
    for row, match in zip(rows, found, strict=True):
        if match is None:
            raise LabelError(
                f"--group {group!r} is no column of the table, and as a regular expression it does not fit {row.file} (line {row.line})."
            )
    return [(match[1] or "" if pattern.groups else match[0]) for match in found if match is not None]


def _dense(text: str) -> str:
    """Without blanks, which no label is meant to hold."""
    return "".join(text.split())


def _hash(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{key}".encode("utf-8", "surrogatepass")).digest()
