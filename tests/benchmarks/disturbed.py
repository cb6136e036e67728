"""Labelled crops disturbed in several ways, read, and scored: what the benchmarks of disturbed crops share."""

from collections.abc import Callable, Mapping
from pathlib import Path

from siga_ocr.assessing.evaluate import compare
from siga_ocr.crops import Crop, read_crop
from siga_ocr.preprocess import Pixels
from siga_ocr.reader import Reader
from tests.benchmarks.real_sets import samples_of

SURE = 0.95


def report(reader: Reader, folder: Path, ways: Mapping[str, Callable[[Pixels], Pixels]]) -> None:
    """Print a line for each way in which the crops [h, w, 3] of a folder are disturbed."""
    samples = samples_of(folder)
    images, truths = [read_crop(str(sample.path)).image for sample in samples], [sample.text for sample in samples]
    for name, disturb in ways.items():
        readings = reader.read_crops([Crop(disturb(image), "") for image in images])
        folded = compare(readings, truths).folded
        right = [reading.text == truth for reading, truth in zip(readings, truths, strict=True)]
        sure = [is_right for is_right, reading in zip(right, readings, strict=True) if reading.text and reading.confidence >= SURE]
        letters = f"{100 * folded.word_accuracy:.1f} % by letters and digits, " if folded else ""
        print(
            f"{folder.name}, {name}: {sum(right)} of {len(right)} letter for letter, {letters}"
            f"{len(sure)} with {SURE:g} or more, {sure.count(False)} of them wrong",
            flush=True,
        )
