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
