import numpy as np

from siga_ocr.data.corpus import Code
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.crop import render, render_code
from siga_ocr.data.render.sleeve import side_cut
from siga_ocr.data.render.typeset import Margins
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


def test_short_marks_are_often_seen_from_farther_away_than_long_ones() -> None:
    def heights(text: str) -> float:
        return float(np.median([render_code(Code(text), 10, index, SLEEVES).image.shape[0] for index in range(150)]))

    assert heights("N3") < 0.9 * heights("KM031:27")


def test_a_crop_that_begins_inside_a_character_leaves_more_than_half_of_it() -> None:
    kept = Margins()
    cuts = [side_cut(kept, "N3", Draw(11, index)) for index in range(40)]
    assert {cut.left < 0 for cut in cuts} == {True, False}
    assert all(min(cut.left, cut.right) > -0.25 and max(cut.left, cut.right) == kept.left for cut in cuts)


def test_a_bar_at_either_end_is_never_cut_away() -> None:
    assert {side_cut(Margins(), "I-1", Draw(12, index)) for index in range(20)} == {Margins()}
