from collections import Counter

import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import DIGITS, LETTERS, SILENT, Code, chinese_plate, date, fill, wire_mark
from siga_ocr.data.corpus_long import long_line
from siga_ocr.data.corpus_mixture import GENERAL, VIN_VALUES, VIN_WEIGHTS, code_for, container, container_check, random_string, vin
from siga_ocr.data.draw import Draw
from siga_ocr.render_style import DEFAULT_FAMILIES


def texts(count: int, family: str = "print", max_length: int = 40) -> list[str]:
    return [code_for(family, Draw(11, index), max_length).text for index in range(count)]


@pytest.mark.parametrize("family", [name for name, _ in DEFAULT_FAMILIES])
@pytest.mark.parametrize("max_length", [1, 7, 40])
def test_every_text_is_printable_without_blanks_and_fits(family: str, max_length: int) -> None:
    for text in texts(300, family, max_length):
        assert 1 <= len(text) <= max_length
        assert set(text) <= set(PRINTABLE)


def test_what_is_shown_but_not_read_is_left_out_of_the_text() -> None:
    code = Code("A\u00b7B12 34")
    assert code.text == "AB1234"
    assert not set(code.text) & set(SILENT)


def test_lengths_reach_from_one_to_forty_and_most_are_short() -> None:
    lengths = [len(text) for text in texts(6000)]
    assert min(lengths) == 1
    assert max(lengths) == 40
    assert sum(3 <= length <= 12 for length in lengths) > 0.65 * len(lengths)


def test_all_printable_characters_come_and_capitals_and_digits_prevail() -> None:
    counts = Counter("".join(texts(8000)))
    assert set(counts) == set(PRINTABLE)
    assert min(counts.values()) >= 20
    assert sum(counts[c] for c in LETTERS + DIGITS) > 0.75 * counts.total()


def test_random_strings_have_their_share() -> None:
    share = dict(GENERAL)[random_string] / sum(weight for _, weight in GENERAL)
    assert 0.07 < share < 0.11


def test_the_check_digit_of_a_container_is_that_of_the_standard_example() -> None:
    assert container_check("CSQU305438") == 3


def test_containers_carry_their_check_digit() -> None:
    marks = [container(Draw(2, index)).replace(" ", "") for index in range(200)]
    whole = [mark for mark in marks if len(mark) >= 11 and mark[:4].isalpha() and mark[4:11].isdigit()]
    assert len(whole) > 50
    assert all(container_check(mark[:10]) == int(mark[10]) for mark in whole)


def test_vehicle_numbers_have_seventeen_characters_and_a_right_check_character() -> None:
    for index in range(100):
        number = vin(Draw(4, index))
        assert len(number) == 17
        assert not set(number) & set("IOQ")
        rest = sum(
            (10 if c == "X" and place == 8 else VIN_VALUES[c]) * weight for place, (c, weight) in enumerate(zip(number, VIN_WEIGHTS, strict=True))
        )
        assert rest % 11 == (10 if number[8] == "X" else int(number[8]))


def test_chinese_plates_have_no_i_and_no_o_and_a_silent_dot() -> None:
    for index in range(300):
        code = Code(chinese_plate(Draw(5, index)))
        assert code.shown[1] == "\u00b7"
        assert 6 <= len(code.text) <= 7
        assert not set(code.text) & set("IO")


def test_patterns_are_filled_and_other_characters_stay() -> None:
    text = fill(Draw(6, 0), "-X@#:#.@")
    assert text[:2] == "-X"
    assert text[2] in LETTERS
    assert text[3] in DIGITS
    assert text[4] == ":"


def test_dates_leave_no_placeholder_behind() -> None:
    for index in range(500):
        shown = date(Draw(7, index))
        assert not set(shown) & set("hms")
        assert any(c.isdigit() for c in shown)


def test_wire_marks_look_like_those_of_cabinets() -> None:
    shown = [wire_mark(Draw(8, index)) for index in range(500)]
    assert sum(text.startswith("-") for text in shown) > 50
    assert sum(":" in text for text in shown) > 50
    assert sum(text.isdigit() for text in shown) > 50


@pytest.mark.parametrize("family", ["print", "label", "inkjet", "etch"])
def test_each_decade_of_long_codes_has_its_share_where_there_is_room(family: str) -> None:
    lengths = [len(text) for text in texts(3000, family)]
    for low, high in ((21, 30), (31, 40)):
        assert sum(low <= length <= high for length in lengths) > 0.03 * len(lengths)


@pytest.mark.parametrize("family", ["counter", "segment", "plate", "sleeve"])
def test_families_without_room_stay_short(family: str) -> None:
    assert sum(len(text) > 20 for text in texts(2000, family)) < 0.02 * 2000


def test_long_lines_are_spread_evenly_and_end_in_a_character() -> None:
    lines = [long_line(Draw(9, index)) for index in range(2000)]
    lengths = Counter(len(Code(line).text) for line in lines)
    assert set(lengths) == set(range(16, 41))
    assert min(lengths.values()) > 0.5 * len(lines) / 25
    assert not any(line[-1] in "-/. :_(" for line in lines)
