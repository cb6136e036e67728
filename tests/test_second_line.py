"""A crop that holds two lines is read less surely than one that holds the line alone."""

from dataclasses import replace

import numpy as np
import pytest

from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.decode import Decoded
from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.preprocess import Batch
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.reading import CharReading
from siga_ocr.second_line import LIKELY, halves_of, with_second_line
from siga_ocr.second_looks import FILLS, MIDDLE
from siga_ocr.window import Window

WIDTH = 90
FULL = Window(height=1.1)


def read(text: str, confidence: float, line: Window | None = FULL) -> Decoded:
    return Decoded(tuple(CharReading(character, confidence, 0.0, 1.0) for character in text), confidence, line=line, contested=True)


@pytest.mark.parametrize("halves", [("AB12", "XYZ9"), ("XYZ9", "AB12"), ("A812", "XYZ9"), ("AB12", "X1Z")])
def test_a_crop_whose_halves_are_two_lines_is_less_sure_by_the_weaker_of_them(halves: tuple[str, str]) -> None:
    upper, lower = (read(text, sure) for text, sure in zip(halves, (0.9, 0.7), strict=True))
    found = with_second_line(read("AB12", 0.8), upper, lower)
    assert found.confidence == pytest.approx(0.8 * (1 - 0.7))
    assert found.text == "AB12"
    assert found.second_line in halves
    assert found.second_line[0] == "X"


@pytest.mark.parametrize(
    "halves",
    [
        ("AB12", "A812"),  # both halves of the characters look like them
        ("QW77", "XYZ9"),  # neither half is what the crop says
        ("AB12", "X"),  # half a line is often read as one character
        ("AB12", ""),
        ("", ""),
    ],
)
def test_what_its_halves_do_not_tell_apart_is_one_line(halves: tuple[str, str]) -> None:
    best = read("AB12", 0.8)
    assert with_second_line(best, *(read(text, 0.9) for text in halves)) is best
    assert with_second_line(best, *(read(text, 0.9) for text in halves[::-1])) is best


def test_the_halves_show_what_is_above_and_below_the_middle(tiny_config: ModelConfig) -> None:
    grey = np.repeat(np.repeat([60, 200], 16)[:, None, None], WIDTH, axis=1).repeat(3, axis=2).astype(np.uint8)
    taken = take(Crop(grey, "a"), tiny_config.input, IntakeOptions())
    upper, lower = halves_of(taken, read("AB", 0.6), read("AB", 0.6), tiny_config.input)
    for half, level in ((upper, 60), (lower, 200)):
        assert half.pixels.shape == (1, 32, 2 * WIDTH)
        assert np.abs(half.pixels[:, 2:-2].astype(int) - level).max() <= 1


def test_only_likely_and_contested_readings_of_lines_that_fill_the_crop_are_asked(tiny_config: ModelConfig) -> None:
    taken = take(Crop(np.zeros((32, WIDTH, 3), np.uint8), "a"), tiny_config.input, IntakeOptions())
    best = read("AB", LIKELY)
    assert len(halves_of(taken, best, best, tiny_config.input)) == 2
    low, sure = replace(best, line=Window(height=0.99 * FILLS)), replace(best, line=None)
    for first, found in (
        (low, best),
        (sure, best),
        (best, read("AB", 0.99 * LIKELY)),
        (best, read("", 0.9)),
        (best, replace(best, parts=((taken, 2),))),
    ):
        assert halves_of(taken, first, found, tiny_config.input) == ()
    assert halves_of(taken, best, best, replace(tiny_config.input, keep_aspect=False, widths=(128,))) == ()


class StackedEngine:
    """Reads AB of a crop that is brighter on the right than on the left, CD of another, each as surely; its middle rows as BB, less so."""

    def __init__(self, config: ModelConfig, sure: float, contested: bool = True) -> None:
        self.config = config
        self.facts = EngineFacts("stacked", "cpu", "exact")
        self.sure = sure
        self.contested = contested
        self.crops = 0

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        self.crops += len(batch)
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        log_probabilities[:, 2:, 0] = 0.0
        for row, image in enumerate(batch.images[:, 0, :, : int(batch.widths.min())]):
            marks = image.mean(axis=0)
            text = "CD" if marks[0] > marks[-1] else "AB"
            is_middle = self.contested and int(batch.widths[row]) == round(WIDTH / MIDDLE.height)
            log_probabilities[row, range(2), self.config.charset.encode("BB" if is_middle else text)] = np.log(0.3 if is_middle else self.sure) / 2
        attention = np.full((len(batch), steps, 8, 16), 1 / (8 * 16), dtype=np.float32)
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


def stacked(is_two: bool) -> Crop:
    """Brighter on the right in the upper half; on the left, by less, in the lower one if it is another line; across both the strokes of letters."""
    grey = np.full((32, WIDTH, 3), 80, np.uint8)
    grey[:16, WIDTH // 2 :] = 160
    grey[16:, : WIDTH // 2] = 130 if is_two else 80
    grey[::4] += 80
    grey[1::4] += 80
    return Crop(grey, "a")


@pytest.mark.parametrize("is_two", [True, False])
def test_a_reader_asks_what_it_doubted_first(tiny_config: ModelConfig, is_two: bool) -> None:
    engine = StackedEngine(tiny_config, 0.9)
    options = ReadOptions(min_confidence=0.5)
    reading = Reader(engine, options).read_crops([stacked(is_two)])[0]
    assert reading.text == "AB"
    assert reading.confidence == pytest.approx(0.9 * 0.1 if is_two else 0.9)
    assert reading.reason == ("less sure than 0.5; there may be a second line: CD" if is_two else "")
    explained, _ = Reader(engine, options).explain(stacked(is_two))
    assert (explained.text, explained.reason) == (reading.text, reading.reason)
    assert explained.confidence == pytest.approx(reading.confidence)


def test_where_all_looks_agree_no_half_is_asked(tiny_config: ModelConfig) -> None:
    engine = StackedEngine(tiny_config, 0.9, contested=False)
    assert Reader(engine).read_crops([stacked(True)])[0].confidence == pytest.approx(0.9)
    assert engine.crops == 6


@pytest.mark.parametrize(("sure", "once"), [(0.96, False), (0.9, True)])
def test_what_is_sure_or_read_once_is_not_asked(tiny_config: ModelConfig, sure: float, once: bool) -> None:
    engine = StackedEngine(tiny_config, sure)
    assert Reader(engine, ReadOptions(once=once)).read_crops([stacked(True)])[0].confidence == pytest.approx(sure)
    assert engine.crops == 1
