import re
from collections import Counter

import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import DIGITS, LETTERS, SILENT, Code, Grammar, date, fill
from siga_ocr.data.corpus_long import long_line
from siga_ocr.data.corpus_mixture import GENERAL, LONG, OWN, case_shows, code_for
from siga_ocr.data.corpus_shapes import random_string, schemed
from siga_ocr.data.corpus_standards import VIN_VALUES, VIN_WEIGHTS, chinese_plate, container, container_check, gs1, gs1_check, size_type, vin
from siga_ocr.data.corpus_wires import designation, wire_mark
from siga_ocr.data.corpus_words import word
from siga_ocr.data.draw import Draw
from siga_ocr.render_style import DEFAULT_FAMILIES, FAMILY_NAMES


def texts(count: int, family: str = "print", max_length: int = 40) -> list[str]:
    return [code_for(family, Draw(11, index), max_length).text for index in range(count)]


@pytest.mark.parametrize("family", FAMILY_NAMES)
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


def test_random_words_hold_letters_of_both_cases_and_digits_alike_in_every_length_up_to_25() -> None:
    words = texts(4000, "arbittext")
    counts, lengths = Counter("".join(words)), Counter(map(len, words))
    assert set(counts) == set(LETTERS + LETTERS.lower() + DIGITS)
    assert max(counts.values()) < 1.4 * min(counts.values())
    assert set(lengths) == set(range(1, 26))
    assert max(lengths.values()) < 2 * min(lengths.values())


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
    assert sum(len(text) == 2 for text in shown) > 60


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


def test_the_share_of_lower_case_is_small_and_its_letters_are_decided() -> None:
    lower = 0.0
    for family, weight in DEFAULT_FAMILIES:
        found = [text for text in texts(1500, family) if text != text.upper()]
        assert all(case_shows(text) for text in found)
        lower += weight * len(found) / 1500
    assert 0.09 < lower < 0.13


@pytest.mark.parametrize(
    ("shown", "decided"), [("cos", False), ("c", False), ("x-z", False), ("cas", True), ("c0s", True), ("Cos", True), ("COS", True)]
)
def test_a_small_letter_shaped_like_a_capital_needs_a_neighbour_that_tells_its_size(shown: str, decided: bool) -> None:
    assert case_shows(shown) is decided


@pytest.mark.parametrize("grammar", [grammar for grammar, _ in (*GENERAL, *OWN.values())])
def test_every_grammar_stays_within_printable_ascii_and_says_something(grammar: Grammar) -> None:
    for index in range(400):
        text = Code(grammar(Draw(3, index))).text
        assert text
        assert set(text) <= set(PRINTABLE)


@pytest.mark.parametrize("family", sorted({*OWN, *LONG, "something new"}))
@pytest.mark.parametrize("max_length", [1, 5, 17])
def test_any_family_name_gets_a_code_that_fits(family: str, max_length: int) -> None:
    assert all(1 <= len(text) <= max_length for text in texts(200, family, max_length))


def test_check_digits_are_those_of_the_published_examples() -> None:
    assert gs1_check("629104150021") == 3  # GS1's own example of an EAN-13
    assert gs1_check("01234567890") == 5


def test_gs1_keys_carry_their_check_digit() -> None:
    found = 0
    for index in range(400):
        shown = gs1(Draw(6, index)).replace(" ", "")
        key = shown[4:18] if shown.startswith("(01)") else shown[4:] if shown.startswith("(00)") else shown if shown.isdigit() else ""
        if key:
            found += 1
            assert gs1_check(key[:-1]) == int(key[-1])
    assert found > 150


def test_size_and_type_of_a_container_have_four_characters() -> None:
    assert all(len(size_type(Draw(1, index))) == 4 for index in range(100))


def test_in_schemes_look_alikes_keep_to_their_places() -> None:
    marks = Counter("".join(schemed(Draw(2, index)) for index in range(1000)))
    assert min(marks[c] for c in "O0I1S5B8Z2") > 60


def test_words_have_no_blank_and_come_in_three_cases() -> None:
    words = [word(Draw(13, index)) for index in range(900)]
    assert not any(set(shown) & set(SILENT) for shown in words)
    letters = ["".join(c for c in shown if c.isalpha()) for shown in words]
    for share in (sum(map(str.isupper, letters)), sum(map(str.islower, letters)), sum(shown.istitle() for shown in letters)):
        assert share > 0.15 * len(words)


def test_words_have_about_a_twentieth_of_what_is_general() -> None:
    assert 0.03 < dict(GENERAL)[word] / sum(weight for _, weight in GENERAL) < 0.07


def test_a_reference_designation_has_sign_class_number_and_terminal_in_this_order() -> None:
    shape = re.compile(r"[-=+.]?[A-Z]{1,3}\d*[A-Z]*\d*([-_/][A-Z]\d+[+-]?)?([:.]\w+){0,2}")
    shown = [designation(Draw(14, index)) for index in range(500)]
    assert all(shape.fullmatch(mark) for mark in shown)
    assert 0.25 < sum(mark[0] == "-" for mark in shown) / len(shown) < 0.65
