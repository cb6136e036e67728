"""How often `--orientation auto` finds which way up a crop is, and what it costs: `orientation.py FOLDER --model M [--part A|B|all]`.

The folder has a `labels.csv` and an `orientation.csv` (`file,turned`) that calls each crop 0, 180 or something else, which counts as not known.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

from siga_ocr.assessing.scored_set import Rows, scored_set
from siga_ocr.crops import Crop, read_crop
from siga_ocr.data.labels import ORIENTATION_NAME
from siga_ocr.data.render import render
from siga_ocr.orientation import Look, Orientation
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.render_style import RenderStyle
from siga_ocr.store.weights import DEFAULT

SEED = 710
SURE = 0.9
Choice = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Read:
    """What a reader makes of crops: right or wrong, by how many degrees they were turned, processor seconds."""

    right: npt.NDArray[np.bool_]
    angles: npt.NDArray[np.int64]
    seconds: float
    readings: list[Reading]


def read(model: str, crops: Sequence[Crop], texts: Sequence[str], orientation: Orientation) -> Read:
    """Read crops that are in memory with one thread."""
    reader = Reader.load(model, "cpu", options=ReadOptions(orientation=orientation, threads=1))
    begun = process_time()
    readings = reader.read_crops(crops)
    seconds = process_time() - begun
    right = [reading.text == text for reading, text in zip(readings, texts, strict=True)]
    return Read(np.array(right), np.array([reading.orientation for reading in readings]), seconds, readings)


def turned(crops: Sequence[Crop], angle: int) -> list[Crop]:
    """The same crops, turned clockwise."""
    return [Crop(Look(angle).at(crop.image), crop.source) for crop in crops]


def percent(chosen: Choice) -> str:
    """A share, and of how many."""
    return f"{100 * chosen.mean():.1f} % of {len(chosen)}"


def report(model: str, folder: Path, part: str) -> None:
    """Crops as they are, of which some are upside down, and the upright ones turned by a quarter."""
    with (folder / ORIENTATION_NAME).open(newline="", encoding="utf-8-sig") as stream:
        known = {row["file"]: row["turned"].strip() for row in csv.DictReader(stream)}
    samples = scored_set([folder], Rows(part=part)).samples  # type: ignore[arg-type]
    crops, texts = [read_crop(str(one.path)) for one in samples], [one.text for one in samples]
    truth = np.array([known[one.path.relative_to(folder).as_posix()] for one in samples])
    upright, down = truth == "0", truth == "180"
    plain, auto = read(model, crops, texts, 0), read(model, crops, texts, "auto")
    print(f"upright crops, read with 0: {percent(plain.right[upright])} right; with auto {percent(auto.right[upright])} right")
    print(f"upside down, found: {percent(auto.angles[down] == 180)}; upright, left so: {percent(auto.angles[upright] == 0)}")
    print(f"all that are known, read with auto: {percent(auto.right[upright | down])} right; with the others {percent(auto.right)}")
    for name, one in (("0", plain), ("auto", auto)):
        sure = (upright | down if name == "auto" else upright) & np.array([reading.confidence >= SURE for reading in one.readings])
        print(f"surer than {SURE} with {name}: {int(sure.sum())}, of them wrong {100 - 100 * one.right[sure].mean():.1f} %")
    print(f"processor time of auto against 0: {auto.seconds / plain.seconds:.2f} times for all, on {plain.seconds * 1000 / len(crops):.1f} ms a crop")
    own = [crop for crop, is_upright in zip(crops, upright, strict=True) if is_upright]
    wanted = [text for text, is_upright in zip(texts, upright, strict=True) if is_upright]
    alone = read(model, own, wanted, "auto").seconds / read(model, own, wanted, 0).seconds
    print(f"for the upright ones alone {alone:.2f} times")
    for angle in (90, 270):
        found = read(model, turned(own, angle), wanted, "auto")
        print(f"upright crops turned by {angle}: found {percent(found.angles == 360 - angle)}, {percent(found.right)} right")


def report_rendered(model: str, count: int) -> None:
    """Rendered codes upright and upside down, and crops without a code."""
    codes = [render(SEED, index, RenderStyle(blank=0.0)) for index in range(count)]
    crops, texts = [Crop(code.image, "") for code in codes], [code.text for code in codes]
    plain, auto = read(model, crops, texts, 0), read(model, crops, texts, "auto")
    other = read(model, turned(crops, 180), texts, "auto")
    print(f"rendered: left upright {percent(auto.angles == 0)}, upside down found {percent(other.angles == 180)}")
    print(f"    right with 0 {percent(plain.right)}, with auto {percent(auto.right)}, upside down with auto {percent(other.right)}")
    print(f"    processor time of auto against 0: {auto.seconds / plain.seconds:.2f} times")
    empty = [Crop(render(SEED + 1, index, RenderStyle(blank=1.0)).image, "") for index in range(count // 4)]
    nothing = [""] * len(empty)
    print(
        f"blank, read as nothing: with 0 {percent(read(model, empty, nothing, 0).right)}, auto {percent(read(model, empty, nothing, 'auto').right)}"
    )


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--part", choices=("A", "B", "all"), default="A")
    parser.add_argument("--rendered", type=int, default=1000)
    options = parser.parse_args()
    report(options.model, options.folder, options.part)
    if options.rendered:
        report_rendered(options.model, options.rendered)


if __name__ == "__main__":
    main()
