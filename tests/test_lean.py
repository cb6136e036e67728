"""How far strokes lean is found from their edges."""

import numpy as np
import pytest

from siga_ocr.lean import LEANS, lean
from siga_ocr.window import Window


def letters(leaning: float, height: int = 32, width: int = 120) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Upright bars with level ones between some of them, as in E, H and L; then all lean."""
    line = np.full((height, width), 60, np.uint8)
    for number, x in enumerate(range(12, width - 16, 20)):
        line[6:26, x : x + 3] = 200
        line[(6, 15, 23)[number % 3] :, x : x + 12][:3] = 200
    return Window(lean=-leaning).drawn(line, (width, height))[None]


@pytest.mark.parametrize("leaning", [-0.45, -0.2, 0.0, 0.15, 0.5])
def test_the_lean_of_letters_is_found(leaning: float) -> None:
    assert lean(letters(leaning)) == pytest.approx(leaning, abs=0.051)
    assert lean(255 - letters(leaning)) == pytest.approx(leaning, abs=0.051)
    assert lean(np.repeat(letters(leaning), 3, axis=0)) == pytest.approx(leaning, abs=0.051)


def test_what_has_no_edge_does_not_lean() -> None:
    assert lean(np.full((1, 32, 80), 7, np.uint8)) == 0.0
    assert lean(np.zeros((3, 32, 2), np.uint8)) == 0.0


def test_upright_is_one_of_the_leans_that_are_tried() -> None:
    assert 0.0 in LEANS
