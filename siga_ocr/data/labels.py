"""Labelled crops on the disk: what of a labelled set can be used, and what is dropped for which reason."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.charset import Charset
from siga_ocr.data.label_images import image_exists
from siga_ocr.data.label_rows import LabelSource, find_table, read_rows
from siga_ocr.errors import LabelError
from siga_ocr.recipe import Part

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
    return "B" if hashlib.sha256(text.encode(errors="surrogatepass")).digest()[0] < _HELD_OUT else "A"


def read_labels(path: Path | LabelSource, rules: LabelRules) -> Labels:
    """Read a labelled set of any kind that `label_rows` knows; of a folder, the table in it. Images lie relative to the table.

    Raises:
        LabelError: there is no such table, it cannot be read, or a row misses a column.
    """
    source = path if isinstance(path, LabelSource) else LabelSource(path)
    turned = turned_files(find_table(source.path).parent) if rules.upright else frozenset()
    samples, dropped, blanks_removed = [], [], 0
    for row in read_rows(source):
        text = "".join(row.text.split())
        if row.file in turned or rules.part not in ("all", part_of(row.text)):
            continue
        blanks_removed += text != row.text
        reason = _unusable(text, row.path, rules)
        if reason:
            dropped.append(Dropped(row.line, row.file, reason))
        else:
            samples.append(Sample(row.path, text, row.line))
    return Labels(tuple(samples), tuple(dropped), blanks_removed)


def turned_files(folder: Path) -> frozenset[str]:
    """The files that `orientation.csv` (`file,turned`) in a folder calls other than upright.

    Raises:
        LabelError: there is no such table, or it cannot be read.
    """
    path = folder / ORIENTATION_NAME
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return frozenset(row["file"] for row in csv.DictReader(stream) if row["turned"].strip() != "0")
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, AttributeError) as error:
        raise LabelError(f"{path} cannot be read ({error}): it tells which crops are upright, with the columns file,turned.") from error


def _unusable(text: str, image: Path, rules: LabelRules) -> str:
    """Why a row cannot be used; empty where it can."""
    if not text and not rules.allow_blank:
        return "the text is empty (allow_blank keeps such rows)"
    unknown = rules.charset.unknown(text)
    if unknown:
        return f"the model does not know {unknown!r}"
    if len(text) > rules.max_length:
        return f"{len(text)} characters are more than the model's {rules.max_length}"
    return "" if image_exists(image) else "there is no such file"
