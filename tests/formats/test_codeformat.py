"""Rules of code formats: which texts they allow, and what is said of those that no model can meet."""

import random
import re
import time

import pytest

from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.errors import UsageError
from siga_ocr.formats import automaton as automata
from siga_ocr.formats.codeformat import CodeFormat, automaton_for
from siga_ocr.formats.presets import PRESETS

ALL = Charset(PRINTABLE)


def allows(code_format: CodeFormat, text: str) -> bool:
    return automaton_for(code_format, ALL, 40).accepts(text)


@pytest.mark.parametrize(
    ("mask", "fitting", "others"),
    [
        ("AA-9999-**", ["XE-1234-:a", "ab-0000---"], ["XE-123-AA", "X1-1234-AA", "XE-1234-A", "XE-1234-AAA"]),
        (r"\A\9\*\\9", [r"A9*\7"], [r"B9*\7", r"A9*\\7", "A9*7"]),
        ("9.9", ["1.2"], ["112", "1.a"]),
    ],
)
def test_masks(mask: str, fitting: list[str], others: list[str]) -> None:
    assert all(allows(CodeFormat(mask=mask), text) for text in fitting)
    assert not any(allows(CodeFormat(mask=mask), text) for text in others)


REGEXES = [
    r"[A-C]{1,2}-?\d+",
    r"^(AB|C)+$",
    r"\-\#[\w-]*",
    r"[^\d\]]?\.\$",
    r"a{,2}b*?",
    r"(?:A|)(?P<n>1{2})",
    r".*\\",
    r"[-A]+|[]1]+",
    r"\W\x41*",
    r"[\^\-1]{2,}",
    r"\/\:\_",
    r"[A-]\^|\$1",
]


@pytest.mark.parametrize("regex", REGEXES)
def test_regular_expressions_mean_what_they_mean_in_python(regex: str) -> None:
    automaton = automaton_for(CodeFormat(regex=regex), ALL, 8)
    draw = random.Random(regex)
    texts = ["".join(draw.choices(r"ABC1ab-#.$\]^_/:", k=draw.randrange(5))) for _ in range(4000)] + [
        "ABC",
        "-#",
        "11",
        "/:_",
        "A11",
        "$1",
        "A^",
        "\\",
    ]
    wanted = [text for text in texts if re.fullmatch(regex, text)]
    assert [text for text in texts if automaton.accepts(text)] == wanted
    assert wanted


@pytest.mark.parametrize("regex", [r"(a)\1", r"a(?=b)", r"(?i)a", "(", "[A-", r"a\b", "a{5,2}", "A++", "a^b", "[[:alpha:]]", "\\"])
def test_what_no_automaton_does_is_wrong_use(regex: str) -> None:
    with pytest.raises(UsageError, match="--regex"):
        CodeFormat(regex=regex)


def test_rules_hold_together_and_lengths_are_kept() -> None:
    both = CodeFormat(regex="[A-Z]+[0-9]*", characters="A-C0-", length="2-3")
    assert [text for text in ("A", "AB", "A00", "AD", "A01", "ABC0", "A-") if allows(both, text)] == ["AB", "A00"]
    found = automaton_for(both, ALL, 40)
    assert (found.shortest, found.longest) == (2, 3)
    assert automaton_for(CodeFormat(length="2-"), ALL, 40).longest == 40
    assert automaton_for(CodeFormat(length="3"), ALL, 40).shortest == 3
    assert allows(CodeFormat(characters="A-C-"), "A-C")


@pytest.mark.parametrize(
    ("code_format", "charset", "said"),
    [
        (CodeFormat(regex="[0-9]{3}Ä"), ALL, "does not know 'Ä'"),
        (CodeFormat(mask="AA99"), Charset("0123"), "does not know"),
        (CodeFormat(regex="[0-9]{41,}"), ALL, "at most 40 characters, and the shortest such code has 41"),
        (CodeFormat(mask="99", regex="[A-Z]+"), ALL, "no text"),
        (CodeFormat(mask="99", length="3"), ALL, "no text"),
    ],
)
def test_a_format_that_the_model_cannot_meet_says_why(code_format: CodeFormat, charset: Charset, said: str) -> None:
    with pytest.raises(UsageError, match=r"can never read") as caught:
        automaton_for(code_format, charset, 40)
    assert said in str(caught.value)


@pytest.mark.parametrize("regex", ["(a|b)*a(a|b){25}", "((a{0,40}){0,40}){0,40}", "(a?){4000}" * 5])
def test_what_is_too_large_is_refused_soon(regex: str) -> None:
    begun = time.process_time()
    with pytest.raises(UsageError, match="too large"):
        automaton_for(CodeFormat(regex=regex), ALL, 200)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("wrong", [{"mask": "A\\"}, {"length": "a"}, {"length": "9-3"}, {"length": "0"}, {"characters": "Z-A"}, {"preset": "none"}])
def test_rules_that_mean_nothing_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        CodeFormat(**wrong)


VALID = {
    "vin": ["1M8GDM9AXKP042788", "11111111111111111"],
    "vin-shape": ["WVWZZZ1JZ3W386752"],
    "iso6346": ["CSQU3054383"],
    "ean8": ["73513537"],
    "ean13": ["9780471117094"],
    "upc": ["036000291452"],
    "gtin14": ["98412345678908"],
    "sscc": ["106141412345678908"],
    "gs1-date": ["240229", "991200", "000229"],
    "iso-date": ["2024-02-29"],
    "german-date": ["29.02.2024"],
    "imei": ["490154203237518"],
    "luhn": ["79927398713"],
    "isin": ["US0378331005"],
    "iban": ["GB82WEST12345698765432"],
    "isbn": ["9780471117094", "0306406152"],
    "mac": ["00:1A:2B:3C:4D:5E"],
}

INVALID = {
    "vin": ["1M8GDM9A1KP042788"],
    "vin-shape": ["WVWZZZ1JZ3W38675O"],
    "iso6346": ["CSQU3054384"],
    "gs1-date": ["250230", "230229", "251300", "250132"],
    "iso-date": ["2023-02-29"],
    "german-date": ["31.04.2024"],
    "iban": ["GB83WEST12345698765432"],
    "mac": ["00:1A:2B:3C:4D"],
}


def passes(name: str, text: str) -> bool:
    check = PRESETS[name].check
    return allows(CodeFormat(preset=name), text) and (check is None or check(text))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_know_right_codes_from_wrong_ones(name: str) -> None:
    for text in VALID[name]:
        assert passes(name, text), text
        if name not in INVALID:
            assert not passes(name, text[:-1] + str((int(text[-1], 36) + 1) % 10)), text
    for text in INVALID.get(name, []):
        assert not passes(name, text), text


def test_states_from_which_no_text_ends_are_left_out() -> None:
    found = automaton_for(CodeFormat(regex="A(B|C{50})"), ALL, 10)
    assert len(found.moves) == 3
    assert isinstance(found, automata.Automaton)
