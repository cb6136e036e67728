"""Which looks are taken, and read, at a crop: none twice, long texts with all positions at once, and none because of a format."""

from dataclasses import replace

import numpy as np
import pytest

from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.formats.codeformat import CodeFormat
from siga_ocr.preprocess import Batch
from siga_ocr.reader import Reader, ReadOptions

LETTERS = 20
"""More than are read at first."""


class LetterEngine:
    """Reads so many times A, each as surely, and a little of B, in the middle of the crop; remembers its runs: positions, crops."""

    def __init__(self, config: ModelConfig, count: int, sure: float) -> None:
        self.config = config
        self.facts = EngineFacts("letters", "cpu", "exact")
        self.count, self.sure = count, sure
        self.runs: list[tuple[int, int]] = []

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        self.runs.append((steps, len(batch)))
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        one, other = self.config.charset.encode("AB")
        log_probabilities[:, : self.count, one] = np.log(self.sure)
        log_probabilities[:, : self.count, other] = np.log(0.9 * (1 - self.sure))
        log_probabilities[:, self.count :, 0] = 0.0
        attention = np.zeros((len(batch), steps, 1, 20), dtype=np.float32)
        attention[:, :, 0, 8:12] = 0.25
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


def crop(width: int) -> Crop:
    return Crop(np.random.default_rng(0).integers(0, 255, (32, width, 3), dtype=np.uint8), "a")


@pytest.mark.parametrize("count", [LETTERS, 2])
def test_further_looks_at_a_long_text_are_read_with_all_positions_at_once(tiny_config: ModelConfig, count: int) -> None:
    engine = LetterEngine(replace(tiny_config, max_length=30), count, 0.99 if count == LETTERS else 0.8)
    read = Reader(engine, ReadOptions(threads=1)).read_crops([crop(90)])[0]
    assert read.text == "A" * count
    first = [(16, 1), (31, 1)] if count == LETTERS else [(16, 1)]
    assert engine.runs[: len(first)] == first
    further = engine.runs[len(first) :]
    assert sum(crops for _, crops in further) == 5  # bordered, wider, the middle rows, the line, upright and as italics
    assert {steps for steps, _ in further} == {31 if count == LETTERS else 16}


@pytest.mark.parametrize(("width", "looks"), [(90, 6), (384, 5)])
def test_a_look_that_shows_nothing_else_is_not_read_again(tiny_config: ModelConfig, width: int, looks: int) -> None:
    assert tiny_config.input.widths[-1] == 384  # a crop as wide as the network takes is drawn no wider
    engine = LetterEngine(tiny_config, 1, 0.8)
    Reader(engine, ReadOptions(threads=1)).read_crops([crop(width)])
    assert sum(crops for _, crops in engine.runs) == looks


@pytest.mark.parametrize(("sure", "looks"), [(0.96, 1), (0.8, 6)])
def test_what_is_read_surely_is_not_looked_at_again_because_it_is_no_code_of_the_format(tiny_config: ModelConfig, sure: float, looks: int) -> None:
    engine = LetterEngine(tiny_config, 1, sure)
    read = Reader(engine, ReadOptions(threads=1, code_format=CodeFormat(regex="B"))).read_crops([crop(90)])[0]
    assert sum(crops for _, crops in engine.runs) == looks
    assert (read.text, read.raw_text) == ("B", "A")
    assert read.confidence == pytest.approx(0.9 * (1 - sure))
    assert read.found is not None
    assert read.found.constraint_cost == pytest.approx(np.log(sure / (0.9 * (1 - sure))), abs=1e-4)
