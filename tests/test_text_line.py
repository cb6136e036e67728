"""The line that glyph maps show."""

import numpy as np
import pytest

from siga_ocr.text_line import DEVIATIONS, HIGHEST, LOWEST, STEEPEST, Floats, text_line

HEIGHT = 32


def maps(places: list[tuple[float, float]], columns: int = 80, spread: float = 1.0) -> Floats:
    """A round map [16, columns] for each place x, y in heights of the crop; a height is 16 rows and as many columns."""
    y, x = np.mgrid[0:16, 0:columns] + 0.5
    each = np.stack([np.exp(-((x - 16 * left) ** 2 + (y - 16 * top) ** 2) / (2 * spread**2)) for left, top in places])
    return np.asarray(each / each.sum(axis=(1, 2), keepdims=True), np.float32)


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.2])
def test_it_runs_through_the_characters(slope: float) -> None:
    found = text_line(maps([(x, 0.5 + slope * (x - 2.5)) for x in (1.0, 2.0, 3.0, 4.0)]), HEIGHT, 5 * HEIGHT, 1.0)
    assert found is not None
    assert found.left == pytest.approx(0.5 - 2.5 * slope, abs=0.04)
    assert found.right == pytest.approx(0.5 + 2.5 * slope, abs=0.04)


def test_padding_does_not_count() -> None:
    places = [(x, 0.4 + 0.1 * x) for x in (0.5, 1.0, 1.5)]
    alone, padded = text_line(maps(places, 32), HEIGHT, 64, 1.0), text_line(maps(places, 64), HEIGHT, 64, 0.5)
    assert alone is not None
    assert padded is not None
    assert (padded.left, padded.right, padded.height) == pytest.approx((alone.left, alone.right, alone.height), abs=0.01)


def test_it_is_as_high_as_the_maps_are_spread_within_bounds() -> None:
    heights = [found.height for spread in (0.2, 1.5, 2.5, 9.0) if (found := text_line(maps([(2.0, 0.5)], spread=spread), HEIGHT, 160, 1.0))]
    assert heights[0] == LOWEST
    assert heights[1] == pytest.approx(DEVIATIONS * 1.5 / 16, rel=0.05)
    assert heights[1] < heights[2] < heights[3] == HIGHEST


def test_what_lies_on_the_rim_of_the_maps_does_not_count() -> None:
    inside = maps([(x, 0.5) for x in (1.0, 2.0, 3.0)])
    stray = inside.copy()
    stray[0, 0, 10:20] += 0.1
    stray[2, -1, 40:50] += 0.1
    assert text_line(stray, HEIGHT, 160, 1.0) == text_line(inside, HEIGHT, 160, 1.0)
    rim = np.zeros_like(inside)
    rim[:, 0] = 1.0
    assert text_line(rim, HEIGHT, 160, 1.0) is None


def test_maps_of_few_rows_count_as_a_whole() -> None:
    two = np.zeros((1, 2, 80), np.float32)
    two[0, 0, 16] = 1.0
    found = text_line(two, HEIGHT, 160, 1.0)
    assert found is not None
    assert found.left == pytest.approx(0.25)


def test_one_character_is_not_turned_and_none_has_no_line() -> None:
    found = text_line(maps([(1.0, 0.7)]), HEIGHT, 160, 1.0)
    assert found is not None
    assert found.left == found.right == pytest.approx(0.7, abs=0.01)
    assert text_line(maps([(1.0, 0.5)])[:0], HEIGHT, 160, 1.0) is None


def test_characters_above_each_other_do_not_turn_the_crop_over() -> None:
    found = text_line(maps([(2.0, 0.1), (2.2, 0.9)]), HEIGHT, 160, 1.0)
    assert found is not None
    assert abs(found.right - found.left) <= STEEPEST * 5 + 1e-6
