"""Rules of the one path from pixels to the network's input."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from siga_ocr.config import InputConfig, ModelConfig
from siga_ocr.errors import UsageError
from siga_ocr.preprocess import (
    FEW_ROWS,
    Batch,
    bucket,
    fit,
    in_detail,
    normalise,
    resized,
    softly_fitted,
    squeezed,
    to_batch,
    unsqueezed,
)

GREY = InputConfig()
PUBLISHED = ModelConfig().input


def noise(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(32, 100, 100), (64, 200, 100), (16, 50, 100), (32, 384, 384), (10, 1000, 384), (1000, 1, 4), (1, 1, 32), (33, 100, 97)],
)
def test_fit_keeps_the_aspect_ratio_up_to_twelve_and_squeezes_beyond(height: int, width: int, expected: int) -> None:
    fitted = fit(noise(height, width), GREY)
    assert fitted.shape == (1, 32, expected)
    assert fitted.dtype == np.uint8


def test_fit_stretches_to_the_only_width_where_the_aspect_ratio_is_not_kept() -> None:
    assert {fit(noise(20, width), PUBLISHED).shape for width in (5, 128, 900)} == {(3, 32, 128)}


def test_a_crop_of_few_rows_is_drawn_by_lanczos_filter_and_softly_as_others_are() -> None:
    few, more = noise(FEW_ROWS - 1, 60), noise(FEW_ROWS, 60)
    drawn = {
        way: np.asarray(Image.fromarray(few).convert("L").resize((128, 32), way)) for way in (Image.Resampling.LANCZOS, Image.Resampling.BILINEAR)
    }
    assert np.array_equal(fit(few, GREY)[0], drawn[Image.Resampling.LANCZOS])
    soft = softly_fitted(few, GREY)
    assert soft is not None
    assert np.array_equal(soft[0], drawn[Image.Resampling.BILINEAR])
    assert softly_fitted(more, GREY) is None
    assert np.array_equal(fit(more, GREY)[0], np.asarray(Image.fromarray(more).convert("L").resize((120, 32), Image.Resampling.BILINEAR)))


def test_networks_that_squeeze_crops_draw_few_rows_as_they_were_trained() -> None:
    few = noise(FEW_ROWS - 1, 60)
    assert softly_fitted(few, PUBLISHED) is None
    assert np.array_equal(fit(few, PUBLISHED).transpose(1, 2, 0), np.asarray(Image.fromarray(few).resize((128, 32), Image.Resampling.BICUBIC)))


def test_grey_is_the_itu_601_luma() -> None:
    colours = np.zeros((32, 32, 3), dtype=np.uint8)
    colours[..., 0], colours[..., 1], colours[..., 2] = 200, 100, 50
    assert set(np.unique(fit(colours, GREY))) == {round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)}


def test_shrinking_averages_instead_of_picking_pixels() -> None:
    stripes = np.zeros((320, 320, 3), dtype=np.uint8)
    stripes[::2] = 255
    inner = fit(stripes, GREY)[0, 2:-2, 2:-2].astype(float)
    assert abs(inner.mean() - 127.5) < 2
    assert inner.std() < 4


@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 4), (0, 5, 3)])
def test_fit_refuses_what_is_no_crop(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="A crop is"):
        fit(np.zeros(shape, dtype=np.uint8), GREY)


def test_the_bucket_is_the_smallest_that_holds_the_width() -> None:
    for width in range(1, 385):
        chosen = bucket(width, GREY)
        assert chosen >= width
        assert all(other < width for other in GREY.widths if other < chosen)
    with pytest.raises(UsageError, match="385 columns"):
        bucket(385, GREY)


def test_padding_is_zero_and_the_mask_marks_the_own_columns() -> None:
    crops = [fit(noise(32, width, seed=width), GREY) for width in (30, 70, 65)]
    batch = to_batch(crops, GREY)
    assert batch.images.shape == (3, 1, 32, 96)
    assert batch.widths.tolist() == [30, 70, 65]
    for image, mask in zip(batch.images, batch.mask, strict=True):
        assert (np.diff(mask) <= 0).all()
        assert set(np.unique(mask)) == {0.0, 1.0}
        assert not image[:, :, mask == 0].any()
        assert image[:, :, mask == 1].any(axis=(0, 1)).all()


def test_a_crop_is_normalised_the_same_alone_and_in_any_company() -> None:
    crops = [fit(noise(32, width, seed=width), GREY) for width in (30, 120, 384)]
    together = to_batch(crops, GREY)
    for row, crop in enumerate(crops):
        alone = to_batch([crop], GREY)
        width = crop.shape[2]
        assert np.array_equal(alone.images[0, :, :, :width], together.images[row, :, :, :width])


def test_standardising_gives_mean_zero_and_deviation_one_whatever_light_and_contrast() -> None:
    crop = fit(noise(32, 100), GREY)
    level = normalise(crop, GREY)
    dimmed = normalise((crop // 4 + 60).astype(np.uint8), GREY)
    assert abs(level.mean()) < 1e-4
    assert level.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(level - dimmed).max() < 0.1


def test_an_almost_constant_crop_is_not_blown_up() -> None:
    faint = np.full((1, 32, 64), 100, dtype=np.uint8)
    faint[:, ::2] = 101
    assert np.abs(normalise(faint, GREY)).max() <= 0.5 / 8 + 1e-6
    assert not normalise(np.full((1, 32, 64), 7, dtype=np.uint8), GREY).any()


def test_published_normalisation_is_per_channel() -> None:
    white = normalise(np.full((3, 32, 128), 255, dtype=np.uint8), PUBLISHED)
    expected = (1 - np.array(PUBLISHED.mean)) / np.array(PUBLISHED.std)
    assert np.allclose(white[:, 0, 0], expected, atol=1e-6)


def test_a_batch_refuses_nothing_and_foreign_shapes() -> None:
    with pytest.raises(UsageError, match="at least one"):
        to_batch([], GREY)
    with pytest.raises(UsageError, match="fitted crop"):
        to_batch([np.zeros((3, 32, 64), dtype=np.uint8)], GREY)
    with pytest.raises(UsageError, match="fitted crop"):
        to_batch([np.zeros((1, 32, 64), dtype=np.uint8)], replace(GREY, height=40))
    with pytest.raises(UsageError, match="mask"):
        Batch(np.zeros((1, 1, 32, 64), dtype=np.float32), np.zeros((1, 60), dtype=np.float32))


def test_what_is_too_wide_is_kept_as_it_was_up_to_four_widths_and_squeezed_when_it_is_read() -> None:
    assert unsqueezed(noise(32, 384), GREY) is None
    assert unsqueezed(noise(32, 500), replace(GREY, keep_aspect=False, widths=(128,))) is None
    wide = unsqueezed(noise(64, 2000), GREY)
    assert wide is not None
    assert wide.shape == (1, 32, 1000)
    longest = unsqueezed(noise(32, 9000), GREY)
    assert longest is not None
    assert longest.shape == (1, 32, 4 * 384)
    assert squeezed(wide, GREY).shape == (1, 32, 384)
    far = replace(GREY, widths=(384, 2048))
    beyond = unsqueezed(noise(32, 9000), far)
    assert beyond is not None
    assert beyond.shape == (1, 32, 4 * 2048)
    narrow = fit(noise(32, 300), GREY)
    assert squeezed(narrow, GREY) is narrow
    assert resized(narrow, 1.4, GREY).shape == (1, 32, 4)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (40, 100, (40, 100)),
        (96, 300, (96, 300)),
        (192, 600, (96, 300)),
        (39, 100, None),
        (32, 100, None),
        (100, 1201, None),
        (100, 1200, (96, 1152)),
        (900, 1, (96, 1)),
    ],
)
def test_a_crop_with_more_rows_is_kept_in_up_to_three_times_as_many(height: int, width: int, expected: tuple[int, int] | None) -> None:
    detail = in_detail(noise(height, width), GREY)
    assert (None if detail is None else detail.shape[1:]) == expected
    assert in_detail(noise(height, width), replace(GREY, keep_aspect=False, widths=(128,))) is None


def test_detail_is_the_same_crop_with_its_finer_strokes() -> None:
    stripes = np.zeros((96, 240, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    detail = in_detail(stripes, GREY)
    assert detail is not None
    assert detail.std() == pytest.approx(100)
    assert fit(stripes, GREY).std() < 20
    assert resized(detail, 80, GREY).astype(float) == pytest.approx(fit(stripes, GREY).astype(float), abs=3)


@pytest.mark.parametrize(("widest", "closely", "bucketed"), [(65, 72, 96), (64, 64, 64), (9, 16, 64), (384, 384, 384)])
def test_a_batch_is_padded_closely_where_that_is_asked_for(widest: int, closely: int, bucketed: int) -> None:
    crops = [fit(noise(32, width, seed=width), GREY) for width in (widest, 5)]
    close, wide = to_batch(crops, GREY, closely=True), to_batch(crops, GREY)
    assert (close.images.shape[3], wide.images.shape[3]) == (closely, bucketed)
    assert np.array_equal(close.images, wide.images[..., :closely])
    assert np.array_equal(close.mask, wide.mask[:, :closely])
    assert not wide.images[..., closely:].any()
