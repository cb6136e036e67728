"""Whether a crop that is read as one line holds two: its upper and its lower half are looked at, and say different things."""

from dataclasses import replace

from siga_ocr.config import InputConfig
from siga_ocr.decode import Decoded
from siga_ocr.intake import Taken
from siga_ocr.scores.metrics import faults
from siga_ocr.second_looks import FILLS, nearer
from siga_ocr.window import Window

LIKELY = 0.5
"""A reading below this confidence is not taken for a line at all."""

HALVES = (Window(0.25, 0.25, 0.5), Window(0.75, 0.75, 0.5))
"""The upper half of the crop, and the lower one."""

FEWEST = 2
"""Characters of a line: of half a line of characters single ones are read."""

ALIKE, APART = 0.3, 0.6
"""Edits for each character of the longer text, up to which two texts are the same line, and from which on they are not."""


def halves_of(taken: Taken, first: Decoded, best: Decoded, config: InputConfig) -> tuple[Taken, ...]:
    """The halves of a crop whose `best` reading is likely but contested, where the line of its `first` one is high enough for two."""
    likely = best.contested and best.characters and best.confidence >= LIKELY and not best.parts
    if not config.keep_aspect or not likely or first.line is None or first.line.height < FILLS:
        return ()
    return tuple(nearer(taken, half, config) for half in HALVES)


def with_second_line(best: Decoded, upper: Decoded, lower: Decoded) -> Decoded:
    """The reading, less sure by how surely its crop holds a second line: one half says what it says, the other half something else."""
    near, far = sorted((upper, lower), key=lambda half: _apart(best.text, half.text))
    if min(len(near.text), len(far.text)) < FEWEST or _apart(best.text, near.text) > ALIKE or _apart(best.text, far.text) < APART:
        return best
    left = 1 - min(near.confidence, far.confidence)
    return replace(best, confidence=best.confidence * left, second_line=far.text, left=left)


def _apart(one: str, other: str) -> float:
    return len(faults(one, other)) / max(len(one), len(other), 1)
