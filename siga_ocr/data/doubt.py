"""Labels that a model doubts, and crops that are upside down: what a reader says is held against the labels."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

import numpy as np

from siga_ocr.crops import Crop
from siga_ocr.data.label_images import image_source, read_image
from siga_ocr.data.label_rows import Row
from siga_ocr.errors import UnreadableImage
from siga_ocr.reading import Reading
from siga_ocr.scores.metrics import edit_distance

Source = str | bytes | Crop
Read = Callable[[Iterable[Source]], Iterator[Reading]]
"""`Reader.read`: one reading for each source, in order."""

LIKENESS = 0.6
"""A crop is upside down only if the reading of the turned one shares this much of the label: 1 less the edits for each character."""


CUT_OFF = 0.1
"""What it counts that the label begins or ends with a character more than the reading: crops are often cut there."""


@dataclass(frozen=True)
class Doubt:
    """What the model reads where the label says something else, and how sure it is; of an upside-down crop, the reading of the turned one.

    The higher the `score`, 0..1, the more likely it is that the label, or the crop's orientation, is wrong.
    """

    row: Row
    read: str
    confidence: float
    score: float
    is_upside_down: bool = False


def find_doubts(rows: Sequence[Row], read: Read, count: int) -> list[Doubt]:
    """The `count` crops that are most likely upside down, then the `count` labels that the model doubts most.

    Every crop is read, and those that are not read as their label says once more, turned by 180 degrees.
    """
    readings = zip(rows, read(image_source(row.path) for row in rows), strict=True)
    differing = [(row, reading) for row, reading in readings if reading.status != "error" and reading.text != row.text]
    turned = read(_turned(row) for row, _ in differing)
    doubts = [_judged(row, upright, other) for (row, upright), other in zip(differing, turned, strict=True)]
    ranked = sorted(doubts, key=lambda doubt: (-doubt.score, doubt.row.line))
    return [d for d in ranked if d.is_upside_down][:count] + [d for d in ranked if not d.is_upside_down][:count]


def _turned(row: Row) -> Source:
    try:
        crop = read_image(row.path)
    except UnreadableImage:  # it has changed since it was read upright
        return b""
    return Crop(np.ascontiguousarray(crop.image[::-1, ::-1]), crop.source)


def _judged(row: Row, upright: Reading, turned: Reading) -> Doubt:
    if is_upside_down(row.text, upright, turned):
        return Doubt(row, turned.text, turned.confidence, turned.confidence * _likeness(turned.text, row.text), is_upside_down=True)
    return Doubt(row, upright.text, upright.confidence, doubt_of(row.text, upright))


def is_upside_down(text: str, upright: Reading, turned: Reading) -> bool:
    """Whether the turned crop says what the label says, nearer and more surely than the crop as it is."""
    as_it_is, other = _likeness(upright.text, text), _likeness(turned.text, text)
    return other >= LIKENESS and other > as_it_is and turned.confidence > upright.confidence


def doubt_of(text: str, reading: Reading) -> float:
    """How much a reading speaks against the label `text`: by its strongest difference, and by how sure the model is of the whole.

    The square root, because one bad character of a long code, seldom the one in question, pulls the whole down.
    """
    return max(_differences(text, reading), default=0.0) * math.sqrt(reading.confidence)


def _differences(text: str, reading: Reading) -> Iterator[float]:
    """For each place where reading and label differ, how sure the model is that the label is wrong there."""
    last = len(text) - 1
    for kind, read_from, read_to, text_from, text_to in SequenceMatcher(None, reading.text, text, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for character, wanted in zip_longest(reading.characters[read_from:read_to], text[text_from:text_to]):
            if character is None:
                yield CUT_OFF if 0 in (text_from, last - text_to + 1) else 1.0
            else:
                likely = {other.character: other.confidence for other in character.alternatives}
                yield max(character.confidence - likely.get(wanted, 0.0), 0.0)


def _likeness(read: str, text: str) -> float:
    return 1 - edit_distance(read, text) / max(len(read), len(text), 1)
