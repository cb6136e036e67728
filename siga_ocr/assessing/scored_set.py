"""Which rows of labelled sets are scored: every one with a text, also what the model cannot read and what cannot be opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.data.label_images import image_source
from siga_ocr.data.label_rows import LabelSource, find_table, read_rows
from siga_ocr.data.labels import Sample, part_of, turned_files
from siga_ocr.errors import NoInputError
from siga_ocr.recipe import Part


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Which rows: `names` and `encoding` as in `LabelSource`; `part` A, B or all; `upright` without those that `orientation.csv` calls turned;
    `allow_blank` with those whose text is empty, which say that there is no code."""

    names: str = ""
    encoding: str = ""
    part: Part = "all"
    upright: bool = False
    allow_blank: bool = False


@dataclass(frozen=True)
class ScoredSet:
    """The rows that count, in order, and how many without a text were left out; `sizes` says how many came from each path, in order."""

    samples: tuple[Sample, ...]
    blank: int
    sizes: tuple[tuple[Path, int], ...] = ()


def scored_set(paths: Sequence[Path], rows: Rows) -> ScoredSet:
    """Read labelled sets of any kind that `label_rows` knows; blanks inside texts are taken out, as codes have none.

    Raises:
        LabelError: a table is not there or cannot be read.
        NoInputError: not a single row is left.
    """
    samples, blank, sizes = list[Sample](), 0, list[tuple[Path, int]]()
    for path in paths:
        before = len(samples)
        turned = turned_files(find_table(path).parent) if rows.upright else frozenset()
        for row in read_rows(LabelSource(path, rows.names, rows.encoding)):
            if row.file in turned or rows.part not in ("all", part_of(row.text)):
                continue
            text = "".join(row.text.split())
            blank += not text
            if text or rows.allow_blank:
                samples.append(Sample(row.path, text, row.line))
        sizes.append((path, len(samples) - before))
    if not samples:
        raise NoInputError(f"{', '.join(map(str, paths))}: no row with a text. Correct the labels, or choose other rows.")
    return ScoredSet(tuple(samples), 0 if rows.allow_blank else blank, tuple(sizes))


def source_of(sample: Sample) -> str | bytes:
    """What a reader is given; what cannot be opened at all comes out as such."""
    return image_source(sample.path)
