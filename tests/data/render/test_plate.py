import numpy as np
import pytest

from siga_ocr.data.corpus import Code
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.crop import render_code
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.plate_dress import banded, random_dress, sloganed
from siga_ocr.render_style import RenderStyle, family_style

PLATES = family_style("plate", RenderStyle(difficulty=0.0))
REACH = (-0.7, -0.5, 5.5, 1.5)


def flat_view() -> View:
    v, u = np.mgrid[0:60, 0:200].astype(np.float32)
    empty = np.zeros((60, 200), np.uint8)
    return View(empty.astype(np.float32), empty, u / 30 - 1.0, v / 30 - 0.5, 30.0, (0.0, 0.0, 5.0, 1.0))


def test_plates_of_all_kinds_come_and_chinese_ones_wear_nothing() -> None:
    others = [random_dress(Draw(1, index), False) for index in range(400)]
    for share in (sum(d.band for d in others), sum(d.slogans for d in others), sum(d.engraved for d in others), sum(d.slim for d in others)):
        assert 0.04 * 400 < share < 0.4 * 400
    chinese = [random_dress(Draw(1, index), True) for index in range(400)]
    assert not any(d.band or d.slogans or d.engraved for d in chinese)
    assert sum(d.colours.ground[2] > d.colours.ground[0] + 60 for d in chinese) > 0.6 * 400


def test_a_band_stays_left_of_the_characters() -> None:
    view = flat_view()
    plain = np.full((60, 200, 3), 128.0, np.float32)
    for index in range(20):
        changed = np.abs(banded(plain, view, Draw(2, index), REACH) - plain).max(axis=2) > 1.0
        assert changed.any()
        assert not changed[view.u > 0.0].any()


def test_slogans_stay_clear_of_the_characters() -> None:
    view = flat_view()
    plain = np.full((60, 200, 3), 128.0, np.float32)
    dark = np.zeros((60, 200), bool)
    for index in range(20):
        dark |= np.abs(sloganed(plain, view, Draw(3, index), REACH) - plain).max(axis=2) > 50.0
    assert dark[view.v < -0.12].any()
    assert not dark[(view.v > 0.0) & (view.v < 1.0)].any()


@pytest.mark.parametrize("text", ["B\u00b7A1234", "AB12 CDE", "M-XY 4711"])
def test_every_character_of_a_plate_is_in_the_glyph_map(text: str) -> None:
    for index in range(6):
        crop = render_code(Code(text), 4, index, PLATES)
        assert set(np.unique(crop.glyph_map)) >= set(range(1, len(crop.text) + 1))
