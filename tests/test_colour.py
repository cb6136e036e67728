"""Grey levels where luma hides what the colours of a crop show."""

from dataclasses import replace

import numpy as np
import pytest

from siga_ocr.colour import told_apart
from siga_ocr.config import InputConfig, ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.focus import as_read
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.preprocess import Pixels, fit

GREY = InputConfig(channels=1, height=32, widths=(128,), keep_aspect=True, standardise=True)
RNG = np.random.default_rng(19)
WHITE_ON_BLUE = (30, 60, 170), (250, 250, 250)
RED_ON_GREEN = (20, 140, 40), (230, 30, 50)  # luma 93 and 92


def bars(ground: tuple[int, int, int], ink: tuple[int, int, int], height: int = 32, width: int = 128) -> tuple[Pixels, np.ndarray]:
    """A crop [h, w, 3] of upright bars, and where their ink is [h, w]."""
    inked = np.zeros((height, width), dtype=bool)
    for left in range(8, width - 8, 16):
        inked[height // 4 : -height // 4, left : left + 6] = True
    return np.where(inked[..., None], np.array(ink), np.array(ground)).astype(np.uint8), inked


def highlight(image: Pixels, strength: float) -> Pixels:
    """Light added to the left half, more than a file can hold."""
    light = np.where(np.arange(image.shape[1]) < image.shape[1] // 2, strength, 0)[None, :, None]
    return (image + light).clip(0, 255).astype(np.uint8)


def contrast(image: Pixels, inked: np.ndarray) -> float:
    """Of the ink to its ground, in grey levels as the network sees them."""
    levels = fit(image, GREY)[0].astype(float)
    return float(levels[inked].mean() - levels[~inked].mean())


def test_a_burnt_out_highlight_leaves_the_darkest_channel() -> None:
    image, inked = bars(*WHITE_ON_BLUE)
    burnt = highlight(image, 160)
    told, left = told_apart(burnt, GREY), np.s_[:, : image.shape[1] // 2]
    assert np.array_equal(told, np.repeat(burnt.min(axis=2)[..., None], 3, axis=2))
    before = fit(burnt, GREY)[0].astype(float)[left]
    now = fit(told, GREY)[0].astype(float)[left]
    ink = inked[left]
    assert now[ink].mean() - now[~ink].mean() > 1.4 * (before[ink].mean() - before[~ink].mean())


def test_dark_ink_on_yellow_keeps_its_luma() -> None:
    """Red burns out there, and blue shows little: the ground is as dark in it as the ink."""
    image, _ = bars((255, 220, 30), (20, 20, 20))
    noisy = (image + RNG.normal(0, 8, image.shape)).clip(0, 255).astype(np.uint8)
    assert told_apart(noisy, GREY) is noisy


def test_what_is_burnt_out_in_all_channels_or_in_few_places_keeps_its_luma() -> None:
    white, _ = bars((255, 255, 255), (30, 30, 30))
    assert told_apart(white, GREY) is white
    blue, _ = bars(*WHITE_ON_BLUE)
    blue[:3, :30] = 255, 255, 90  # a spot
    assert told_apart(blue, GREY) is blue


@pytest.mark.parametrize("height", [24, 32, 200])
def test_colours_of_the_same_brightness_are_told_apart(height: int) -> None:
    image, inked = bars(*RED_ON_GREEN, height=height, width=4 * height)
    noisy = (image + RNG.normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8)
    told = told_apart(noisy, GREY)
    assert told.shape == image.shape
    assert told.dtype == np.uint8
    assert (told[..., 0] == told[..., 1]).all()
    luma = noisy.astype(float) @ [0.299, 0.587, 0.114]
    assert abs(luma[inked].mean() - luma[~inked].mean()) < 3
    levels = told[..., 0].astype(float)
    assert abs(levels[inked].mean() - levels[~inked].mean()) > 100


def test_the_component_is_brighter_where_luma_is() -> None:
    bright_red, inked = bars((20, 130, 40), (250, 40, 60))  # luma 87 and 105
    told = told_apart(bright_red, GREY)
    assert told is not bright_red
    assert contrast(told, inked) > 100
    dark_red, inked = bars((20, 150, 40), (210, 20, 40))  # luma 99 and 79
    assert contrast(told_apart(dark_red, GREY), inked) < -100


def test_where_luma_shows_enough_it_stays() -> None:
    """A channel that deviates twice as much is noisier, and in files less sharp, than a luma that is not faint."""
    image, _ = bars((20, 140, 40), (250, 90, 50))  # luma 93 and 133
    assert told_apart(image, GREY) is image
    metal = RNG.normal(128, 3, (32, 128, 3)).clip(0, 255).astype(np.uint8)
    assert told_apart(metal, GREY) is metal
    flat = np.full((32, 128, 3), (90, 20, 200), dtype=np.uint8)
    assert told_apart(flat, GREY) is flat


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (700, 1), (100, 2)])
def test_a_crop_of_any_shape_is_judged(shape: tuple[int, int]) -> None:
    image = RNG.integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert told_apart(image, GREY).shape == image.shape


def test_networks_that_see_colours_or_other_shapes_get_the_crop_as_it_is() -> None:
    image, _ = bars(*RED_ON_GREEN)
    for config in (replace(GREY, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3), replace(GREY, standardise=False), replace(GREY, keep_aspect=False)):
        assert told_apart(image, config) is image


def test_reading_and_photographs_that_are_learned_from_see_the_same(tiny_config: ModelConfig) -> None:
    config = replace(tiny_config.input, standardise=True)
    image, _ = bars(*RED_ON_GREEN, height=config.height)
    taken = take(Crop(image, "red.png"), config, IntakeOptions())
    assert np.array_equal(taken.pixels, fit(told_apart(image, config), config))
    assert taken.pixels.std() > 3 * fit(image, config).std()
    assert np.array_equal(as_read(image, config), taken.pixels)
