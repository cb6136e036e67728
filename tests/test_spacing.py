"""How much wider a line is to be drawn follows from how far apart its characters were seen."""

import numpy as np
import pytest

from siga_ocr.config import InputConfig
from siga_ocr.decode import Decoded
from siga_ocr.intake import Taken
from siga_ocr.reading import CharReading
from siga_ocr.spacing import APART, CLOSE, LEAST, MOST, USUAL, widening
from siga_ocr.window import Window

INPUT = InputConfig()
WHOLE = Window()


def taken(columns: int = 200, width: int = 200) -> Taken:
    return Taken("a", np.zeros((1, INPUT.height, columns), dtype=np.uint8), width, INPUT.height)


def found(*middles: float, line: Window | None = WHOLE) -> Decoded:
    return Decoded(tuple(CharReading("A", 0.9, middle - 4, middle + 4) for middle in middles), 0.5, line=line)


def test_what_stands_as_usual_is_drawn_as_it_is() -> None:
    for apart in (CLOSE + 0.01, USUAL, APART - 0.01):
        assert widening(taken(), found(10, 10 + 32 * apart, 10 + 64 * apart), INPUT) == 1.0


@pytest.mark.parametrize("apart", [0.3, 0.44, 0.81, 1.1])
def test_what_stands_close_is_widened_and_what_stands_apart_is_narrowed(apart: float) -> None:
    assert widening(taken(), found(10, 20, 10 + 64 * apart), INPUT) == pytest.approx(USUAL / apart)


def test_a_low_line_counts_by_its_own_height_and_a_high_one_by_that_of_the_crop() -> None:
    assert widening(taken(), found(10, 20, line=Window(height=0.5)), INPUT) == 1.0  # 10 pixels for 16 rows
    assert widening(taken(), found(10, 20, line=Window(height=1.1)), INPUT) == pytest.approx(USUAL * 3.2)


def test_places_are_pixels_of_the_crop_and_its_columns_those_of_the_network() -> None:
    assert widening(taken(columns=100, width=200), found(10, 46), INPUT) == 1.0  # 18 columns for 32 rows
    assert widening(taken(columns=100, width=200), found(10, 30), INPUT) == pytest.approx(USUAL * 3.2)


def test_no_line_is_drawn_wider_or_narrower_than_it_makes_sense() -> None:
    assert widening(taken(), found(10, 12), INPUT) == MOST
    assert widening(taken(), found(10, 190), INPUT) == LEAST


@pytest.mark.parametrize("reading", [found(), found(10), found(10, 10), found(20, 10), found(10, 190, line=None)])
def test_what_has_no_spacing_is_drawn_as_it_is(reading: Decoded) -> None:
    assert widening(taken(), reading, INPUT) == 1.0
