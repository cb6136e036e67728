"""Rules of turning: which way it counts, which angles are tried, and that a reading is the same whoever turned the picture."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from siga_ocr.charset import Charset
from siga_ocr.config import ModelConfig
from siga_ocr.decode import Decoded
from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.errors import UsageError
from siga_ocr.intake import IntakeOptions, Taken, take
from siga_ocr.orientation import Look, Orientation, looks_at
from siga_ocr.preprocess import Batch
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.upright import certainty, surest

WIDE = np.zeros((32, 96, 3), dtype=np.uint8)
WIDE[:, :24] = 255
WIDE[:6] = WIDE[26:] = np.where(np.arange(96) // 4 % 2, 255, 0)[:, None]
"""A crop with a light left quarter, between strokes above and below that are no light or shadow."""


class LeftEngine:
    """Reads "1" at the left end: surely where that is light, else with a confidence of 0.3; "" where the crop is dark all over."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.facts = EngineFacts("left", "cpu", "exact")
        self.rows = 0

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        self.rows += len(batch)
        log_probabilities = np.full((len(batch), steps, self.config.charset.class_count), -20.0, dtype=np.float32)
        attention = np.zeros((len(batch), steps, 1, batch.images.shape[3]), dtype=np.float32)
        for row, (image, width) in enumerate(zip(batch.images, batch.widths, strict=True)):
            levels = image[0, image.shape[1] // 2, :width]
            is_blank = float(np.ptp(levels)) < 0.1
            sure = 0.998 if levels[width // 8] >= levels.max() - 0.1 and not is_blank else 0.3
            log_probabilities[row, :, 0] = math.log(0.998)
            if not is_blank:
                log_probabilities[row, 0, 0] = -20.0
                log_probabilities[row, 0, self.config.characters.index("1") + 1] = math.log(sure)
            attention[row, :, 0, : width // 4] = 4 / width
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> npt.NDArray[np.float32]:
        return batch.mask[:, None, :].repeat(self.config.input.height, axis=1)


@pytest.fixture
def engine(tiny_config: ModelConfig) -> LeftEngine:
    return LeftEngine(tiny_config)


def reader(engine: LeftEngine, orientation: Orientation, **more: object) -> Reader:
    return Reader(engine, ReadOptions(orientation=orientation, **more))  # type: ignore[arg-type]


def turned(image: npt.NDArray[np.uint8], angle: int) -> npt.NDArray[np.uint8]:
    """Clockwise, by Pillow, which counts the other way round."""
    return np.asarray(Image.fromarray(image).rotate(-angle, expand=True))


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_look_turns_clockwise(angle: int) -> None:
    assert np.array_equal(Look(angle).at(WIDE), turned(WIDE, angle))
    height, width = turned(WIDE, angle).shape[:2]
    assert Look(angle, 5).at(WIDE).shape == (height + 10, width + 10, 3)


def test_the_shape_of_a_crop_says_which_angles_are_tried() -> None:
    angles = {shape: tuple(dict.fromkeys(look.angle for look in looks_at(*shape, "auto"))) for shape in ((30, 90), (90, 30), (30, 30), (40, 25))}
    assert angles == {(30, 90): (0, 180), (90, 30): (90, 270), (30, 30): (0, 180, 90, 270), (40, 25): (0, 180, 90, 270)}
    assert looks_at(30, 90, 180) == (Look(180),)
    assert looks_at(30, 90, "auto")[0] == Look(0)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_auto_finds_the_angle_and_reads_as_if_it_had_been_given(engine: LeftEngine, angle: Orientation) -> None:
    wanted: tuple[Orientation, ...] = ("auto", angle)
    found, given = (next(iter(reader(engine, one).read([turned(WIDE, 360 - int(angle))]))) for one in wanted)
    assert (found.orientation, found.text, found.confidence) == (angle, "1", given.confidence)
    assert (found.width, found.height) == (given.width, given.height) == (96, 32)
    assert (found.characters[0].x0, found.characters[0].x1) == pytest.approx((given.characters[0].x0, given.characters[0].x1), abs=1.5)


def test_what_is_sure_at_once_is_not_looked_at_again(engine: LeftEngine) -> None:
    readings = list(reader(engine, "auto").read([WIDE, WIDE]))
    assert [reading.orientation for reading in readings] == [0, 0]
    assert engine.rows == 2


def test_a_crop_without_a_code_stays_so(engine: LeftEngine) -> None:
    (reading,) = reader(engine, "auto").read([np.full((20, 60, 3), 90, dtype=np.uint8)])
    assert (reading.text, reading.orientation) == ("", 0)


def test_order_is_kept_and_log_probabilities_only_where_they_are_asked_for(engine: LeftEngine) -> None:
    crops = [WIDE, turned(WIDE, 180), turned(WIDE, 90), WIDE, turned(WIDE, 270)]
    readings = list(reader(engine, "auto", batch_size=2).read(crops))
    assert [reading.orientation for reading in readings] == [0, 180, 270, 0, 90]
    assert {reading.log_probabilities is None for reading in readings} == {True}
    kept = next(iter(reader(engine, "auto", keep_log_probabilities=True).read(crops)))
    assert kept.log_probabilities is not None


def test_evidence_is_that_of_the_look_that_was_taken(engine: LeftEngine) -> None:
    reading, evidence = reader(engine, "auto").explain(turned(WIDE, 90))
    assert reading.orientation == 270
    assert evidence is not None
    assert evidence.crop.shape[1] > evidence.crop.shape[0]


def test_a_region_is_cut_out_before_the_crop_is_turned() -> None:
    image = np.zeros((100, 200, 3), dtype=np.uint8)
    taken = take(image, ModelConfig().input, IntakeOptions(roi=(10, 20, 30, 60), orientation=90))
    assert (taken.width, taken.height, taken.others) == (60, 30, ())


def test_exif_comes_first(tmp_path: Path, engine: LeftEngine) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(turned(WIDE, 180)).save(tmp_path / "a.png", exif=exif)
    assert [reading.orientation for reading in reader(engine, "auto").read([tmp_path / "a.png"])] == [0]


def test_doubts_between_two_characters_are_none_about_the_angle(tiny_config: ModelConfig) -> None:
    charset = tiny_config.charset
    either = rows(charset, {"1": 0.5, "0": 0.49})
    rather = rows(charset, {"1": 0.8})
    assert certainty(either, "1", charset) > certainty(rather, "1", charset)
    chosen = surest([(look_of(0), Decoded((), 0.5, log_probabilities=either)), (look_of(180), Decoded((), 0.5, log_probabilities=either))], charset)
    assert chosen[0].look.angle == 0


def rows(charset: Charset, first: dict[str, float]) -> npt.NDArray[np.float32]:
    """Log-probabilities of one character and the end."""
    found = np.full((3, charset.class_count), 1e-6, dtype=np.float32)
    for character, probability in first.items():
        found[0, charset.encode(character)[0]] = probability
    found[1:, 0] = 0.99
    return np.log(found)


def look_of(angle: int) -> Taken:
    """A crop as it is seen from there."""
    return take(WIDE, ModelConfig().input, IntakeOptions(orientation=angle))  # type: ignore[arg-type]


def test_what_is_no_orientation_is_refused() -> None:
    with pytest.raises(UsageError, match="orientation is one of 0, 90, 180, 270, auto"):
        ReadOptions(orientation=45)  # type: ignore[arg-type]
