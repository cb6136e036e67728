"""A strip of a picture, straightened and drawn large."""

import numpy as np
import pytest

from siga_ocr.window import Pixels, Window


def slanted(height: int, width: int, left: float, right: float, thick: float) -> Pixels:
    """A bright line on black whose middle runs from `left` to `right`, `thick` high, all in shares of the height."""
    y = (np.arange(height) + 0.5)[:, None] / height
    x = (np.arange(width) + 0.5)[None] / width
    return np.asarray(np.where(np.abs(y - left - (right - left) * x) < thick / 2, 255, 0), np.uint8)


@pytest.mark.parametrize(("left", "right"), [(0.5, 0.5), (0.3, 0.7), (0.9, 0.4), (-0.1, 0.5)])
def test_a_slanted_line_comes_out_level_and_as_high_as_it_is_in_the_strip(left: float, right: float) -> None:
    seen = Window(left, right, 0.4).drawn(slanted(80, 300, left, right, 0.2), (500, 64))
    assert seen.shape == (64, 500)
    inside = seen[:, 260:]  # what lies above the picture is its uppermost row, not a line
    rows = inside.mean(axis=1)
    assert (rows[20:44] > 240).all()
    assert (rows[:12] < 15).all()
    assert (rows[-12:] < 15).all()


def test_the_whole_picture_is_itself() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (32, 90), dtype=np.uint8)
    assert np.array_equal(Window().drawn(picture, (90, 32)), picture)


def test_beyond_the_picture_its_edges_go_on() -> None:
    seen = Window(height=2.0).drawn(np.repeat(np.array([[10], [200]], np.uint8), 8, axis=1).repeat(16, axis=0), (8, 32))
    assert set(seen[:14].flat) == {10}
    assert set(seen[-14:].flat) == {200}


def test_colours_stay_apart_and_the_rows_are_as_many_as_before() -> None:
    picture = np.zeros((30, 60, 3), np.uint8)
    picture[:, :, 1] = 120
    seen = Window(0.5, 0.5, 0.5).at(picture)
    assert seen.shape == (30, 120, 3)
    assert np.array_equal(seen.reshape(-1, 3).max(axis=0), [0, 120, 0])


def strokes(height: int, width: int, lean: float, size: int = 1) -> Pixels:
    """Bright upright strokes that lean about the middle row, six pixels of `size` thick, each forty from the next."""
    y, x = np.arange(height)[:, None] + 0.5 - height / 2, np.arange(width)[None] + 0.5
    return np.asarray(np.where((x - lean * y) % (40 * size) < 6 * size, 255, 0), np.uint8)


@pytest.mark.parametrize("lean", [0.5, -0.3])
@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_leaning_strokes_come_out_upright_and_where_they_were(lean: float, slope: float) -> None:
    height, width = 60, 240
    level = strokes(height, width, lean)
    rise = np.round(slope * (np.arange(width) - width / 2)).astype(int)  # each column moved down or up, what leaves the picture comes in again
    sloping = np.stack([np.roll(level[:, x], rise[x]) for x in range(width)], axis=1)
    picture = level if slope == 0 else sloping
    half = slope * width / height / 2
    seen = Window(0.5 - half, 0.5 + half, 0.5, lean).drawn(picture, (2 * width, height))
    expected = strokes(height, 2 * width, 0.0, 2)
    assert np.abs(seen[10:50, 60:-60].astype(float) - expected[10:50, 60:-60]).mean() < (12 if slope == 0 else 20)


@pytest.mark.parametrize("fan", [2.0, -1.2])
def test_strokes_that_spread_like_a_fan_come_out_upright_and_where_they_were(fan: float) -> None:
    height, width = 60, 240
    y, x = np.arange(height)[:, None] + 0.5 - height / 2, np.arange(width)[None] + 0.5
    upright = (x + fan / 2 * y) / (1 + fan / width * y)  # where the stroke through (x, y) meets the middle row
    picture = np.asarray(np.where(upright % 40 < 6, 255, 0), np.uint8)
    seen = Window(fan=fan).drawn(picture, (width, height))
    assert np.abs(seen[:, 40:-40].astype(float) - strokes(height, width, 0.0)[:, 40:-40]).mean() < 12
    assert np.abs(picture[:, 40:-40].astype(float) - strokes(height, width, 0.0)[:, 40:-40]).mean() > 25


@pytest.mark.parametrize("fan", [0.0, -2.0])
def test_beside_a_leaning_picture_its_edges_go_on(fan: float) -> None:
    seen = Window(0.2, 0.8, 1.0, 1.0, fan).drawn(np.full((32, 40), 90, np.uint8), (40, 32))
    assert set(seen.flat) == {90}
