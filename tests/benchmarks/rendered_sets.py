"""Word accuracy on the standing sets, rendered crops of seeds that no training uses: `rendered_sets.py --model M [--count 200]`."""

import argparse
from collections.abc import Iterable

from siga_ocr.crops import Crop
from siga_ocr.data.render import RenderedCrop
from siga_ocr.data.render.standing import standing_sets
from siga_ocr.evaluate import compare
from siga_ocr.metrics import Scores
from siga_ocr.reader import Reader
from siga_ocr.render_style import RenderStyle


def rendered_scores(reader: Reader, rendered: Iterable[RenderedCrop]) -> Scores:
    """Letter for letter, over rendered crops."""
    crops = list(rendered)
    readings = reader.read_crops([Crop(crop.image, str(index)) for index, crop in enumerate(crops)])
    return compare(readings, [crop.text for crop in crops]).exact


def main() -> None:
    """Print a table, one line a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=200, help="crops of each set")
    parser.add_argument("--surfaces", default="", help="a folder of photographs of surfaces")
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    print(f"{'':24} {'crops':>6} {'exact':>6} {'CER':>6}")
    for standing in standing_sets(RenderStyle(surfaces=options.surfaces)):
        scores = rendered_scores(reader, standing.crops(options.count))
        print(f"{standing.name:24} {scores.count:6} {100 * scores.word_accuracy:6.1f} {100 * scores.character_error_rate:6.1f}", flush=True)


if __name__ == "__main__":
    main()
