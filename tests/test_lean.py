"""How far strokes lean is found from their edges."""

import numpy as np
import pytest

from siga_ocr.lean import LEANS, lean
from siga_ocr.window import Window


def letters(leaning: float, fan: float = 0.0, height: int = 32, width: int = 120) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Upright bars with level ones between some of them, as in E, H and L; then all lean, at the right end by `fan` more than at the left."""
    line = np.full((height, width), 60, np.uint8)
    for number, x in enumerate(range(12, width - 16, 20)):
        line[6:26, x : x + 3] = 200
        line[(6, 15, 23)[number % 3] :, x : x + 12][:3] = 200
    return Window(lean=-leaning, fan=-fan).drawn(line, (width, height))[None]


@pytest.mark.parametrize("leaning", [-0.45, -0.2, 0.0, 0.15, 0.5])
def test_the_lean_of_letters_is_found(leaning: float) -> None:
    for line in (letters(leaning), 255 - letters(leaning), np.repeat(letters(leaning), 3, axis=0)):
        assert lean(line) == pytest.approx((leaning, 0.0), abs=0.051)


@pytest.mark.parametrize("fan", [-1.6, -0.8, 0.8, 1.4])
@pytest.mark.parametrize("leaning", [-0.2, 0.0, 0.3])
def test_the_fan_of_letters_that_are_seen_from_above_or_below_is_found(leaning: float, fan: float) -> None:
    assert lean(letters(leaning, fan, width=160)) == pytest.approx((leaning, fan), abs=0.3)


def test_what_is_drawn_with_the_fan_that_was_found_has_none_left() -> None:
    line = letters(0.2, 1.2, width=160)
    middle, fan = lean(line)
    upright = Window(lean=middle, fan=fan).drawn(line[0], (160, 32))[None]
    assert lean(upright) == pytest.approx((0.0, 0.0), abs=0.11)


def test_one_character_has_no_fan_however_it_is_drawn() -> None:
    assert lean(letters(0.1, 1.0, width=28))[1] == 0.0


def test_what_has_no_edge_does_not_lean() -> None:
    assert lean(np.full((1, 32, 80), 7, np.uint8)) == (0.0, 0.0)
    assert lean(np.zeros((3, 32, 2), np.uint8)) == (0.0, 0.0)


def test_upright_is_one_of_the_leans_that_are_tried() -> None:
    assert 0.0 in LEANS
