"""What is read with doubt is looked at again, with a border, drawn wider and from nearer, and a third time if need be; the surest reading stays."""

from dataclasses import replace

import numpy as np
import pytest

from siga_ocr.charset import Charset
from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.decode import Decoded
from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.intake import IntakeOptions, Taken, take
from siga_ocr.light import contrast_normalised
from siga_ocr.preprocess import FEW_ROWS, MIN_DEVIATION, Batch, fit
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.reading import CharReading
from siga_ocr.second_looks import (
    BORDER,
    FAINTEST,
    FILLS,
    ITALIC,
    MIDDLE,
    NARROWER,
    SETTLED,
    STRIPS,
    WIDER,
    line_looks,
    second_looks,
    surer,
    third_looks,
)
from siga_ocr.spacing import USUAL
from siga_ocr.text_line import DEVIATIONS, LOWEST
from siga_ocr.window import Window

WIDTH = 90
LOOKS = {
    "as it is": WIDTH,
    "bordered": round((WIDTH + 2 * BORDER) * 32 / (32 + 2 * BORDER)),
    "wider": round(WIDTH * WIDER),
    "middle": round(WIDTH / MIDDLE.height),
    "line": round(WIDTH / LOWEST),  # two of one width; the maps of the engine below are one row high
}
LETTERS = dict(zip(LOOKS, "ABCDE", strict=True))
BORDERED = LOOKS["bordered"]
THIRD = {  # light and dark exchanged is as wide as it is, the lower strip as the line
    "narrower": round(BORDERED * NARROWER),
    **{f"strip {number}": round(round(WIDTH / (LOWEST * share)) * wider) for number, (share, lower, wider) in enumerate(STRIPS) if not lower},
}
LETTERS |= dict(zip(THIRD, "FGHIJ", strict=True))


class LookEngine:
    """Reads one letter, a look its own, in the middle fifth of the crop; how sure it is of each look is given."""

    def __init__(self, config: ModelConfig, sure: dict[str, float]) -> None:
        self.config = config
        self.facts = EngineFacts("looks", "cpu", "exact")
        self.sure = sure
        self.calls: list[list[str]] = []

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        looks = [next(name for name, width in (LOOKS | THIRD).items() if width == own) for own in batch.widths.tolist()]
        self.calls.append(looks)
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        log_probabilities[:, 1:, 0] = 0.0
        attention = np.zeros((len(batch), steps, 1, batch.images.shape[3]), dtype=np.float32)
        for row, look in enumerate(looks):
            log_probabilities[row, 0, self.config.charset.encode(LETTERS[look])[0]] = np.log(self.sure.get(look, 0.3))
            begin, end = self.place(look)
            attention[row, :, 0, begin:end] = 1 / (end - begin)
        return EngineOutput(log_probabilities, attention)

    def place(self, look: str) -> tuple[int, int]:
        """Where the middle fifth of the crop lies in the columns of a look."""
        bordered = 32 / (32 + 2 * BORDER)
        scale = {"as it is": 1.0, "bordered": bordered, "narrower": bordered * NARROWER}.get(look, (LOOKS | THIRD)[look] / WIDTH)
        before = BORDER if look in ("bordered", "narrower") else 0
        return round((before + 0.4 * WIDTH) * scale), round((before + 0.6 * WIDTH) * scale)

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


def crop(width: int = WIDTH, height: int = 32) -> Crop:
    return Crop(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8), "a")


