import numpy as np
import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.render import render
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style


@pytest.mark.parametrize("family", [name for name, _ in DEFAULT_FAMILIES])
def test_a_crop_shows_each_of_its_characters(family: str) -> None:
    style = family_style(family, RenderStyle(difficulty=0.0, blank=0.0))
    for index in range(8):
        crop = render(7, index, style)
        assert crop.image.dtype == np.uint8
        assert crop.image.shape == (*crop.glyph_map.shape, 3)
        assert set(crop.text) <= set(PRINTABLE)
        assert 1 <= len(crop.text) <= 40
        assert set(np.unique(crop.glyph_map).tolist()) - {0} == set(range(1, len(crop.text) + 1))


def test_the_same_seed_and_index_give_the_same_crop_and_others_do_not() -> None:
    style = RenderStyle()
    first, again, other = render(3, 5, style), render(3, 5, style), render(3, 6, style)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.glyph_map, again.glyph_map)
    assert first.text == again.text
    assert first.image.shape != other.image.shape or not np.array_equal(first.image, other.image)


def test_a_blank_crop_has_neither_text_nor_glyphs() -> None:
    style = RenderStyle(blank=1.0)
    for index in range(12):
        crop = render(1, index, style)
        assert crop.text == ""
        assert not crop.glyph_map.any()
