"""Word accuracy on rendered crops of seeds that no training uses, per family: `rendered_sets.py --model M [--difficulty 0.5]`."""

import argparse

from siga_ocr.crops import Crop
from siga_ocr.data.render import render
from siga_ocr.evaluate import compare
from siga_ocr.metrics import Scores
from siga_ocr.reader import Reader
from siga_ocr.recipe import FIRST_TRAINING_SEED
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style


def rendered_scores(reader: Reader, style: RenderStyle, seed: int, count: int) -> Scores:
    """Letter for letter, over `count` rendered crops."""
    crops = [render(seed, index, style) for index in range(count)]
    readings = reader.read_crops([Crop(crop.image, str(index)) for index, crop in enumerate(crops)])
    return compare(readings, [crop.text for crop in crops]).exact


def main() -> None:
    """Print a table, one line a family, and the default mixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=100, help="crops of each family; five times as many of the mixture")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--difficulty", type=float, default=0.5)
    parser.add_argument("--surfaces", default="")
    options = parser.parse_args()
    if options.seed >= FIRST_TRAINING_SEED:
        parser.error(f"seeds from {FIRST_TRAINING_SEED} on are for training")
    reader = Reader.load(options.model, "cpu")
    style = RenderStyle(difficulty=options.difficulty, surfaces=options.surfaces)
    print(f"{'':10} {'crops':>6} {'exact':>6} {'CER':>6}")
    for name in [*(family for family, _ in DEFAULT_FAMILIES), "mixture"]:
        count = options.count * (5 if name == "mixture" else 1)
        scores = rendered_scores(reader, family_style(name, style), options.seed, count)
        print(f"{name:10} {scores.count:6} {100 * scores.word_accuracy:6.1f} {100 * scores.character_error_rate:6.1f}")


if __name__ == "__main__":
    main()
