import numpy as np

from siga_ocr.data.corpus import Code
from siga_ocr.data.render.crop import render, render_code
from siga_ocr.render_style import RenderStyle, family_style

SLEEVES = family_style("sleeve", RenderStyle(blank=0.0))


def test_sleeves_are_light_and_small_as_photographs_of_them_are() -> None:
    crops = [render(7, index, SLEEVES).image for index in range(150)]
    greys = [float(np.median(crop)) for crop in crops]
    heights = [crop.shape[0] for crop in crops]
    assert 140 < float(np.median(greys)) < 205
    assert 26 <= float(np.median(heights)) <= 42
    assert min(greys) < 90


def test_text_fills_most_of_the_height_of_a_sleeve_crop() -> None:
    shares = []
    for index in range(100):
        ink = render(8, index, SLEEVES).glyph_map > 0
        rows = np.nonzero(ink.any(axis=1))[0]
        shares.append((rows[-1] - rows[0] + 1) / ink.shape[0])
    assert 0.6 < float(np.median(shares)) < 0.92


def test_a_cut_through_the_line_never_takes_a_full_stop_or_an_underscore_away() -> None:
    for index in range(60):
        crop = render_code(Code("X1.2_A"), 9, index, SLEEVES)
        assert set(np.unique(crop.glyph_map)) >= {3, 5}
