"""How crops out of focus are read: `out_of_focus.py FOLDER... --model M [--blurs 1 1.5 2 2.5] [--disk] [--noise 2] [--jpeg 50]`.

Each labelled crop is blurred by a Gaussian, or by a disk as a lens blurs, of so many 32ths of its height (standard deviation, or radius); then
noise is added and the file is compressed as a camera would.
"""

import argparse
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image

from siga_ocr.preprocess import Pixels
from siga_ocr.reader import Reader
from tests.benchmarks.disturbed import report

ROWS = 32
SEED = 78


def blurred(image: Pixels, blur: float, *, disk: bool = False) -> Pixels:
    """The crop [h, w, 3] blurred by so many 32ths of its height; the same one at 0."""
    size = blur * image.shape[0] / ROWS
    if size <= 0:
        return image
    if not disk:
        return cast(Pixels, cv2.GaussianBlur(image, (0, 0), size, borderType=cv2.BORDER_REPLICATE))
    reach = int(np.ceil(size)) + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    spread = np.clip(size + 0.5 - np.hypot(down, across), 0, 1)
    return cast(Pixels, cv2.filter2D(image, -1, spread / spread.sum(), borderType=cv2.BORDER_REPLICATE))


def photographed(image: Pixels, noise: float, jpeg: int | None, generator: np.random.Generator) -> Pixels:
    """With noise of so many grey levels, and compressed."""
    noisy = np.rint(image + generator.normal(0.0, noise, image.shape)).clip(0, 255).astype(np.uint8) if noise else image
    if jpeg is None:
        return noisy
    content = BytesIO()
    Image.fromarray(noisy).save(content, "JPEG", quality=jpeg)
    return np.asarray(Image.open(content))


def disturbed(options: argparse.Namespace, generator: np.random.Generator, blur: float, image: Pixels) -> Pixels:
    """The crop as the options ask for it."""
    return photographed(blurred(image, blur, disk=options.disk), options.noise, options.jpeg, generator)


def main() -> None:
    """Print a line for each folder and blur."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--blurs", type=float, nargs="+", default=[0, 1, 1.5, 2, 2.5])
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--noise", type=float, default=0.0, help="grey levels")
    parser.add_argument("--jpeg", type=int, help="quality")
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    for folder in options.folders:
        report(reader, folder, {f"blur {blur:g}": partial(disturbed, options, np.random.default_rng(SEED), blur) for blur in options.blurs})


if __name__ == "__main__":
    main()
