"""Codes of the characters of labelled crops, as `finetune` makes them: `python -m tests.benchmarks.pieces TABLE OUT --count N [--part A]`.

They are among the labelled folders of `models/code-base/recipe.toml`. TABLE may be a folder with a `labels.csv`; OUT must not be there yet.
"""

import argparse
from pathlib import Path

from siga_ocr.data.labels import LabelRules
from siga_ocr.reader import Reader
from siga_ocr.store.folder import describe
from siga_ocr.store.weights import path_of
from siga_ocr.tuning.recombined import Wanted, recombine

SEED = 7


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, metavar="TABLE")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--model", default="code-base")
    parser.add_argument("--part", choices=("A", "all"), default="A", help="Rows to take; all for a folder that holds part A alone.")
    asked = parser.parse_args()
    config = describe(path_of(asked.model)).model
    rules = LabelRules(charset=config.charset, max_length=config.max_length, part=asked.part)
    made = recombine(asked.table, Wanted(asked.out, asked.count, SEED), Reader.load(asked.model, "cpu"), rules)
    print(f"{asked.out}: {made.count} crops out of {made.lines}")


if __name__ == "__main__":
    main()
