"""More crops out of the user's own: where a model sees each character, a crop is cut, and its characters make new codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from siga_ocr.assessing.scored_set import source_of
from siga_ocr.data.label_images import read_image
from siga_ocr.data.label_output import label_table, write_tables
from siga_ocr.data.label_rows import Row
from siga_ocr.data.labels import LabelRules, Sample, read_labels
from siga_ocr.data.recombine import Line, Pixels, line, pieces
from siga_ocr.errors import DiskError, UnreadableImage
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.whole_file import unfinished_folder

FOLDER = "recombined"
TABLE = "labels.csv"

EACH, MOST = 8, 4000
"""Pieces for each crop, and at most in a fine-tuning."""

MOST_CUT = 2000
"""Crops that are read and cut: of more, so many are drawn, since time and memory would grow and the pieces would not."""

HIGHEST = 128
"""Pixels of a piece: a crop that is higher is reduced before it is cut."""

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
    samples = _drawn(read_labels(table, rules).samples, wanted.seed)
    readings = reader.read(source_of(sample) for sample in samples)
    lines = [one for sample, reading in zip(samples, readings, strict=True) if (one := _line(sample, reading)) is not None]
    made = list(pieces(lines, min(wanted.most, EACH * len(samples)), wanted.seed))
    try:
        if made:
            _write(wanted.folder, made)
    except OSError as error:
        raise DiskError(f"{wanted.folder} cannot be written: {error.strerror}. Free some space or name another place.") from error
    return Recombined(len(made), len(lines))


def _drawn(samples: Sequence[Sample], seed: int) -> Sequence[Sample]:
    """As many as are cut, in their order."""
    if len(samples) <= MOST_CUT:
        return samples
    chosen = np.random.default_rng(seed).choice(len(samples), MOST_CUT, replace=False)
    return [samples[place] for place in sorted(chosen.tolist())]


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
    scale = min(1.0, HIGHEST / image.shape[0])  # the network takes less
    if scale < 1.0:
        image = np.asarray(cv2.resize(image, (max(1, round(image.shape[1] * scale)), HIGHEST), interpolation=cv2.INTER_AREA), np.uint8)
    return line(image, sample.text, [(one.x0 * scale, one.x1 * scale) for one in seen])


def _write(folder: Path, made: Sequence[tuple[Pixels, str]]) -> None:
    with unfinished_folder(folder) as partial:
        rows = []
        for number, (image, text) in enumerate(made):
            place = partial / f"{number:06}.png"
            Image.fromarray(image).save(place)
            rows.append(Row(number + 2, place.name, text, place))
        write_tables({partial / TABLE: label_table(rows, partial / TABLE)})
