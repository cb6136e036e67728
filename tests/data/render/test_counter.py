import numpy as np
import pytest

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.counter import random_drums, random_wheels
from siga_ocr.data.render.crop import render
from siga_ocr.render_style import RenderStyle, family_style

COUNTERS = family_style("counter", RenderStyle(blank=0.0))


def test_every_wheel_names_the_digit_that_is_nearest_to_the_middle() -> None:
    for index in range(300):
        wheels = random_wheels(Draw(1, index), "09417", 1.0)
        assert len(wheels.rolls) == 5
        assert all(abs(roll) < 0.5 for roll in wheels.rolls)


def test_wheels_stand_between_two_digits_in_the_first_places_too() -> None:
    firsts = [random_wheels(Draw(2, index), "25417", 1.0).rolls[0] for index in range(600)]
    assert 0.02 < float(np.mean(np.abs(firsts) > 0.25)) < 0.3


def test_some_counters_have_light_digits_on_black_drums_and_some_count_fractions() -> None:
    drums = [random_drums(Draw(3, index), 6) for index in range(400)]
    dark = sum(float(drum.body.mean()) < float(drum.ink.mean()) for drum in drums) / len(drums)
    assert 0.15 < dark < 0.4
    assert 0.15 < sum(drum.fraction > 0 for drum in drums) / len(drums) < 0.5
    assert all(drum.fraction <= 3 for drum in drums)


def test_a_counter_is_a_pure_function_of_seed_and_index() -> None:
    first, again = render(5, 8, COUNTERS), render(5, 8, COUNTERS)
    assert first.text == again.text
    assert np.array_equal(first.image, again.image)


@pytest.mark.parametrize("index", range(12))
def test_each_digit_of_a_counter_is_in_the_glyph_map_in_order(index: int) -> None:
    crop = render(6, index, COUNTERS)
    places = [np.nonzero(crop.glyph_map == number + 1)[1] for number in range(len(crop.text))]
    assert all(len(columns) for columns in places)
    middles = [float(columns.mean()) for columns in places]
    assert middles == sorted(middles)
