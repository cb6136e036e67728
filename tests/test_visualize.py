"""Rules of the overlay: what it shows is where it was."""

import colorsys
from itertools import pairwise

import numpy as np
import pytest

from siga_ocr.reading import CharReading
from siga_ocr.visualize import GAP, HEIGHT, Evidence, colours, overlay


def evidence(text: str, own_width: int = 80, shape: tuple[int, int] = (64, 160)) -> Evidence:
    """A grey crop; character t is seen in columns 20 t .. 20 t + 10 of 160."""
    attention = np.zeros((len(text), 16, 80), dtype=np.float32)
    for t in range(len(text)):
        attention[t, 4:12, 10 * t : 10 * t + 5] = 1 / 40
    foreground = np.zeros((32, 160), dtype=np.float32)
    foreground[:, :40] = 1
    characters = tuple(CharReading(character, 0.9, 0, 1) for character in text)
    return Evidence(np.full((*shape, 3), 128, dtype=np.uint8), foreground, attention, characters, own_width)


def test_neighbouring_colours_differ_by_a_third_of_the_circle() -> None:
    hues = [colorsys.rgb_to_hsv(*colour)[0] for colour in colours(40)]
    turns = [abs(one - other) for one, other in pairwise(hues)]
    assert all(min(turn, 1 - turn) > 0.33 for turn in turns)


def test_foreground_is_cut_to_the_crops_own_columns() -> None:
    picture = overlay(evidence("A"))
    view = picture[HEIGHT + 2 * GAP : 2 * HEIGHT + 2 * GAP, GAP:-GAP, 0]
    middle = view.shape[1] // 2  # 40 of 80 own columns are text
    assert view[:, : middle - 5].min() > 250
    assert view[:, middle + 5 :].max() < 5


def test_each_character_has_its_colour_where_it_was_seen() -> None:
    picture = overlay(evidence("AB1")).astype(int)
    view = picture[2 * HEIGHT + 3 * GAP : 3 * HEIGHT + 3 * GAP, GAP:-GAP]
    for t, colour in enumerate(colours(3)):
        column = round((20 * t + 5) / 80 * view.shape[1])
        assert np.abs(view[HEIGHT // 2, column] - colour).max() < 80
    assert np.ptp(view[2, :], axis=1).max() < 3  # no colour where nothing was seen


@pytest.mark.parametrize("text", ["", "A", "A" * 40])
@pytest.mark.parametrize("shape", [(1, 1), (500, 3), (3, 4000)])
def test_every_shape_and_length_makes_a_picture_of_bearable_size(text: str, shape: tuple[int, int]) -> None:
    picture = overlay(evidence(text, own_width=4, shape=shape))
    assert picture.dtype == np.uint8
    assert 160 <= picture.shape[1] <= 1600 + 2 * GAP
