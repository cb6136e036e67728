"""Labelled crops on the disk: `labels.csv` with the columns `file,text`, what of it can be used, and what is dropped for which reason."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.charset import Charset
from siga_ocr.errors import LabelError
from siga_ocr.recipe import Part

LABELS_NAME = "labels.csv"
ORIENTATION_NAME = "orientation.csv"

_HELD_OUT = 85
"""Texts whose sha256 begins with a byte below it (a third of all) are part B."""


@dataclass(frozen=True)
class Sample:
    """One labelled crop: where its image lies, what it says, and its line in the table (0 where there is none)."""

    path: Path
    text: str
    line: int = 0


@dataclass(frozen=True)
class Dropped:
    """A row that cannot be used; `line` counts from 1, the header included."""

    line: int
    file: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LabelRules:
    """Which rows a model can use."""

    charset: Charset
    max_length: int
    allow_blank: bool = False
    part: Part = "all"
    upright: bool = False


@dataclass(frozen=True)
class Labels:
    """What a table holds: usable `samples`, `dropped` rows, and in how many texts blanks were taken out.

    Rows that `part` or `upright` leave out were not asked for and are not among the dropped ones.
    """

    samples: tuple[Sample, ...]
    dropped: tuple[Dropped, ...]
    blanks_removed: int


def part_of(text: str) -> Part:
    """`B`, the held-out third, or `A`, by a hash of the text: equal texts are always in the same part."""
    return "B" if hashlib.sha256(text.encode()).digest()[0] < _HELD_OUT else "A"


def read_labels(path: Path, rules: LabelRules) -> Labels:
    """Read the table at `path`, or `labels.csv` in the folder `path`; images lie relative to the table.

    Raises:
        LabelError: there is no such table, it cannot be read, or a row misses a column.
    """
    table = path / LABELS_NAME if path.is_dir() else path
    turned = _turned(table.parent / ORIENTATION_NAME) if rules.upright else frozenset()
    samples, dropped, blanks_removed = [], [], 0
    for line, file, raw in _rows(table, ("file", "text")):
        text = "".join(raw.split())
        if file in turned or rules.part not in ("all", part_of(raw)):
            continue
        blanks_removed += text != raw
        reason = _unusable(text, table.parent / file, rules)
        if reason:
            dropped.append(Dropped(line, file, reason))
        else:
            samples.append(Sample(table.parent / file, text, line))
    return Labels(tuple(samples), tuple(dropped), blanks_removed)


def _unusable(text: str, image: Path, rules: LabelRules) -> str:
    """Why a row cannot be used; empty where it can."""
    if not text and not rules.allow_blank:
        return "the text is empty (allow_blank keeps such rows)"
    unknown = rules.charset.unknown(text)
    if unknown:
        return f"the model does not know {unknown!r}"
    if len(text) > rules.max_length:
        return f"{len(text)} characters are more than the model's {rules.max_length}"
    return "" if image.is_file() else "there is no such file"


def _turned(path: Path) -> frozenset[str]:
    """The files that are not upright."""
    return frozenset(file for _, file, turned in _rows(path, ("file", "turned")) if turned.strip() != "0")


def _rows(path: Path, columns: tuple[str, str]) -> Iterator[tuple[int, str, str]]:
    """Line number and the two columns of each row of a CSV file with a header."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise LabelError(f"{path} lacks the column {missing[0]!r}: its first line must name {' and '.join(columns)}.")
            for row in reader:
                first, second = row[columns[0]], row[columns[1]]
                if first is None or second is None:
                    raise LabelError(f"{path}, line {reader.line_num}: a column is missing. Give every row {' and '.join(columns)}.")
                yield reader.line_num, first, second
    except FileNotFoundError as error:
        raise LabelError(f"There is no {path}. Name a folder with {LABELS_NAME}, or the table itself.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path} cannot be read as CSV in UTF-8 ({error}). Correct it or save it again.") from error
