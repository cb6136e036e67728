"""How well a reading tells whether there is a code at all: rendered codes of each marking family against blanks of the standing sets.

`blank_auroc.py --model M [--count 60]` prints the AUROC of the confidence (an empty text counts as the less sure of a code the surer it
is), the share of blanks that are read as nothing, and of those that give a text with a confidence of 0.5 and 0.9 or more.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from siga_ocr.crops import Crop
from siga_ocr.data.render.standing import standing_sets
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.render_style import RenderStyle


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive scores higher than a negative; equal scores count half."""
    first, second = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    return float(np.mean((first > second) + 0.5 * (first == second)))


def score(reading: Reading) -> float:
    """How much the reading speaks for a code, from -1 (surely none) to 1 (surely this one)."""
    return reading.confidence if reading.text else -reading.confidence


def main() -> None:
    """Print one line for each group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--count", type=int, default=60, help="crops of each family; ten times as many blanks")
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    codes, blanks = list[float](), list[float]()
    said = list[Reading]()
    for standing in standing_sets(RenderStyle()):
        if standing.group not in ("family", "blank"):
            continue
        rendered = list(standing.crops(options.count * (10 if standing.group == "blank" else 1)))
        readings = reader.read_crops([Crop(crop.image, "") for crop in rendered])
        for crop, reading in zip(rendered, readings, strict=True):
            (codes if crop.text else blanks).append(score(reading))
        said += [reading for crop, reading in zip(rendered, readings, strict=True) if not crop.text]
    print(f"{len(codes)} codes, {len(blanks)} blanks: AUROC {auroc(codes, blanks):.4f}")
    print(f"blanks read as nothing: {np.mean([not reading.text for reading in said]):.3f}")
    for least in (0.5, 0.9):
        share = np.mean([bool(reading.text) and reading.confidence >= least for reading in said])
        print(f"blanks with a text of a confidence of {least:g} or more: {share:.3f}")


if __name__ == "__main__":
    main()
