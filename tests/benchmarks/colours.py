"""How crops are read that a highlight has burnt out, or whose colours are equally bright: `colours.py FOLDER... --model M [--sizes 0.5 1]`."""

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from siga_ocr.colour import LUMA
from siga_ocr.preprocess import Pixels
from siga_ocr.reader import Reader
from tests.benchmarks.disturbed import report

LIGHT = 220
"""Grey levels that are added in the middle of the highlight."""

EQUALLY = 25
"""Grey levels: as much, at most, differ the two colours in luma that a crop is drawn in."""

APART = 100
"""Grey levels: by as much, at least, they differ in some channel."""


def burnt_out(size: float, rng: np.random.Generator, image: Pixels) -> Pixels:
    """The crop [h, w, 3] with a highlight anywhere on it, `size` heights of it high to each side and 1.6 times as wide."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    across, down = (x - rng.uniform(0, width)) / (1.6 * size * height), (y - rng.uniform(0, height)) / (size * height)
    highlit: Pixels = (image + LIGHT * np.exp(-(across**2) - down**2)[..., None]).clip(0, 255).astype(np.uint8)
    return highlit


def equally_bright(rng: np.random.Generator, image: Pixels) -> Pixels:
    """The crop [h, w, 3] drawn from one colour to another that is about as bright, with noise of 2 grey levels."""
    levels = image @ LUMA
    darkest, brightest = np.percentile(levels, (1, 99))
    share = ((levels - darkest) / max(brightest - darkest, 1)).clip(0, 1)[..., None]
    while True:
        one, other = rng.uniform(0, 255, (2, 3))
        if abs((one - other) @ LUMA) < EQUALLY and np.abs(one - other).max() > APART:
            break
    drawn: Pixels = (one + (other - one) * share + rng.normal(0, 2, image.shape)).clip(0, 255).astype(np.uint8)
    return drawn


def main() -> None:
    """Print a line for each folder and kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--sizes", type=float, nargs="*", default=[0.5, 1.0])
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    for folder in options.folders:
        highlit = {f"a highlight of {size:g} heights": partial(burnt_out, size, np.random.default_rng(options.seed)) for size in options.sizes}
        report(reader, folder, highlit | {"in equally bright colours": partial(equally_bright, np.random.default_rng(options.seed))})


if __name__ == "__main__":
    main()
