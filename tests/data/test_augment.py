"""Changes to crops: the same seed gives the same crop, strength 0 changes nothing, and the text stays in the picture."""

import numpy as np
import pytest

from siga_ocr.data.augment import Pixels, _cut_into, _leaned, _slanted, geometric, photometric, stretched_width


def framed(width: int, channels: int = 1) -> Pixels:
    """A light crop whose text is a dark bar with the usual margins."""
    crop = np.full((32, width, 3), 200, dtype=np.uint8)
    crop[8:24, 8 : width - 8] = 40
    return crop[:, :, 0] if channels == 1 else crop


@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_is_a_function_of_the_seed(channels: int) -> None:
    crop = framed(96, channels)
    runs = [photometric(geometric(crop, 100, 1.0, rng), 1.0, rng) for rng in map(np.random.default_rng, (5, 5, 6))]
    assert runs[0].shape == (32, 100, *crop.shape[2:])
    assert runs[0].dtype == np.uint8
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_no_strength_no_change() -> None:
    crop, rng = framed(96), np.random.default_rng(0)
    assert (geometric(crop, 96, 0.0, rng) == crop).all()
    assert (photometric(crop, 0.0, rng) == crop).all()
    assert stretched_width(96, 0.0, 1.0) == 96


def test_a_crop_is_never_changed_in_place() -> None:
    crop = framed(96)
    for seed in range(50):
        rng = np.random.default_rng(seed)
        photometric(geometric(crop, 110, 1.0, rng), 1.0, rng)
    assert (crop == framed(96)).all()


@pytest.mark.parametrize("width", [24, 96, 384])
def test_warps_keep_the_text_in_the_picture(width: int) -> None:
    whole = int((framed(width) < 120).sum())
    for seed in range(40):
        warped = geometric(framed(width), width, 1.0, np.random.default_rng(seed))
        assert 0.5 * whole < int((warped < 120).sum()) < 1.65 * whole  # a slanted line is drawn smaller, one that is cut into larger


def test_slants_keep_a_long_line_whole_and_cuts_leave_most_of_it() -> None:
    corners = np.array([[0, 0], [96, 0], [96, 32], [0, 32]], np.float32)
    for rise in (-0.3, -0.1, 0.2, 0.3):
        turned = _slanted(corners, rise)
        assert (turned[2, 1] - turned[0, 1] > 0) == (turned[3, 1] - turned[1, 1] > 0)
        assert turned[0, 1] - turned[1, 1] == pytest.approx(-2 * rise * 32, abs=0.01)
        text = 0.5 + 0.5 * (turned[:, 1] - 16) / 16 * 0.5  # the middle half of the height, where the text is
        assert (text > -0.05).all()
        assert (text < 1.05).all()
    for share in (0.05, 0.35):
        above, below = _cut_into(corners, share, from_above=True), _cut_into(corners, share, from_above=False)
        assert (above[2, 1], below[0, 1]) == (32, 0)
        assert -above[0, 1] / (32 - above[0, 1]) == pytest.approx(share)
        assert (below[2, 1] - 32) / below[2, 1] == pytest.approx(share)


@pytest.mark.parametrize("shift", [-11.0, -2.0, 7.0, 11.0])
def test_a_leaning_line_stays_within_its_crop(shift: float) -> None:
    corners = np.array([[0, 0], [96, 0], [96, 32], [0, 32]], np.float32)
    leaning = _leaned(corners, shift)
    assert leaning[:, 1].tolist() == corners[:, 1].tolist()
    assert leaning[0, 0] - leaning[3, 0] == pytest.approx(shift, abs=1e-3)
    assert leaning[1, 0] - leaning[2, 0] == pytest.approx(shift, abs=1e-3)
    assert leaning[:, 0].min() > -1
    assert leaning[:, 0].max() < 97
    assert min(leaning[1, 0] - leaning[0, 0], leaning[2, 0] - leaning[3, 0]) > 80


def test_lines_do_lean_now_and_then() -> None:
    upright = np.full((32, 96), 200, np.uint8)
    upright[4:28, 46:50] = 20
    feet = []
    for seed in range(60):
        warped = geometric(upright, 96, 1.0, np.random.default_rng(seed)) < 110
        rows = [np.flatnonzero(row).mean() for row in warped[8:24] if row.any()]
        feet.append(rows[-1] - rows[0])
    assert max(feet) > 5
    assert min(feet) < -5


def test_stretches_stay_within_fifteen_percent() -> None:
    assert [stretched_width(100, 1.0, draw) for draw in (-1, 0, 1)] == [85, 100, 115]


def test_light_changes_leave_text_and_ground_apart() -> None:
    crop = framed(96)
    for seed in range(100):
        lit = photometric(crop, 1.0, np.random.default_rng(seed)).astype(float)
        assert abs(lit[10:22, 12:84].mean() - lit[:4].mean()) > 8
