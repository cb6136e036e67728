"""How faint crops are read: `faint.py FOLDER... --model M [--deviations 6 4 3 2] [--shadow 50]`.

The contrast of each labelled crop is taken down until its grey levels deviate by so much, noise of half a level is added, and what is left is
rounded to whole levels, as a camera would hold it. With `--shadow` an edge of a shadow lies across it: so many levels darker on one side than
in its middle, as many lighter on the other. Of crops without any text it is told how many are read as nothing.
"""

import argparse
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from siga_ocr.assessing.evaluate import compare
from siga_ocr.crops import Crop, read_crop
from siga_ocr.reader import Reader
from tests.benchmarks.real_sets import samples_of

Pixels = npt.NDArray[np.uint8]
SEED = 77
NOISE = 0.5
"""Standard deviation in grey levels."""
MOST = 80
"""Of a crop that lies half in a shadow the mean is that far from black and white at least."""
SURE = 0.95


def faint(image: Pixels, deviation: float, generator: np.random.Generator, shadow: float = 0.0) -> Pixels:
    """The crop [h, w, 3] with no more than so much deviation of its grey levels, and noise; across it the edge of a shadow."""
    levels = image.astype(np.float64)
    share = min(1.0, deviation / max(float(levels.mean(axis=2).std()), 1e-3))
    mean = levels.mean(axis=(0, 1))
    fainter = share * (levels - mean) + generator.normal(0.0, NOISE, levels.shape)
    if shadow:
        mean = mean.clip(MOST, 255 - MOST)
        fainter += shadow * _edge(levels.shape[0], levels.shape[1], generator)[:, :, None]
    fainter += mean
    return cast(Pixels, np.rint(fainter).clip(0, 255).astype(np.uint8))


def _edge(height: int, width: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """From -1 to 1 across [height, width], somewhere in the middle three fifths, up to 56 degrees from upright, sharp or soft."""
    across = np.arange(width) - generator.uniform(0.2, 0.8) * width
    along = (np.arange(height) - height / 2)[:, None] * generator.uniform(-1.5, 1.5)
    return cast(npt.NDArray[np.float64], np.tanh((across + along) / (height * generator.uniform(0.03, 0.3))) * generator.choice([-1, 1]))


def main() -> None:
    """Print a line for each folder and deviation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--deviations", type=float, nargs="+", default=[6, 4, 3, 2])
    parser.add_argument("--shadow", type=float, default=0.0, help="grey levels")
    parser.add_argument("--count", type=int, help="of the first crops of each folder")
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    for folder in options.folders:
        samples = samples_of(folder)[: options.count]
        images, truths = [read_crop(str(sample.path)).image for sample in samples], [sample.text for sample in samples]
        for deviation in options.deviations:
            generator = np.random.default_rng(SEED)
            readings = reader.read_crops([Crop(faint(image, deviation, generator, options.shadow), "") for image in images])
            found = compare(readings, truths)
            right = [reading.text == truth for reading, truth in zip(readings, truths, strict=True)]
            sure = [is_right for is_right, reading in zip(right, readings, strict=True) if reading.text and reading.confidence >= SURE]
            letters = f"{100 * found.folded.word_accuracy:.1f} % by letters and digits, " if found.folded else ""
            print(
                f"{folder.name}, deviation {deviation:g}: {sum(right)} of {len(right)} letter for letter, {letters}"
                f"{sum(reading.text == '' for reading in readings)} read as nothing, "
                f"{len(sure)} with {SURE:g} or more, {sure.count(False)} of them wrong",
                flush=True,
            )


if __name__ == "__main__":
    main()
