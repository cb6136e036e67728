import math

import numpy as np
import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import CONFUSABLE
from siga_ocr.data.render.standing import HEIGHTS, KINDS_OF_FACE, LENGTHS, standing_sets
from siga_ocr.render_style import DEFAULT_FAMILIES, FAULTS, RenderStyle
from tests.benchmarks.rendered_sets import table_row, wilson

SETS = {standing.name: standing for standing in standing_sets(RenderStyle())}


def first(name: str, count: int = 6) -> list[str]:
    return [crop.text for crop in SETS[name].crops(count)]


def test_there_is_a_set_for_each_family() -> None:
    for name, _ in DEFAULT_FAMILIES:
        assert {crop.family for crop in SETS[f"family-{name}"].crops(2)} == {name}


def test_there_is_a_set_for_each_fault_and_kind_of_face() -> None:
    assert {f"fault-{name}" for name in FAULTS} <= SETS.keys()
    assert {f"confusable-{kind}" for kind in KINDS_OF_FACE} <= SETS.keys()


def test_every_set_has_a_name_and_a_seed_of_its_own_below_1000() -> None:
    sets = standing_sets(RenderStyle())
    assert len({standing.name for standing in sets}) == len({standing.seed for standing in sets}) == len(sets)
    assert all(0 <= standing.seed < 1000 for standing in sets)


def test_the_fonts_of_the_machine_play_no_part() -> None:
    shipped = {standing.name: standing for standing in standing_sets(RenderStyle(lettering="shipped"))}
    for index in range(4):
        assert np.array_equal(SETS["difficulty-0"].crop(index).image, shipped["difficulty-0"].crop(index).image)


def test_lengths_and_heights_are_what_their_names_say() -> None:
    for low, high in LENGTHS:
        assert all(low <= len(text) <= high for text in first(f"length-{low}-{high}"))
    for height in HEIGHTS:
        for crop in SETS[f"height-{height}"].crops(3):
            assert crop.image.shape[0] == crop.glyph_map.shape[0] == height


def test_blanks_are_blank_and_others_are_not() -> None:
    assert set(first("blank")) == {""}
    for name in ("repeated", "confusable-sans", "difficulty-0", "difficulty-10", "fault-glare"):
        assert all(text and set(text) <= set(PRINTABLE) for text in first(name))


@pytest.mark.parametrize("kind", KINDS_OF_FACE)
def test_confusable_texts_hold_both_characters_of_a_pair(kind: str) -> None:
    assert all(set(text) in [set(pair) for pair in CONFUSABLE] for text in first(f"confusable-{kind}"))


def test_repeated_texts_repeat() -> None:
    assert sum(any(text[i] == text[i + 1] for i in range(len(text) - 1)) for text in first("repeated", 20)) >= 18


def test_wilson_intervals_hold_the_share_and_narrow_with_the_count() -> None:
    low, high = wilson(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-3)
    assert wilson(1.0, 200)[1] == pytest.approx(1.0)
    assert 0.97 < wilson(1.0, 200)[0] < 1.0
    few, many = wilson(0.9, 20), wilson(0.9, 2000)
    assert few[1] - few[0] > 5 * (many[1] - many[0])
    assert math.isclose(wilson(0.0, 200)[0], 0.0, abs_tol=1e-9)


def test_a_row_of_the_table_names_the_set_with_its_interval() -> None:
    assert table_row("family-print", 200, 0.5, 0.1) == "| family-print | 200 | 50.0 (43.1-56.9) | 10.0 |"