@pytest.mark.parametrize("surest", LOOKS)
@pytest.mark.parametrize("size", [1, 3])
def test_the_surest_look_stays_and_its_places_are_those_of_the_crop(tiny_config: ModelConfig, surest: str, size: int) -> None:
    engine = LookEngine(tiny_config, {look: 0.9 if look == surest else 0.5 for look in LOOKS})
    read = Reader(engine).read_crops([crop(size * WIDTH, size * 32)])[0]  # as large as the network takes it, or larger
    assert (read.text, read.width, read.height) == (LETTERS[surest], size * WIDTH, size * 32)
    assert read.confidence == pytest.approx(0.9)
    found = read.characters[0]
    assert (found.x0 or 0) + (found.x1 or 0) == pytest.approx(size * WIDTH, abs=1.5 * size)
    assert (found.x1 or 0) - (found.x0 or 0) == pytest.approx(0.9 * size * 0.2 * WIDTH, abs=2.0 * size)
    assert engine.calls[0] == ["as it is"]
    assert sorted(look for call in engine.calls[1:] for look in call) == ["bordered", "line", "line", "middle", "wider"]
    explained, evidence = Reader(engine).explain(crop(size * WIDTH, size * 32))
    assert explained.text == LETTERS[surest]
    assert evidence is not None


def test_of_equally_sure_looks_the_first_stays(tiny_config: ModelConfig) -> None:
    assert Reader(LookEngine(tiny_config, dict.fromkeys(LOOKS, 0.7) | {"line": 0.3})).read_crops([crop()])[0].text == "A"


def test_what_is_sure_is_looked_at_once_and_so_is_everything_if_asked(tiny_config: ModelConfig) -> None:
    for sure, options in ((0.96, ReadOptions()), (0.5, ReadOptions(once=True))):
        engine = LookEngine(tiny_config, dict.fromkeys(LOOKS, 0.99) | {"as it is": sure})
        assert Reader(engine, options).read_crops([crop()])[0].text == "A"
        assert engine.calls == [["as it is"]]


def test_only_the_doubted_crops_of_a_batch_are_looked_at_again(tiny_config: ModelConfig) -> None:
    class Unsteady(LookEngine):
        """Doubts every other crop at first."""

        def run(self, batch: Batch, steps: int) -> EngineOutput:
            output = super().run(batch, steps)
            if len(self.calls) == 1:
                output.log_probabilities[1::2, 0] -= 0.5
            return output

    engine = Unsteady(tiny_config, dict.fromkeys(LOOKS, 0.99) | {"line": 0.5})
    readings = Reader(engine, ReadOptions(threads=1)).read_crops([crop()] * 4)
    assert [reading.text for reading in readings] == ["A", "B", "A", "B"]
    assert sorted(look for call in engine.calls[1:] for look in call) == sorted([*LOOKS, "line"][1:] * 2)


@pytest.mark.parametrize("surest", THIRD)
@pytest.mark.parametrize("size", [1, 3])
def test_what_second_looks_leave_in_doubt_is_looked_at_a_third_time(tiny_config: ModelConfig, surest: str, size: int) -> None:
    engine = LookEngine(tiny_config, dict.fromkeys(LOOKS, 0.5) | {surest: 0.9})
    read = Reader(engine).read_crops([crop(size * WIDTH, size * 32)])[0]
    assert read.text == LETTERS[surest]
    assert read.confidence == pytest.approx(0.9)
    found = read.characters[0]
    assert (found.x0 or 0) + (found.x1 or 0) == pytest.approx(size * WIDTH, abs=1.5 * size)
    asked = sorted(look for call in engine.calls for look in call)
    assert asked == sorted(["as it is", *LOOKS, "line", "line", *THIRD])


def test_what_second_looks_read_well_enough_is_not_looked_at_a_third_time(tiny_config: ModelConfig) -> None:
    engine = LookEngine(tiny_config, dict.fromkeys(LOOKS, 0.3) | {"wider": 0.61})
    assert Reader(engine).read_crops([crop()])[0].text == LETTERS["wider"]
    assert sorted(look for call in engine.calls for look in call) == sorted([*LOOKS, "line"])


