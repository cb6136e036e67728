"""How crops are read that are narrower, wider or of fewer rows: `other_shapes.py FOLDER... --model M [--widths 0.5 0.6 1.6 2] [--rows 10 12 16]`."""

import argparse
from functools import partial
from pathlib import Path
from typing import cast

import cv2

from siga_ocr.preprocess import Pixels
from siga_ocr.reader import Reader
from tests.benchmarks.disturbed import report


def as_wide(width: float, image: Pixels) -> Pixels:
    """The crop [h, w, 3] drawn so many times as wide."""
    size = max(2, round(image.shape[1] * width)), image.shape[0]
    return cast(Pixels, cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))


def in_rows(rows: int, image: Pixels) -> Pixels:
    """The crop [h, w, 3] shrunk to so many rows, each pixel the mean of what it covers; the same one where it has no more."""
    if image.shape[0] <= rows:
        return image
    size = max(2, round(image.shape[1] * rows / image.shape[0])), rows
    return cast(Pixels, cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def main() -> None:
    """Print a line for each folder, width and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--widths", type=float, nargs="*", default=[0.5, 0.6, 1, 1.6, 2])
    parser.add_argument("--rows", type=int, nargs="*", default=[10, 12, 16])
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    widths = {f"{width:g} times as wide": partial(as_wide, width) for width in options.widths}
    rows = {f"in {rows} rows": partial(in_rows, rows) for rows in options.rows}
    for folder in options.folders:
        report(reader, folder, widths | rows)


if __name__ == "__main__":
    main()
