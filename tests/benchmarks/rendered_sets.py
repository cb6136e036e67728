"""Exact readings on the standing sets, rendered crops of seeds that no training uses, as a Markdown table with 95 % intervals.

`rendered_sets.py --model M [--count 200] [--group family --group blank]`; of blanks, the share read as nothing.
"""

import argparse
import math
from collections.abc import Iterable

from siga_ocr.assessing.evaluate import compare
from siga_ocr.crops import Crop
from siga_ocr.data.render import RenderedCrop
from siga_ocr.data.render.standing import StandingSet, standing_sets
from siga_ocr.reader import Reader
from siga_ocr.render_style import RenderStyle
from siga_ocr.scores.metrics import Scores

NORMAL = 1.959964  # deviations that hold 95 % of a normal distribution


def rendered_scores(reader: Reader, rendered: Iterable[RenderedCrop]) -> Scores:
    """Letter for letter, over rendered crops."""
    crops = list(rendered)
    readings = reader.read_crops([Crop(crop.image, str(index)) for index, crop in enumerate(crops)])
    return compare(readings, [crop.text for crop in crops]).exact


def wilson(share: float, count: int) -> tuple[float, float]:
    """The bounds between which the true share lies with 95 %, where `share` of `count` trials succeeded."""
    spread = NORMAL * NORMAL / count
    middle = (share + spread / 2) / (1 + spread)
    half = NORMAL / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def table_row(name: str, count: int, exact: float, error_rate: float | None) -> str:
    """One line of the table; shares are given from 0 to 1 and printed in percent, a dash where there is no error rate."""
    low, high = wilson(exact, count)
    errors = "-" if error_rate is None else f"{100 * error_rate:.1f}"
    return f"| {name} | {count} | {100 * exact:.1f} ({100 * low:.1f}-{100 * high:.1f}) | {errors} |"


def print_group(reader: Reader, sets: list[StandingSet], count: int) -> None:
    """A line for each set and, where there are several, one for all of them together."""
    scores = []
    for standing in sets:
        scores.append(rendered_scores(reader, standing.crops(count)))
        errors = None if standing.group == "blank" else scores[-1].character_error_rate  # of no characters there is no rate
        print(table_row(standing.name, scores[-1].count, scores[-1].word_accuracy, errors), flush=True)
    if len(scores) > 1:
        exact = sum(score.word_accuracy for score in scores) / len(scores)
        errors = sum(score.character_error_rate for score in scores) / len(scores)
        print(table_row(f"**{sets[0].group}, all**", sum(score.count for score in scores), exact, errors), flush=True)


def main() -> None:
    """Print the table, group by group."""
    sets = standing_sets(RenderStyle())
    groups = list(dict.fromkeys(standing.group for standing in sets))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=200, help="crops of each set")
    parser.add_argument("--group", action="append", choices=groups, help="only this group; may be given several times")
    parser.add_argument("--surfaces", default="", help="a folder of photographs of surfaces; without it the sets are the same on every machine")
    options = parser.parse_args()
    reader = Reader.load(options.model, "cpu")
    print("| set | crops | exact %, 95 % interval | CER % |\n| --- | --- | --- | --- |")
    if options.surfaces:
        sets = standing_sets(RenderStyle(surfaces=options.surfaces))
    for group in options.group or groups:
        print_group(reader, [standing for standing in sets if standing.group == group], options.count)


if __name__ == "__main__":
    main()
