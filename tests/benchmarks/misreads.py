"""A sheet of the crops that a model is surest of and reads wrong: `misreads.py --data FOLDER... --model M -o SHEET.png [--least 0.99]`.

Prints how many readings are as sure, how many of them are wrong, and each of those; the sheet shows them with label, reading and confidence.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from siga_ocr.assessing.evaluate import evaluate
from siga_ocr.data.labels import Sample
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from tests.benchmarks.real_sets import samples_of

TILE = (232, 84)
PICTURE = (224, 48)
COLUMNS = 5

Misread = tuple[Sample, Reading]


def sheet(misread: Sequence[Misread]) -> Image.Image:
    """The crops in rows, label and reading below each."""
    rows = -(-len(misread) // COLUMNS)
    drawn = Image.new("RGB", (COLUMNS * TILE[0], max(1, rows) * TILE[1]), "white")
    draw, font = ImageDraw.Draw(drawn), ImageFont.load_default(12)
    for place, (sample, reading) in enumerate(misread):
        left, top = place % COLUMNS * TILE[0] + 4, place // COLUMNS * TILE[1] + 4
        with Image.open(sample.path) as picture:
            crop = picture.convert("RGB")
        scale = min(PICTURE[0] / crop.width, PICTURE[1] / crop.height)
        size = (max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))
        drawn.paste(crop.resize(size, Image.Resampling.BICUBIC), (left, top))
        draw.text((left, top + PICTURE[1] + 1), f"is    {sample.text[:28] or '(blank)'}", fill="black", font=font)
        draw.text((left, top + PICTURE[1] + 15), f"read  {reading.text[:24]}  {reading.confidence:.3f}", fill="#b00020", font=font)
    return drawn


def main() -> None:
    """Read, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--least", type=float, default=0.99)
    parser.add_argument("--most", type=int, default=40, help="crops on the sheet")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    samples = [sample for folder in asked.data for sample in samples_of(folder)]
    pairs = list(zip(samples, evaluate(Reader.load(asked.model, "cpu"), samples).readings, strict=True))
    sure = [pair for pair in pairs if pair[1].confidence >= asked.least and pair[1].text]
    wrong = sorted((pair for pair in sure if pair[0].text != pair[1].text), key=lambda pair: -pair[1].confidence)
    print(f"{len(pairs)} crops, {len(sure)} read with {asked.least:g} or more, {len(wrong)} of them wrong.")
    for sample, reading in wrong:
        print(f"    {sample.path.name}: {sample.text or '(blank)'} read as {reading.text} at {reading.confidence:.4f}")
    sheet(wrong[: asked.most]).save(asked.output, optimize=True)


if __name__ == "__main__":
    main()
