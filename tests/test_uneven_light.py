"""What is written across the edge of a shadow, or hardly stands out from its ground, is read."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop, read_crop
from siga_ocr.data.labelled import load_labelled
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.light import evened
from siga_ocr.preprocess import fit, in_detail, unsqueezed
from siga_ocr.reader import Reader
from siga_ocr.recipe import LabelledSource
from tests.benchmarks.faint import faint

SAMPLES = Path(__file__).parent.parent / "docs" / "samples"


@pytest.fixture(scope="module")
def samples() -> list[tuple[str, str]]:
    with (SAMPLES / "labels.csv").open(newline="") as rows:
        return [(row["file"], row["text"]) for row in csv.DictReader(rows)]


def right(samples: list[tuple[str, str]], deviation: float, shadow: float) -> int:
    generator = np.random.default_rng(3)
    crops = [Crop(faint(read_crop(str(SAMPLES / file)).image, deviation, generator, shadow), "") for file, _ in samples]
    readings = Reader.load("code-base", "cpu").read_crops(crops)
    return sum(reading.text == text for reading, (_, text) in zip(readings, samples, strict=True))


def test_samples_across_the_edge_of_a_shadow_are_read(samples: list[tuple[str, str]]) -> None:
    assert right(samples, deviation=6, shadow=50) >= 7  # 2 as they are


def test_faint_samples_are_read(samples: list[tuple[str, str]]) -> None:
    assert right(samples, deviation=2, shadow=0) >= 12


def test_a_shaded_crop_comes_evened_and_so_does_its_detail(tiny_config: ModelConfig) -> None:
    config, levels = tiny_config.input, np.where(np.arange(300) < 150, 190, 60)
    image = np.repeat(np.tile(levels + np.where(np.arange(300) % 20 < 10, 5, -5), (90, 1))[:, :, None], 3, axis=2).astype(np.uint8)
    detail = in_detail(image, config)
    taken = take(Crop(image, "a"), config, IntakeOptions(detail=True))
    assert detail is not None
    assert taken.detail is not None
    assert np.array_equal(taken.pixels, evened(fit(image, config)))
    assert np.array_equal(taken.detail, evened(detail))


def test_what_is_learned_from_a_shaded_photograph_is_what_is_read_of_it(tmp_path: Path, tiny_config: ModelConfig) -> None:
    for name, light in (("shaded", 60), ("even", 0)):
        levels = 125 + light * np.where(np.arange(200) < 100, 1, -1) + np.where(np.arange(200) % 20 < 10, 12, -12)
        Image.fromarray(np.repeat(np.tile(levels, (64, 1))[:, :, None], 3, axis=2).astype(np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,text\nshaded.png,A1\neven.png,B2\n")
    learned = load_labelled(LabelledSource(kind="labelled", path=str(tmp_path)), tiny_config).crops
    for row, name in enumerate(("shaded", "even")):
        image, path = read_crop(str(tmp_path / f"{name}.png")).image, str(tmp_path / f"{name}.png")
        assert np.array_equal(learned.crop(row), take(path, tiny_config.input, IntakeOptions()).pixels)
        assert np.array_equal(learned.crop(row), fit(image, tiny_config.input)) == (name == "even")


def test_a_shaded_long_code_comes_evened_at_its_full_width(tiny_config: ModelConfig) -> None:
    config, levels = tiny_config.input, np.where(np.arange(1000) < 500, 190, 60)
    image = np.repeat(np.tile(levels + np.where(np.arange(1000) % 20 < 10, 5, -5), (32, 1))[:, :, None], 3, axis=2).astype(np.uint8)
    wide = unsqueezed(image, config)
    taken = take(Crop(image, "a"), config, IntakeOptions())
    assert wide is not None
    assert taken.wide is not None
    assert np.array_equal(taken.wide, evened(wide))