@pytest.mark.parametrize(
    ("first", "line", "height", "is_settled"),
    [
        (0.9, 0.8, 0.95 * FILLS, True),
        (0.8, 1.01 * SETTLED, 0.95 * FILLS, True),
        (0.8, 0.99 * SETTLED, 0.95 * FILLS, False),
        (0.9, 0.9, 1.05 * FILLS, False),  # there may be two lines
        (0.9, 0.94, None, False),  # nothing was found that could be looked at
    ],
)
def test_a_line_that_reads_as_the_crop_did_settles_it(
    tiny_config: ModelConfig, first: float, line: float, height: float | None, is_settled: bool
) -> None:
    engine = OneTextEngine(tiny_config, first, line, height)
    read = Reader(engine, ReadOptions(threads=1)).read_crops([crop()])[0]
    assert read.confidence == pytest.approx(max(first, 0.0 if height is None else line, 0.0 if is_settled else 0.7))
    further = 3 + (height is not None)  # with the italics
    assert engine.crops == 1 + (height is not None) + (0 if is_settled else further)


def test_a_line_that_reads_otherwise_settles_nothing(tiny_config: ModelConfig) -> None:
    engine = OneTextEngine(tiny_config, 0.9, 0.99, 0.5, of_line="B")
    Reader(engine, ReadOptions(threads=1)).read_crops([crop()])
    assert engine.crops == 6


