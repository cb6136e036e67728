"""A crop out of focus is brought back before it is read; any other is left as it is."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from siga_ocr.config import InputConfig, ModelConfig
from siga_ocr.crops import Crop, read_crop
from siga_ocr.data.labelled import load_labelled
from siga_ocr.focus import IN_FOCUS, _edge_width, as_read, blur_to_take_back, in_focus
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.preprocess import Pixels, fit, in_detail, unsqueezed
from siga_ocr.reader import Reader
from siga_ocr.recipe import LabelledSource
from tests.benchmarks.out_of_focus import blurred

GREY = InputConfig()
SAMPLES = Path(__file__).parent.parent / "docs" / "samples"


def strokes(blur: float, rows: int = 32, columns: int = 128) -> Pixels:
    """Light bars on a dark ground [rows, columns, 3], blurred by `blur` 32ths of the height."""
    image = np.full((rows, columns, 3), 60, dtype=np.uint8)
    for left in range(columns // 10, columns - columns // 10, rows // 2):
        image[rows // 6 : rows - rows // 6, left : left + rows // 4] = 200
    return blurred(image, blur)


@pytest.mark.parametrize("rows", [32, 96])
@pytest.mark.parametrize("blur", [1.4, 1.8, 2.2])
def test_how_far_a_crop_is_out_of_focus_is_measured_in_rows_of_the_network(rows: int, blur: float) -> None:
    found = blur_to_take_back(fit(strokes(blur, rows, 4 * rows), GREY), rows, GREY)
    assert np.hypot(found, IN_FOCUS) == pytest.approx(blur, rel=0.15)


def test_what_is_in_focus_or_empty_or_noise_is_left_as_it_is() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1, 32, 128), dtype=np.uint8)
    flat = np.full((1, 32, 128), 90, dtype=np.uint8)
    for fitted in (fit(strokes(0), GREY), fit(strokes(0.8), GREY), noise, flat, flat[:, :, :1]):
        assert blur_to_take_back(fitted, 32, GREY) == 0
    assert in_focus(noise, 0.0) is noise


def test_a_faint_crop_is_left_as_it_is() -> None:
    faint = (128 + (fit(strokes(2), GREY).astype(float) - 128) / 16).astype(np.uint8)
    assert blur_to_take_back(faint, 32, GREY) == 0  # its rounding would be drawn as edges


def test_few_rows_are_not_taken_for_a_lens_out_of_focus() -> None:
    few = np.asarray(Image.fromarray(strokes(0, 96, 384)).resize((40, 10), Image.Resampling.BOX))
    fitted = fit(few, GREY)
    assert blur_to_take_back(fitted, 10, GREY) == 0
    assert blur_to_take_back(fitted, 200, GREY) > 0  # a file with as soft edges in many rows


def test_networks_that_squeeze_or_do_not_standardise_see_crops_as_they_are() -> None:
    fitted = fit(strokes(2), GREY)
    assert blur_to_take_back(fitted, 32, GREY) > 1
    assert blur_to_take_back(fitted, 32, replace(GREY, standardise=False)) == 0
    assert blur_to_take_back(fitted, 32, replace(GREY, keep_aspect=False, widths=(128,))) == 0


@pytest.mark.parametrize("rows", [32, 96])
def test_in_focus_the_strokes_are_nearer_to_what_they_were(rows: int) -> None:
    sharp, soft = (strokes(blur, rows, 4 * rows).transpose(2, 0, 1) for blur in (0, 1.5))
    mended = in_focus(soft, 1.5)
    assert mended.shape == soft.shape
    assert mended.dtype == np.uint8
    assert np.abs(mended.astype(float) - sharp).mean() < 0.75 * np.abs(soft.astype(float) - sharp).mean()
    assert mended.mean() == pytest.approx(soft.mean(), abs=2)


def test_a_flat_crop_keeps_its_grey() -> None:
    flat = np.full((3, 32, 50), 77, dtype=np.uint8)
    assert np.array_equal(in_focus(flat, 2.0), flat)


def test_a_blurred_crop_comes_in_focus_and_so_does_its_detail_and_its_full_width(tiny_config: ModelConfig) -> None:
    config = tiny_config.input
    for image in (strokes(2, 96, 300), strokes(2, 32, 32 * 20)):
        taken = take(Crop(image, "a"), config, IntakeOptions(detail=True))
        blur = blur_to_take_back(fit(image, config), image.shape[0], config)
        assert blur > 0.5
        assert np.array_equal(taken.pixels, in_focus(fit(image, config), blur))
        for found, before in ((taken.detail, in_detail(image, config)), (taken.wide, unsqueezed(image, config))):
            assert (found is None) == (before is None)
            assert found is None or before is None or np.array_equal(found, in_focus(before, blur))


def test_what_is_learned_from_a_blurred_photograph_is_what_is_read_of_it(tmp_path: Path, tiny_config: ModelConfig) -> None:
    for name, blur in (("soft", 2.0), ("sharp", 0.0)):
        Image.fromarray(strokes(blur, 64, 200)).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,text\nsoft.png,A1\nsharp.png,B2\n")
    learned = load_labelled(LabelledSource(kind="labelled", path=str(tmp_path)), tiny_config).crops
    for row, name in enumerate(("soft", "sharp")):
        image, path = read_crop(str(tmp_path / f"{name}.png")).image, str(tmp_path / f"{name}.png")
        assert np.array_equal(learned.crop(row), take(path, tiny_config.input, IntakeOptions()).pixels)
        assert np.array_equal(learned.crop(row), as_read(image, tiny_config.input))
        assert np.array_equal(learned.crop(row), fit(image, tiny_config.input)) == (name == "sharp")


def test_blur_of_the_benchmark_is_in_rows_of_the_network() -> None:
    image = strokes(0, 64, 256)
    assert np.array_equal(blurred(image, 0), image)
    wanted = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(3.0)), dtype=float)
    assert blurred(image, 1.5).astype(float) == pytest.approx(wanted, abs=8)


def test_samples_out_of_focus_are_read() -> None:
    with (SAMPLES / "labels.csv").open(newline="") as rows:
        samples = [(row["file"], row["text"]) for row in csv.DictReader(rows)]
    images, texts = [read_crop(str(SAMPLES / file)).image for file, _ in samples], [text for _, text in samples]
    readings = Reader.load("code-base", "cpu").read_crops([Crop(blurred(image, blur), "") for blur in (2.0, 2.5) for image in images])
    assert sum(reading.text == text for reading, text in zip(readings, 2 * texts, strict=True)) >= 22  # 19 as they are


def test_edges_are_as_wide_in_whole_numbers_as_in_floating_point() -> None:
    source = np.random.default_rng(3)
    for _ in range(20):
        crop = source.integers(0, 256, (1, 32, 90), dtype=np.uint8)
        steps = np.repeat(crop[:, :, ::9], 9, axis=2)  # from black to white, so that nothing may wrap around
        for pixels in (crop, steps):
            assert _edge_width(pixels[0]) == _edge_width(pixels[0].astype(np.float64))
