"""Word accuracy on folders of labelled photographs, whole and on their held-out part B: `real_sets.py FOLDER... --model M`."""

import argparse
from pathlib import Path

from siga_ocr.assessing.evaluate import compare, evaluate
from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.data.labels import ORIENTATION_NAME, LabelRules, Sample, part_of, read_labels
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.scores.metrics import Scores

RULES = LabelRules(charset=Charset(PRINTABLE), max_length=200, allow_blank=True)


def samples_of(folder: Path) -> list[Sample]:
    """The upright rows of a folder."""
    upright = (folder / ORIENTATION_NAME).exists()
    labels = read_labels(folder, LabelRules(charset=RULES.charset, max_length=RULES.max_length, allow_blank=True, upright=upright))
    if labels.dropped:
        print(f"{folder.name}: {len(labels.dropped)} rows dropped, the first because {labels.dropped[0].reason}")
    return list(labels.samples)


def row(name: str, exact: Scores, folded: Scores | None) -> str:
    """One line of the table."""
    by_letters = f"{100 * folded.word_accuracy:6.1f}" if folded else "     -"
    return f"{name:28} {exact.count:6} {100 * exact.word_accuracy:6.1f} {by_letters} {100 * exact.character_error_rate:6.1f}"


def report(name: str, samples: list[Sample], readings: list[Reading], mistakes: int) -> None:
    """Scores of the whole folder and of part B, and some mistakes of part A."""
    pairs = list(zip(samples, readings, strict=True))
    held_out = [(sample, reading) for sample, reading in pairs if part_of(sample.text) == "B"]
    for part, chosen in (("", pairs), (" part B", held_out)):
        if chosen:
            scores = compare([reading for _, reading in chosen], [sample.text for sample, _ in chosen])
            print(row(name + part, scores.exact, scores.folded))
    wrong = [(s, r) for s, r in pairs if part_of(s.text) == "A" and s.text != r.text]
    for sample, reading in wrong[:mistakes]:
        print(f"    {sample.path.name}: {sample.text} read as {reading.text or '(nothing)'} at {reading.confidence:.2f}")


def main() -> None:
    """Read the folders and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--limit", type=int, default=0, help="read only so many crops of each folder, evenly spread")
    parser.add_argument("--mistakes", type=int, default=0, help="show so many mistakes of part A")
    options = parser.parse_args()
    reader = Reader.load(options.model, options.device)
    print(f"{'':28} {'crops':>6} {'exact':>6} {'folded':>6} {'CER':>6}")
    for folder in options.folders:
        samples = samples_of(folder)
        samples = samples[:: max(1, len(samples) // options.limit)] if options.limit else samples
        report(folder.name, samples, list(evaluate(reader, samples).readings), options.mistakes)


if __name__ == "__main__":
    main()
