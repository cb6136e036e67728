from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.render import render
from siga_ocr.errors import UsageError
from siga_ocr.render_style import FAMILY_NAMES, RenderStyle, family_style


@pytest.mark.parametrize("family", FAMILY_NAMES)
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


def test_half_a_turn_changes_the_picture_and_not_the_text() -> None:
    upright, turned = render(2, 4, RenderStyle(blank=0.0)), render(2, 4, RenderStyle(blank=0.0, upside_down=1.0))
    assert turned.text == upright.text
    assert np.array_equal(turned.image[::-1, ::-1], upright.image)
    assert np.array_equal(turned.glyph_map[::-1, ::-1], upright.glyph_map)


def test_the_characters_of_a_line_stand_from_left_to_right() -> None:
    style = family_style("label", RenderStyle(difficulty=0.3, blank=0.0))
    for index in range(20):
        crop = render(6, index, style)
        middles = [np.flatnonzero((crop.glyph_map == t).any(axis=0)).mean() for t in range(1, len(crop.text) + 1) if (crop.glyph_map == t).any()]
        assert middles == sorted(middles)


def test_longer_texts_than_the_style_allows_never_come() -> None:
    assert max(len(render(8, index, RenderStyle(max_length=5)).text) for index in range(60)) == 5


def test_the_text_differs_from_what_is_around_it() -> None:
    style = RenderStyle(difficulty=0.0, blank=0.0, families=(("print", 1.0), ("label", 1.0), ("plate", 1.0)))
    for index in range(20):
        crop = render(9, index, style)
        grey, text = crop.image.mean(axis=2), crop.glyph_map > 0
        near = np.zeros_like(text)
        near[:, 2:-2] = (text[:, 4:] | text[:, :-4]) & ~text[:, 2:-2]
        assert abs(grey[text].mean() - grey[near].mean()) > 15


def test_photographs_of_surfaces_are_used(tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)).save(tmp_path / "steel.png")
    plain, photographed = RenderStyle(families=(("etch", 1.0),)), RenderStyle(families=(("etch", 1.0),), surfaces=str(tmp_path))
    assert any(not np.array_equal(render(4, i, plain).image, render(4, i, photographed).image) for i in range(6))


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    style = RenderStyle(families=(("etch", 1.0),), surfaces=str(tmp_path))
    with pytest.raises(UsageError, match="No photographs"):
        [render(4, index, style) for index in range(10)]
