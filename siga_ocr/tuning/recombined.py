"""More crops out of the user's own: where a model sees each character, a crop is cut, and its characters make new codes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from siga_ocr.assessing.scored_set import source_of
from siga_ocr.data.label_images import read_image
from siga_ocr.data.label_output import label_table, write_tables
from siga_ocr.data.label_rows import Row
from siga_ocr.data.labels import LabelRules, Sample, read_labels
from siga_ocr.data.recombine import Line, Pixels, line, pieces
from siga_ocr.errors import DiskError, UnreadableImage
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading

FOLDER = "recombined"
TABLE = "labels.csv"

EACH, MOST = 8, 4000
"""Pieces for each crop, and at most in a fine-tuning."""

MISREAD = 1 / 3
"""Of a crop's characters: where more of them are read otherwise than labelled, their places are not believed."""


@dataclass(frozen=True)
class Wanted:
    """The folder that is made, how many crops at most, and the seed of what is drawn."""

    folder: Path
    most: int
    seed: int


@dataclass(frozen=True)
class Recombined:
    """How many crops were made, out of how many that could be cut."""

    count: int
    lines: int


def recombine(table: Path, wanted: Wanted, reader: Reader, rules: LabelRules) -> Recombined:
    """Write a labelled folder of new crops out of those of a table, whole or not at all; there is none where too few can be cut.

    Raises:
        DiskError: it cannot be written.
    """
    samples = read_labels(table, rules).samples
    readings = reader.read(source_of(sample) for sample in samples)
    lines = [one for sample, reading in zip(samples, readings, strict=True) if (one := _line(sample, reading)) is not None]
    try:
        count = _write(wanted.folder, pieces(lines, min(wanted.most, EACH * len(samples)), wanted.seed))
    except OSError as error:
        raise DiskError(f"{wanted.folder} cannot be written: {error.strerror}. Free some space or name another place.") from error
    return Recombined(count, len(lines))


def _line(sample: Sample, reading: Reading) -> Line | None:
    """The crop of a row, where each character of its label was seen."""
    seen = reading.characters
    if len(seen) != len(sample.text) or not seen:
        return None
    wrong = sum(one.character != labelled for one, labelled in zip(seen, sample.text, strict=True))
    if wrong > MISREAD * len(seen):
        return None
    try:
        image = read_image(sample.path).image
    except UnreadableImage:
        return None
    return line(image, sample.text, [(one.x0, one.x1) for one in seen])


def _write(folder: Path, made: Iterator[tuple[Pixels, str]]) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        rows = []
        for number, (image, text) in enumerate(made):
            place = partial / f"{number:06}.png"
            place.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
            rows.append(Row(number + 2, place.name, text, place))
        if rows:
            write_tables({partial / TABLE: label_table(rows, partial / TABLE)})
            partial.chmod(0o755)
            os.rename(partial, folder)  # noqa: PTH104
        return len(rows)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
