"""The text of a format that looks support, and what it costs against what they read without it."""

from dataclasses import replace

import numpy as np
import pytest

from siga_ocr.crops import Crop
from siga_ocr.decode import Columns, Decoded, Seen, greedy
from siga_ocr.fitting import fitted
from siga_ocr.formats.codeformat import CodeFormat
from siga_ocr.intake import IntakeOptions, Taken, take
from siga_ocr.search import Search, SearchOptions
from siga_ocr.second_looks import CHORUS, UNHEARD, surer
from tests.test_search import rows
from tests.tiny import tiny

CONFIG = tiny()
TAKEN = take(Crop(np.full((32, 90, 3), 128, dtype=np.uint8), "a"), CONFIG.input, IntakeOptions())
IS_B = Search(CONFIG, SearchOptions(CodeFormat(regex="B")))


def look(likely: dict[str, float]) -> tuple[Taken, Decoded]:
    """A look that finds single letters so likely, as it is read without a format."""
    table = rows(likely, {"": 0.999}, {"": 0.999}, config=CONFIG)
    seen = Seen(table, np.full((len(table), 1, 10), 0.1, dtype=np.float32))
    columns = Columns(1.0, 10.0)
    return TAKEN, replace(greedy(table, seen.glyph_attention, CONFIG.charset, columns), log_probabilities=table, seen=(seen, columns))


def read(*looks: tuple[Taken, Decoded], search: Search = IS_B) -> Decoded:
    return fitted(surer(looks, CONFIG.charset), looks, search, CONFIG.charset)[1]


def test_one_look_that_is_ready_to_see_the_format_does_not_make_it_cheap() -> None:
    others = [look({"A": 0.9, "B": 0.002}) for _ in range(3)]
    found = read(look({"A": 0.5, "B": 0.4}), *others)
    assert found.text == "B"
    assert found.confidence == pytest.approx(0.4 * 0.999, rel=1e-3)
    assert found.found is not None
    assert found.found.raw_text == "A"
    chorus = (np.log([0.5, 0.9, 0.9, 0.9]) - [np.log(0.4), UNHEARD, UNHEARD, UNHEARD]).mean()  # by how much all looks together find A likelier
    assert found.found.constraint_cost == pytest.approx((1 - CHORUS) * np.log(0.9 / 0.4) + CHORUS * chorus, abs=1e-3)
    assert found.found.constraint_cost > np.log(0.5 / 0.4) + 1


def test_with_one_look_the_cost_is_the_difference_of_the_logarithms() -> None:
    found = read(look({"A": 0.6, "B": 0.3}))
    assert found.found is not None
    assert found.found.constraint_cost == pytest.approx(np.log(0.6 / 0.3), abs=1e-3)


def test_where_no_look_holds_a_text_of_the_format_what_was_read_is_kept() -> None:
    never = look({"A": 0.6, "B": 0.3})
    search = Search(CONFIG, SearchOptions(CodeFormat(regex="B")))
    search._check = lambda _: False
    found = read(never, search=search)
    assert (found.text, found.confidence) == ("", 0.0)
    assert found.found is not None
    assert (found.found.raw_text, found.found.constraint_cost) == ("A", None)


def test_what_a_second_line_takes_it_takes_from_a_code_of_the_format_too() -> None:
    taken, plain = look({"A": 0.3, "B": 0.6})
    lowered = replace(plain, confidence=plain.confidence / 4, left=0.25, second_line="XY")
    found = fitted((taken, lowered), [(taken, plain)], IS_B, CONFIG.charset)[1]
    assert found.confidence == pytest.approx(0.25 * 0.6 * 0.999, rel=1e-3)
    assert found.second_line == "XY"


def test_without_a_format_the_best_look_is_searched() -> None:
    search = Search(CONFIG, SearchOptions(n_best=2))
    found = read(look({"A": 0.3, "B": 0.25}), look({"1": 0.8, "2": 0.1}), search=search)
    assert found.text == "1"
    assert found.found is not None
    assert found.found.n_best is not None
    assert [one.text for one in found.found.n_best] == ["1", "2"]


def test_the_likeliest_text_is_as_sure_as_the_reading_where_there_may_be_a_second_line() -> None:
    taken, plain = look({"A": 0.6, "B": 0.3})
    lowered = replace(plain, confidence=plain.confidence / 4, left=0.25)
    found = fitted((taken, lowered), [(taken, plain)], Search(CONFIG, SearchOptions(n_best=2)), CONFIG.charset)[1]
    assert found.found is not None
    assert found.found.n_best is not None
    assert [one.confidence for one in found.found.n_best] == pytest.approx([found.confidence, found.confidence / 2], rel=1e-3)
    assert found.confidence == pytest.approx(0.15, rel=1e-2)
