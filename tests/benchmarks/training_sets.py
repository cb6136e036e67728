"""The labelled folders of `models/code-base/recipe.toml`, made of the development sets: `python -m tests.benchmarks.training_sets DATA OUT`.

OUT/wires holds part A of DATA/wire_marks_dev, the crops that lie upside down turned upright; rows are left out whose label two readers, our model
and RapidOCR, contradict with one voice, or that neither can make out. OUT/counters holds rows of wheels composed of the single digits of part A of
DATA/haverland_digits, each row of the digits of one meter; OUT/inkjet the rows of part A of DATA/inkjet_ocv.
"""

import argparse
import csv
import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.crops import Crop
from siga_ocr.data.labels import part_of
from siga_ocr.reader import Reader

Pixels = npt.NDArray[np.uint8]
SURE, LOST, KNOWN = 0.6, 0.05, 0.5
"""Confidences: of both readers that contradict a label; of ours that makes nothing out, and of the other one that does not see the label either."""
LEAST_DIGITS = 10
"""Of a meter from which counters are composed."""
LENGTHS, WEIGHTS = (4, 5, 6, 7, 8), (2.0, 5.0, 3.0, 1.5, 1.5)
"""Wheels of a counter, and how often."""


@dataclass(frozen=True)
class Row:
    """A row of a table of labels, and the picture it names."""

    file: str
    text: str
    image: Pixels


def rows_of(folder: Path) -> list[Row]:
    """Every row of `labels.csv`."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        return [Row(row["file"], row["text"], np.asarray(cv2.imread(str(folder / row["file"])), np.uint8)) for row in csv.DictReader(stream)]


def folded(text: str) -> str:
    """Capitals and digits alone."""
    return re.sub("[^A-Z0-9]", "", text.upper())


def write(folder: Path, rows: Iterable[tuple[Pixels, str]]) -> None:
    """Pictures and their table."""
    (folder / "img").mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "text"])
        for number, (image, text) in enumerate(rows):
            cv2.imwrite(str(folder / "img" / f"{number:05}.png"), image)
            table.writerow([f"img/{number:05}.png", text])
    print(f"{folder}: {number + 1} crops")


def wires(folder: Path) -> list[tuple[Pixels, str]]:
    """The usable wire marks of part A, upright."""
    from rapidocr_onnxruntime import RapidOCR

    with (folder / "orientation.csv").open(newline="", encoding="utf-8") as stream:
        turned = {row["file"]: row["turned"] for row in csv.DictReader(stream)}
    rows = [row for row in rows_of(folder) if part_of(row.text) == "A" and turned[row.file] in ("0", "180")]
    images = [np.ascontiguousarray(row.image[::-1, ::-1]) if turned[row.file] == "180" else row.image for row in rows]
    ours = Reader.load("code-base", "cpu").read_crops([Crop(np.ascontiguousarray(image[:, :, ::-1]), "") for image in images])
    theirs = RapidOCR().text_rec(images)[0]
    kept = []
    for row, image, our, (their, sure, *_) in zip(rows, images, ours, theirs, strict=True):
        text, one, other = folded(row.text), folded(our.text), folded(their)
        contradicted = one == other != text and min(our.confidence, float(sure)) > SURE
        lost = text not in (one, other) and our.confidence < LOST and float(sure) > KNOWN
        if not contradicted and not lost:
            kept.append((image, row.text))
    return kept


def meter_of(origin: str) -> str:
    """The folder of a digit's meter; those named by a day or an hour belong to the one above."""
    folder = Path(origin).parent
    return folder.parent.name if folder.name.isdigit() else str(folder)


def digits(folder: Path) -> list[list[Row]]:
    """The digits of part A, meter by meter."""
    with (folder / "sources.csv").open(newline="", encoding="utf-8") as stream:
        origins = {row["file"]: row["origin"] for row in csv.DictReader(stream)}
    meters = defaultdict[str, list[Row]](list)
    for row in rows_of(folder):
        origin = origins[Path(row.file).name]
        if hashlib.sha256(str(Path(origin).parent).encode()).digest()[0] >= 85:
            meters[meter_of(origin)].append(row)
    return [meter for meter in meters.values() if len(meter) >= LEAST_DIGITS]


def counter(meter: list[Row], chance: random.Random) -> tuple[Pixels, str]:
    """A row of wheels: digits of one meter made about equally bright, side by side or with gaps, each a little up or down."""
    picked = chance.choices(meter, k=chance.choices(LENGTHS, WEIGHTS)[0])
    height, gap, tone = chance.randint(28, 64), chance.choice((0, 0, 0, 1, 2, 4)), chance.randint(5, 250)
    wide, cut = chance.uniform(0.8, 1.15), chance.uniform(0.0, 0.12)
    middle = sum(float(row.image.mean()) for row in picked) / len(picked)
    tiles = []
    for row in picked:
        level = row.image.astype(np.float32) + np.float32((middle - float(row.image.mean())) * chance.uniform(0.6, 1.0))
        edge = int(level.shape[0] * cut)
        level = level[edge : level.shape[0] - edge]
        moved = np.array([[1, 0, 0], [0, 1, chance.uniform(-0.05, 0.05) * level.shape[0]]], np.float32)
        level = cv2.warpAffine(level, moved, (level.shape[1], level.shape[0]), borderMode=cv2.BORDER_REPLICATE).clip(0, 255)
        size = (max(8, round(level.shape[1] * height / level.shape[0] * wide)), height)
        tiles += [cv2.resize(level.astype(np.uint8), size, interpolation=cv2.INTER_AREA), np.full((height, gap, 3), tone, np.uint8)]
    return np.concatenate(tiles[:-1] if gap else tiles, axis=1), "".join(row.text for row in picked)


def counters(folder: Path, count: int) -> list[tuple[Pixels, str]]:
    """So many composed counters; meters with more digits come more often, by the root of their number."""
    chance, meters = random.Random(7), digits(folder)
    picked = chance.choices(meters, [len(meter) ** 0.5 for meter in meters], k=count)
    return [counter(meter, chance) for meter in picked]


def main() -> None:
    """Write the three folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DATA")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--counters", type=int, default=3000)
    asked = parser.parse_args()
    write(asked.out / "wires", wires(asked.folder / "wire_marks_dev"))
    write(asked.out / "counters", counters(asked.folder / "haverland_digits", asked.counters))
    write(asked.out / "inkjet", [(row.image, row.text) for row in rows_of(asked.folder / "inkjet_ocv") if part_of(row.text) == "A"])


if __name__ == "__main__":
    main()
