"""The light on a crop, told from what is written there, and taken away."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from siga_ocr.config import InputConfig
from siga_ocr.light import CONTRAST, SMOOTHEST, contrast_normalised, evened, is_partly_shaded, is_shaded
from siga_ocr.preprocess import MIDDLE_GREY

GREY = InputConfig()


def strokes(rows: int = 32, contrast: int = 10, shadow: int = 0) -> npt.NDArray[np.uint8]:
    """Upright strokes [1, rows, 4 rows], the right half in a shadow."""
    columns = np.arange(4 * rows)
    levels = 128 + contrast * np.where(columns * 32 // rows % 8 < 4, 1, -1) + shadow * np.where(columns < 2 * rows, 1, -1)
    return np.repeat(levels[None, None, :], rows, axis=1).astype(np.uint8)


def test_what_is_written_across_the_edge_of_a_shadow_is_shaded() -> None:
    assert is_shaded(strokes(shadow=60), GREY)
    assert not is_shaded(strokes(shadow=6), GREY)
    assert not is_shaded(strokes(contrast=60, shadow=60), GREY)
    assert not is_shaded(np.full((1, 32, 90), 77, dtype=np.uint8), GREY)  # nothing varies at all
    assert not is_shaded(strokes(shadow=60), replace(GREY, standardise=False))
    assert not is_shaded(strokes(shadow=60), replace(GREY, keep_aspect=False, widths=(128,)))


@pytest.mark.parametrize("rows", [32, 96])
def test_an_evened_crop_keeps_its_strokes_and_loses_the_shadow(rows: int) -> None:
    shadowed = strokes(rows, shadow=60)
    even, unshadowed = evened(shadowed), evened(strokes(rows))
    assert even.shape == shadowed.shape
    assert even.dtype == np.uint8
    for part in (slice(3 * rows // 2), slice(5 * rows // 2, None)):  # away from the edge itself
        assert np.array_equal(even[:, :, part], unshadowed[:, :, part])
        assert even[:, :, part].mean() == pytest.approx(MIDDLE_GREY, abs=2)
        assert even[:, :, part].std() > 8


def test_evening_takes_each_channel_by_itself() -> None:
    two = np.concatenate([strokes(shadow=60), strokes(shadow=0)])
    assert np.array_equal(evened(two), np.concatenate([evened(strokes(shadow=60)), evened(strokes(shadow=0))]))


def test_where_the_light_varies_more_than_the_strokes_a_crop_is_partly_shaded() -> None:
    assert is_partly_shaded(strokes(contrast=25, shadow=60), GREY)
    assert not is_shaded(strokes(contrast=25, shadow=60), GREY)
    assert not is_partly_shaded(strokes(contrast=25, shadow=10), GREY)
    assert not is_partly_shaded(np.full((1, 32, 90), 77, dtype=np.uint8), GREY)
    assert not is_partly_shaded(strokes(contrast=25, shadow=60), replace(GREY, standardise=False))
    assert not is_partly_shaded(strokes(contrast=25, shadow=60), replace(GREY, keep_aspect=False, widths=(128,)))


@pytest.mark.parametrize("rows", [32, 96])
def test_normalised_contrast_is_the_same_in_light_and_shadow(rows: int) -> None:
    crop = np.concatenate([strokes(rows, contrast=60), strokes(rows, contrast=20) - np.uint8(80)], axis=2)
    drawn = contrast_normalised(crop)
    assert drawn.shape == crop.shape
    assert drawn.dtype == np.uint8
    in_light, in_shadow = drawn[:, :, rows : 3 * rows], drawn[:, :, 5 * rows : 7 * rows]  # away from the edge
    assert in_light.mean() == pytest.approx(in_shadow.mean(), abs=1)
    assert in_light.mean() == pytest.approx(MIDDLE_GREY, abs=3)
    assert in_light.std() == pytest.approx(in_shadow.std(), rel=0.02)
    assert in_light.std() == pytest.approx(CONTRAST, rel=0.25)


def test_smooth_ground_stays_smooth_where_contrast_is_normalised() -> None:
    assert np.array_equal(contrast_normalised(np.full((1, 32, 90), 77, dtype=np.uint8)), np.full((1, 32, 90), MIDDLE_GREY))
    noise = np.random.default_rng(0).normal(100, 1, (1, 32, 90)).round().astype(np.uint8)
    assert contrast_normalised(noise).std() == pytest.approx(CONTRAST / SMOOTHEST * noise.std(), rel=0.05)
    beside = np.concatenate([strokes(contrast=60), noise], axis=2)  # as smooth as it is beside strokes of more contrast
    assert contrast_normalised(beside)[:, :, 140:].std() < 0.1 * CONTRAST
