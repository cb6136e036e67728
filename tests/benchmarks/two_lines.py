"""What a crop with two lines of text is read as: `two_lines.py --model M [--count 200]`.

Two rendered codes of one marking family stand above each other, equally high; of the same lines alone it is told as well how many are read
with how much confidence. Whoever reads such a crop as one sure code has lost a line without a word.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.crops import Crop
from siga_ocr.data.render import RenderedCrop, render
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style

Pixels = npt.NDArray[np.uint8]
SEED = 900
HEIGHT = 40
"""Of each line in pixels."""


@dataclass(frozen=True, eq=False)
class Line:
    """A rendered code: image uint8 [HEIGHT, w, 3] RGB, and what it says."""

    image: Pixels
    text: str


def lines(count: int, difficulty: float) -> list[tuple[Line, Line]]:
    """Pairs of rendered codes, the families in turn."""
    pairs = []
    for index in range(count):
        name, _ = DEFAULT_FAMILIES[index % len(DEFAULT_FAMILIES)]
        style = family_style(name, RenderStyle(difficulty=difficulty, blank=0.0, lettering="shipped"))
        above, below = (line_of(render(SEED, 2 * index + line, style)) for line in (0, 1))
        pairs.append((above, below))
    return pairs


def line_of(crop: RenderedCrop) -> Line:
    """The crop at the height of a line, its aspect kept."""
    height, width = crop.image.shape[:2]
    size = (max(4, round(width * HEIGHT / height)), HEIGHT)
    image = cv2.resize(crop.image, size, interpolation=cv2.INTER_AREA if height > HEIGHT else cv2.INTER_LINEAR)
    return Line(np.asarray(image, np.uint8), crop.text)


def stacked(above: Pixels, below: Pixels) -> Pixels:
    """One crop [2 h, w, 3]: the lower line as bright as the upper one on the whole, the shorter one continued to the right."""
    shift = above.mean(axis=(0, 1)) - below.mean(axis=(0, 1))
    lower = np.clip(below + shift, 0, 255).astype(np.uint8)
    width = max(above.shape[1], lower.shape[1])
    return np.concatenate([_widened(above, width), _widened(lower, width)])


def _widened(line: Pixels, width: int) -> Pixels:
    """The line on the left of a crop of `width` columns; its outermost column fills the rest."""
    return np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), mode="edge")


def outcome(reading: Reading, above: str, below: str) -> str:
    """What the text of a two-line crop is."""
    if not reading.text:
        return "nothing"
    if reading.text in (above, below):
        return "one of the lines"
    return "both lines" if reading.text in (above + below, below + above) else "neither"


def show(name: str, readings: Sequence[Reading]) -> None:
    """How many of the readings are text, and how sure they are."""
    sure = np.array([reading.confidence if reading.text else 0.0 for reading in readings])
    shares = ", ".join(f"{100 * np.mean(sure >= least):.1f} % with {least:g} or more" for least in (0.5, 0.9))
    print(f"{name}: {len(sure)} crops, {shares}, median {np.median(sure):.2f}")


def main() -> None:
    """Print a line for the two-line crops, one for the lines alone, and what the sure ones were read as."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--difficulty", type=float, default=0.3)
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    pairs = lines(options.count, options.difficulty)
    alone = reader.read_crops([Crop(line.image, line.text) for pair in pairs for line in pair])
    both = reader.read_crops([Crop(stacked(above.image, below.image), "") for above, below in pairs])
    show("two lines", both)
    show("the same lines alone", alone)
    for least in (0.0, 0.5, 0.9):
        kinds = [outcome(read, above.text, below.text) for read, (above, below) in zip(both, pairs, strict=True) if read.confidence >= least]
        counts = ", ".join(f"{kind} {kinds.count(kind)}" for kind in sorted(set(kinds)))
        print(f"two lines with a confidence of {least:g} or more, read as: {counts or '-'}")


if __name__ == "__main__":
    main()