class OneTextEngine:
    """Reads A, first with one confidence, at the line with another, then with 0.7; finds the line as high as is given, or none."""

    def __init__(self, config: ModelConfig, first: float, line: float, height: float | None, of_line: str = "A") -> None:
        self.config = config
        self.facts = EngineFacts("one text", "cpu", "exact")
        self.sure = [first] if height is None else [first, line]
        self.rows = 0 if height is None else round(100 * height * np.sqrt(12) / DEVIATIONS)
        self.of_line = of_line
        self.crops = 0

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        log_probabilities[:, 1:, 0] = 0.0
        for row in range(len(batch)):
            sure = self.sure[self.crops] if self.crops < len(self.sure) else 0.7
            letter = self.of_line if self.crops == 1 else "A"
            log_probabilities[row, 0, self.config.charset.encode(letter)[0]] = np.log(sure)
            self.crops += 1
        attention = np.zeros((len(batch), steps, 100, 20), dtype=np.float32)
        attention[:, :, 50 - self.rows // 2 : 50 - self.rows // 2 + self.rows, 8:12] = 1 / max(1, 4 * self.rows)
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


def all_looks(one: Taken, found: Decoded, config: ModelConfig) -> tuple[Taken, ...]:
    return tuple(look for looks in (line_looks, second_looks, third_looks) for look in looks(one, found, config.input))


def taken(width: int, config: ModelConfig) -> Taken:
    return take(crop(width), config.input, IntakeOptions())


def test_looks_keep_to_the_widths_that_the_network_takes(tiny_config: ModelConfig) -> None:
    limit = tiny_config.input.widths[-1]
    for width in (1, 4, limit - 1, 3 * limit):
        one, line = taken(width, tiny_config), Window(0.2, 0.9, 0.4)
        for look in all_looks(one, seen(line), tiny_config):
            assert look.pixels.dtype == np.uint8
            assert look.pixels.shape[:2] == (tiny_config.input.channels, tiny_config.input.height)
            assert 4 <= look.pixels.shape[2] <= limit


def test_the_strip_of_the_line_is_drawn_upright_and_as_italics(tiny_config: ModelConfig) -> None:
    y, x = np.arange(32)[:, None], np.arange(WIDTH)[None]
    leaning = np.where((x + 0.4 * y) % 12 < 3, 220, 40).astype(np.uint8)
    one = take(Crop(np.repeat(leaning[:, :, None], 3, axis=2), "a"), tiny_config.input, IntakeOptions())
    found = seen(Window(height=0.8))
    (strip,), italic = line_looks(one, found, tiny_config.input), second_looks(one, found, tiny_config.input)[-1]
    assert italic.look.window == Window(height=0.8, lean=ITALIC)
    assert strip.look.window is not None
    assert strip.look.window.lean == pytest.approx(-0.4, abs=0.06)
    inner = strip.pixels[0, 4:-4, 20:-20].astype(float)
    assert inner.std(axis=0).mean() < 0.2 * inner.std(axis=1).mean()


def test_the_strip_of_a_line_that_is_seen_from_below_is_drawn_upright(tiny_config: ModelConfig) -> None:
    y, x = np.arange(32)[:, None] - 15.5, np.arange(WIDTH)[None]
    fanned = np.where((x + 0.8 * y) / (1 + 1.6 / WIDTH * y) % 12 < 3, 220, 40).astype(np.uint8)
    one = take(Crop(np.repeat(fanned[:, :, None], 3, axis=2), "a"), tiny_config.input, IntakeOptions())
    (strip,) = line_looks(one, seen(Window(height=0.8)), tiny_config.input)
    assert strip.look.window is not None
    assert strip.look.window.fan == pytest.approx(1.6, abs=0.25)
    inner = strip.pixels[0, 4:-4, 20:-20].astype(float)
    assert inner.std(axis=0).mean() < 0.4 * inner.std(axis=1).mean()


def test_looks_from_nearer_show_what_the_network_was_too_coarse_for(tiny_config: ModelConfig) -> None:
    stripes = np.zeros((96, 3 * WIDTH, 3), dtype=np.uint8)
    stripes[:, ::2] = 200  # finer than the network's rows and columns
    stripes[:9], stripes[-9:] = 0, 255  # sharp edges: the crop is in focus
    coarse, fine = (take(Crop(stripes, "a"), tiny_config.input, IntakeOptions(detail=detail)) for detail in (False, True))
    line = seen(Window(height=0.35))
    assert np.array_equal(coarse.pixels, fine.pixels)
    for looks in (line_looks, second_looks, third_looks):
        for one, other in zip(looks(coarse, line, tiny_config.input), looks(fine, line, tiny_config.input), strict=True):
            assert one.pixels.shape == other.pixels.shape
            assert other.detail is None  # it is no longer what the look shows
            if other.look.window is None:
                assert np.array_equal(one.pixels, other.pixels)
            elif other.look.window.height < 0.4 and not other.look.window.lean:
                assert other.pixels.std() > 4 * MIN_DEVIATION > 3.5 * one.pixels.std()  # the coarse one is faint, and brought out


@pytest.mark.parametrize("once", [True, False])
def test_detail_is_kept_where_there_may_be_a_second_look(once: bool, tiny_config: ModelConfig) -> None:
    options = ReadOptions(once=once).intake
    assert (take(crop(3 * WIDTH, 96), tiny_config.input, options).detail is None) == once


def test_a_network_that_squeezes_crops_has_no_second_look(tiny_config: ModelConfig) -> None:
    config = replace(tiny_config, input=replace(tiny_config.input, keep_aspect=False, widths=(128,)))
    assert all_looks(taken(90, config), seen(MIDDLE), config) == ()


def test_a_third_look_exchanges_light_and_dark(tiny_config: ModelConfig) -> None:
    one = taken(90, tiny_config)
    narrower, exchanged = third_looks(one, seen(None), tiny_config.input)
    assert np.array_equal(exchanged.pixels.astype(int), 255 - one.pixels.astype(int))
    assert narrower.look.margin > one.look.margin == exchanged.look.margin


def test_the_strips_of_a_third_look_follow_the_line(tiny_config: ModelConfig) -> None:
    line = Window(0.4, 0.5, 0.6)
    windows = [look.look.window for look in third_looks(taken(90, tiny_config), seen(line), tiny_config.input)[2:]]
    for window, (share, lower, _) in zip(windows, STRIPS, strict=True):
        assert window is not None
        assert (window.left, window.right) == pytest.approx((line.left + lower, line.right + lower))
        assert window.height == pytest.approx(line.height * share)


def test_a_faint_crop_is_looked_at_again_in_more_contrast(tiny_config: ModelConfig) -> None:
    stripes = np.tile(np.where(np.arange(270) % 30 < 15, 103, 97).astype(np.uint8)[None, :, None], (96, 1, 3))  # a deviation of 3 levels
    one = take(Crop(stripes, "a"), tiny_config.input, IntakeOptions(detail=True))
    assert one.pixels.std() < 3.1
    for look in all_looks(one, seen(MIDDLE), tiny_config):
        assert look.pixels.std() == pytest.approx(MIN_DEVIATION, rel=0.12)


def test_what_is_fainter_than_the_faintest_gains_no_more(tiny_config: ModelConfig) -> None:
    noise = np.random.default_rng(0).normal(100, 1, (32, WIDTH, 1)).round().clip(0, 255).astype(np.uint8)
    one = take(Crop(np.repeat(noise, 3, axis=2), "a"), tiny_config.input, IntakeOptions())
    exchanged = third_looks(one, seen(None), tiny_config.input)[1]
    assert exchanged.pixels.std() == pytest.approx(one.pixels.std() * MIN_DEVIATION / FAINTEST, rel=0.05)
    even = take(Crop(np.full((32, WIDTH, 3), 90, dtype=np.uint8), "a"), tiny_config.input, IntakeOptions())
    assert {look.pixels.std() for look in all_looks(even, seen(MIDDLE), tiny_config)} == {0.0}


def test_a_faint_strip_of_a_crop_with_contrast_is_drawn_in_more(tiny_config: ModelConfig) -> None:
    stripes = np.tile(np.where(np.arange(WIDTH) % 10 < 5, 103, 97).astype(np.uint8)[None, :, None], (32, 1, 3))
    stripes[:6], stripes[-6:] = 220, 20
    one = take(Crop(stripes, "a"), tiny_config.input, IntakeOptions())
    bordered, _, middle, *_ = second_looks(one, seen(MIDDLE), tiny_config.input)
    assert bordered.pixels.mean() == pytest.approx(one.pixels.mean(), abs=20)  # as it is
    assert middle.pixels.std() == pytest.approx(MIN_DEVIATION, rel=0.12)


def test_a_network_that_takes_grey_levels_as_they_are_gets_no_more_contrast(tiny_config: ModelConfig) -> None:
    config = replace(tiny_config.input, standardise=False)
    faint = take(
        Crop(np.tile(np.where(np.arange(WIDTH) % 10 < 5, 103, 97).astype(np.uint8)[None, :, None], (32, 1, 3)), "a"), config, IntakeOptions()
    )
    assert max(look.pixels.std() for look in second_looks(faint, seen(MIDDLE), config)) < 3.5


def seen(line: Window | None) -> Decoded:
    """What a first look found whose characters stand as usual."""
    return Decoded((), 0.5, line=line)


def lit(contrast: int, shadow: int) -> Crop:
    """Upright strokes, the right half of them in a shadow."""
    columns = np.arange(3 * WIDTH)
    levels = 128 + contrast * np.where(columns % 24 < 12, 1, -1) + shadow * np.where(columns < len(columns) // 2, 1, -1)
    return Crop(np.tile(levels.astype(np.uint8)[None, :, None], (96, 1, 3)), "a")


def test_a_partly_shaded_crop_is_looked_at_with_its_contrast_normalised(tiny_config: ModelConfig) -> None:
    one, line = take(lit(contrast=25, shadow=60), tiny_config.input, IntakeOptions(detail=True)), Window(height=0.8)
    looks = second_looks(one, seen(line), tiny_config.input)
    shown = (one, *looks[:4], *line_looks(one, seen(line), tiny_config.input))
    assert len(looks) == 4 + 6
    for drawn, normalised in zip(shown, looks[4:], strict=True):
        assert np.array_equal(normalised.pixels, contrast_normalised(drawn.pixels))
        assert normalised.look == drawn.look
    assert len(second_looks(one, seen(None), tiny_config.input)) == 3 + 4  # without a line there is no strip of it
    even = take(lit(contrast=30, shadow=5), tiny_config.input, IntakeOptions(detail=True))
    assert len(second_looks(even, seen(line), tiny_config.input)) == 4


def test_an_evened_crop_is_looked_at_as_it_was_lit_too(tiny_config: ModelConfig) -> None:
    crop = lit(contrast=8, shadow=60)
    one = take(crop, tiny_config.input, IntakeOptions(detail=True))
    *looks, last = second_looks(one, seen(Window(height=0.8)), tiny_config.input)
    assert len(looks) == 4
    assert np.array_equal(last.pixels, fit(crop.image, tiny_config.input))
    assert last.look == one.look
    assert all(look.as_lit is None for look in (*looks, last))


LINE = Window(height=0.8)


def spaced(apart: float, line: Window | None = LINE) -> Decoded:
    """Three characters of which each stands `apart` pixels from the next."""
    return Decoded(tuple(CharReading("A", 0.5, 10 + n * apart - 3, 10 + n * apart + 3) for n in range(3)), 0.5, line=line)


@pytest.mark.parametrize(("apart", "wider"), [(8.0, USUAL * 0.8 * 32 / 8), (30.0, USUAL * 0.8 * 32 / 30)])
def test_characters_that_stand_close_or_apart_are_drawn_as_far_apart_as_usual(apart: float, wider: float, tiny_config: ModelConfig) -> None:
    one = taken(WIDTH, tiny_config)
    usual, looks = (second_looks(one, found, tiny_config.input) for found in (spaced(16.0), spaced(apart)))
    assert [look.pixels.shape[2] for look in usual[:2]] == [LOOKS["bordered"], LOOKS["wider"]]
    assert looks[1].pixels.shape[2] == round(WIDTH * wider)
    assert [look.pixels.shape for look in looks[2:]] == [look.pixels.shape for look in usual[2:]]
    upright, again = line_looks(one, spaced(apart), tiny_config.input)
    assert again.look.window == upright.look.window
    assert again.pixels.shape[2] == pytest.approx(upright.pixels.shape[2] * wider, abs=1)
    assert len(line_looks(one, spaced(16.0), tiny_config.input)) == 1


def test_where_a_character_was_seen_in_a_wider_look_is_where_it_stands_in_the_crop(tiny_config: ModelConfig) -> None:
    engine = LookEngine(tiny_config, {"as it is": 0.5})
    decoded = Reader(engine)._batches
    one = taken(WIDTH, tiny_config)
    for look in (second_looks(one, spaced(8.0), tiny_config.input)[1], line_looks(one, spaced(8.0), tiny_config.input)[1]):
        columns = look.pixels.shape[2]
        attention = np.zeros((1, 3, 1, columns), dtype=np.float32)
        attention[:, :, 0, round(0.4 * columns) : round(0.6 * columns)] = 1.0
        log_probabilities = np.full((1, 3, tiny_config.charset.class_count), -20.0, dtype=np.float32)
        log_probabilities[:, 0, 1], log_probabilities[:, 1:, 0] = np.log(0.9), 0.0
        found = decoded._decode(EngineOutput(log_probabilities, attention), 0, look, columns).characters[0]
        assert (found.x0 + found.x1) / 2 == pytest.approx(WIDTH / 2, abs=1.0)


def test_a_crop_of_few_rows_is_looked_at_as_softly_as_others_are_drawn_too(tiny_config: ModelConfig) -> None:
    one = take(crop(40, FEW_ROWS - 1), tiny_config.input, IntakeOptions(detail=True))
    assert one.soft is not None
    line = seen(Window(height=0.8))
    looks = second_looks(one, line, tiny_config.input)
    soft = one.seen_as(one.soft)
    assert len(looks) == 4 + 6
    expected_ones = (soft, *second_looks(soft, line, tiny_config.input), *line_looks(soft, line, tiny_config.input))
    for seen_softly, expected in zip(looks[4:], expected_ones, strict=True):
        assert np.array_equal(seen_softly.pixels, expected.pixels)
        assert seen_softly.look == expected.look
        assert seen_softly.soft is None
    assert looks[4].pixels.std() < one.pixels.std()
    assert take(crop(40, FEW_ROWS), tiny_config.input, IntakeOptions(detail=True)).soft is None


def test_three_channels_stay_three(tiny_config: ModelConfig) -> None:
    config = replace(tiny_config.input, channels=3, standardise=False)
    coloured = take(crop(), config, IntakeOptions())
    for look in second_looks(coloured, seen(Window(0.4, 0.6, 0.8)), config):
        assert look.pixels.shape[0] == 3
        assert np.abs(look.pixels.mean(axis=(1, 2)) - coloured.pixels.mean(axis=(1, 2))).max() < 6


def heard(probabilities: dict[str, float], read: str, charset: Charset) -> Decoded:
    """What a look says of single letters, and which of them it reads."""
    rows = np.full((2, charset.class_count), -20.0, dtype=np.float32)
    rows[1, 0] = 0.0
    for letter, probability in probabilities.items():
        rows[0, charset.encode(letter)[0]] = np.log(probability)
    return Decoded((CharReading(read, probabilities[read], 0.0, 1.0),), probabilities[read], log_probabilities=rows)


def test_what_all_looks_find_likely_beats_what_one_alone_is_a_little_surer_of(tiny_config: ModelConfig) -> None:
    taken = take(crop(), tiny_config.input, IntakeOptions())
    charset = tiny_config.charset
    alone = (taken, heard({"A": 0.6, "B": 0.01}, "A", charset))
    others = [(taken, heard({"B": confidence, "A": 0.001}, "B", charset)) for confidence in (0.5, 0.55, 0.45)]
    assert surer([alone, *others], charset) is others[1]


def test_a_look_that_is_much_surer_is_believed_against_all_others(tiny_config: ModelConfig) -> None:
    taken = take(crop(), tiny_config.input, IntakeOptions())
    charset = tiny_config.charset
    alone = (taken, heard({"A": 0.97, "B": 0.01}, "A", charset))
    others = [(taken, heard({"B": 0.1, "A": 0.05}, "B", charset)) for _ in range(4)]
    assert surer([*others, alone], charset) is alone


def test_a_text_longer_than_a_look_was_read_for_is_not_in_it(tiny_config: ModelConfig) -> None:
    taken = take(crop(), tiny_config.input, IntakeOptions())
    charset = tiny_config.charset
    short = (taken, heard({"A": 0.4, "B": 0.3}, "A", charset))
    rows = np.full((4, charset.class_count), -20.0, dtype=np.float32)
    rows[0, charset.encode("A")[0]] = rows[1, charset.encode("B")[0]] = rows[2, 0] = -0.01
    letters = tuple(CharReading(letter, 0.99, 0.0, 1.0) for letter in "AB")
    long = (taken, Decoded(letters, 0.97, log_probabilities=rows))
    assert surer([short, long], charset) is long


def test_that_there_is_no_text_is_for_all_looks_at_the_whole_crop_to_say(tiny_config: ModelConfig) -> None:
    whole, charset = take(crop(), tiny_config.input, IntakeOptions()), tiny_config.charset
    nearer = replace(whole, look=replace(whole.look, window=MIDDLE))
    rows = np.full((2, charset.class_count), -20.0, dtype=np.float32)
    rows[0, [0, *charset.encode("A")]] = np.log([0.9, 0.05])
    rows[1, 0] = 0.0
    nothing, letter = Decoded((), 0.9, log_probabilities=rows), heard({"A": 0.5}, "A", charset)
    unsure = heard({"A": 0.1}, "A", charset)
    assert unsure.log_probabilities is not None
    unsure.log_probabilities[0, 0] = np.log(0.8)
    assert surer([(whole, letter), (nearer, nothing)], charset)[1] is letter
    assert surer([(whole, letter), (whole, nothing)], charset)[1] is letter
    assert surer([(whole, unsure), (whole, nothing)], charset)[1] is nothing
    assert surer([(nearer, unsure), (nearer, nothing)], charset)[1] is nothing


def test_a_look_without_a_text_of_the_format_has_no_voice(tiny_config: ModelConfig) -> None:
    taken = take(crop(), tiny_config.input, IntakeOptions())
    charset = tiny_config.charset
    rows = np.full((2, charset.class_count), -20.0, dtype=np.float32)
    rows[:, 0] = -0.1
    nothing = (taken, Decoded((), 0.0, log_probabilities=rows))
    fitting = (taken, heard({"A": 0.2}, "A", charset))
    assert surer([nothing, fitting], charset) is fitting
    assert surer([nothing, nothing], charset) is nothing
