"""What a model says of itself to a person: facts for a list, and the scores that its card reports."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from siga_ocr.errors import ModelError
from siga_ocr.store.files import LIMITS, parameters_of, size_of
from siga_ocr.store.folder import MEGABYTE, describe, small_file

MEASURES = re.compile(r"\b(accuracy|exact|folded|CER|1-NED)\b", re.IGNORECASE)
"""The words of a table's head that tell scores from other tables."""


CARD = "README.md"


@dataclass(frozen=True)
class Facts:
    """A row of the list: `revision` is a commit or what the model calls itself; size in bytes, and how many numbers it has, 0 if that is unknown."""

    name: str
    where: str
    revision: str
    size: int
    parameters: int


def facts(name: str, where: str, revision: str, folder: Path) -> Facts:
    """What a list shows of a model, with the revision that its configuration names if none is given; a damaged one has no parameters."""
    parameters = 0
    try:
        revision = revision or describe(folder).revision
        parameters = parameters_of(folder)
    except ModelError:
        pass  # the size is still worth showing, and `models verify` says what is wrong
    return Facts(name, where, revision, size_of(folder), parameters)


def score_tables(folder: Path) -> list[str]:
    """The tables of scores in the card, as they stand there; none where it has no card."""
    try:
        lines = small_file(folder / CARD, LIMITS[CARD] // MEGABYTE).decode("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return []
    return [table for table in _tables(lines) if MEASURES.search(table.splitlines()[0])]


def _tables(lines: list[str]) -> Iterator[str]:
    for is_table, group in groupby(lines, key=lambda line: line.startswith("|")):
        if is_table:
            yield "\n".join(group)
