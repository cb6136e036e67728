"""How true confidences are, and how well a crop without a code is known: `confidence.py --model M [FOLDER...] [--rendered 2000]`.

Of each labelled folder part A alone is read. A temperature is fitted in two ways, to whether words are right and to the characters of the
labels, on one half of the crops each, and judged on the other half.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from siga_ocr.assessing.scored_set import Rows, scored_set
from siga_ocr.assessing.temperature import TEMPERATURES, Observed, fit, log_likelihoods, observe
from siga_ocr.charset import END
from siga_ocr.crops import Crop
from siga_ocr.data.labels import ORIENTATION_NAME, Sample
from siga_ocr.data.render import render
from siga_ocr.engines.engine import Engine
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader, load_engine
from siga_ocr.render_style import RenderStyle
from siga_ocr.scores.confidence import area_under_roc, calibration_error, reliability
from siga_ocr.store.weights import path_of

SEED = 700
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crops:
    """Of N crops: word log-confidences and log-likelihoods of the labels at each temperature [N, G], and which are read right [N]."""

    words: Reals
    labels: Reals
    correct: npt.NDArray[np.bool_]

    def part(self, places: npt.NDArray[np.bool_]) -> "Crops":
        """Some of the crops."""
        return Crops(self.words[places], self.labels[places], self.correct[places])


def by_words(crops: Crops) -> int:
    """The temperature at which right and wrong words are likeliest."""
    return fit(crops.words, crops.correct)


def by_characters(crops: Crops) -> int:
    """The temperature at which the labels' characters are likeliest."""
    return int(crops.labels.sum(axis=0).argmax())


def unchanged(_: Crops) -> int:
    """Temperature 1."""
    return int(np.abs(np.log(TEMPERATURES)).argmin())


def error(crops: Crops, choose: Callable[[Crops], int]) -> float:
    """ECE in per cent with the temperature of the other half."""
    sure, halves = np.empty(len(crops.correct)), np.arange(len(crops.correct)) % 2 == 0
    for one in (halves, ~halves):
        sure[~one] = np.exp(crops.words[~one, choose(crops.part(one))])
    return 100 * calibration_error(reliability(sure.tolist(), crops.correct.tolist()))


def gathered(observed: Iterator[Observed], engine: Engine) -> Crops:
    """Every crop, in the order of its name, so that both halves are alike."""
    charset, kept = engine.config.charset, []
    for one in observed:
        text = one.sample.text
        if not charset.unknown(text) and len(text) <= engine.config.max_length:
            labels = log_likelihoods(one.log_probabilities[: len(text) + 1], [*charset.encode(text), END])
            kept.append((str(one.sample.path), one.log_confidences(), labels, one.is_right))
    kept.sort(key=lambda row: row[0])
    return Crops(np.stack([row[1] for row in kept]), np.stack([row[2] for row in kept]), np.array([row[3] for row in kept]))


def rendered(engine: Engine, style: RenderStyle, seed: int, count: int) -> Iterator[Observed]:
    """Rendered crops."""
    reader = Reader(engine, ReadOptions(keep_log_probabilities=True))
    for index in range(count):
        crop = render(seed, index, style)
        reading = reader.read_crops([Crop(crop.image, str(index))])[0]
        assert reading.log_probabilities is not None
        yield Observed(Sample(Path(f"{index:06d}"), crop.text), reading.text, float(reading.confidence or 0), reading.log_probabilities)


def show(name: str, crops: Crops) -> None:
    """One line of the table."""
    temperatures = (TEMPERATURES[choose(crops)] for choose in (by_words, by_characters))
    errors = " | ".join(f"{error(crops, choose):.1f}" for choose in (unchanged, by_words, by_characters))
    print(f"| {name} | {len(crops.correct)} | {100 * crops.correct.mean():.1f} | {errors} | " + " | ".join(f"{t:.2f}" for t in temperatures) + " |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rendered", type=int, default=2000)
    parser.add_argument("--blanks", type=int, default=500)
    options = parser.parse_args()
    engine = load_engine(path_of(options.model), "onnx", "cpu", ReadOptions())
    print("| crops | number | right % | ECE % as it is | ECE % by words | ECE % by characters | T words | T characters |\n" + "| --- " * 8 + "|")
    sets: list[Crops] = []
    for folder in options.folders:
        rows = Rows(part="A", upright=(folder / ORIENTATION_NAME).exists())
        sets.append(gathered(observe(engine, scored_set([folder], rows).samples), engine))
        show(folder.name, sets[-1])
    codes = list(rendered(engine, RenderStyle(blank=0.0), SEED, options.rendered))
    sets.append(gathered(iter(codes), engine))
    show("rendered", sets[-1])
    joined = Crops(*(np.concatenate([getattr(one, name) for one in sets]) for name in ("words", "labels", "correct")))
    show("all", joined)
    empty = list(rendered(engine, RenderStyle(blank=1.0), SEED + 1, options.blanks))
    area = area_under_roc([1 - one.blank for one in codes], [1 - one.blank for one in empty])
    silent, lost = (100 * np.mean([not one.text for one in kind]) for kind in (empty, codes))
    print(f"\nThere is a code: AUROC {area:.4f} over {len(codes)} codes and {len(empty)} blanks; read as nothing {silent:.1f} % and {lost:.1f} %.")


if __name__ == "__main__":
    main()
