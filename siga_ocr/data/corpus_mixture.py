"""Which codes come how often: the mixture for each marking family, the share of long lines, and the case of letters."""

import re

from siga_ocr.data.corpus import Code, Grammar, counter, date, digit, display, part_number, serial
from siga_ocr.data.corpus_long import long_line
from siga_ocr.data.corpus_marks import cast_mark, chip_mark, data_label, heat_number, packaged, painted, punched
from siga_ocr.data.corpus_shapes import any_characters, confusable, plain_random, random_string, run, schemed, separated
from siga_ocr.data.corpus_standards import container, gs1, plate, vin
from siga_ocr.data.corpus_wires import wire_mark
from siga_ocr.data.corpus_words import word
from siga_ocr.data.draw import Draw

GENERAL: tuple[tuple[Grammar, float], ...] = (
    (serial, 0.17),
    (part_number, 0.18),
    (date, 0.09),
    (counter, 0.04),
    (wire_mark, 0.08),
    (plate, 0.03),
    (vin, 0.02),
    (container, 0.025),
    (gs1, 0.02),
    (chip_mark, 0.02),
    (heat_number, 0.02),
    (confusable, 0.05),
    (schemed, 0.04),
    (run, 0.04),
    (plain_random, 0.05),
    (separated, 0.03),
    (long_line, 0.015),
    (word, 0.055),
    (random_string, 0.085),
)
OWN: dict[str, tuple[Grammar, float]] = {
    "sleeve": (wire_mark, 0.78),
    "plate": (plate, 0.85),
    "counter": (counter, 1.0),
    "inkjet": (packaged, 0.5),
    "label": (data_label, 0.25),
    "chip": (chip_mark, 0.7),
    "stamp": (punched, 0.5),
    "cast": (cast_mark, 0.5),
    "paint": (painted, 0.5),
    "segment": (display, 1.0),
    "arbittext": (any_characters, 1.0),
}
"""The grammar that belongs to a family, with its share there; the rest comes from the general mixture."""
LONG: dict[str, float] = {
    "print": 0.10,
    "label": 0.11,
    "inkjet": 0.11,
    "etch": 0.11,
    "electro": 0.10,
    "engrave": 0.09,
    "scribe": 0.08,
    "relief": 0.07,
    "peen": 0.07,
    "stamp": 0.06,
    "cast": 0.04,
    "stencil": 0.04,
    "paint": 0.04,
}
"""The share of long lines in the families that have room for them."""
CAPITAL_ONLY = (plate, vin, container, counter, display, word, heat_number, painted, punched, random_string, any_characters)
"""Grammars that know the case of their letters themselves."""
MOSTLY_CAPITAL = (wire_mark, chip_mark, cast_mark)
"""Grammars that are hardly ever seen in lower case."""


def code_for(family: str, draw: Draw, max_length: int) -> Code:
    """A code that a mark of `family` may show; its text has 1..max_length characters."""
    own, share = OWN.get(family, (serial, 0.0))
    grammar = own if draw.chance(share) else draw.weighted(GENERAL)
    if draw.chance(LONG.get(family, 0.0)):
        grammar = long_line
    shown = grammar(draw)
    if grammar not in CAPITAL_ONLY:
        shown = _cased(shown, draw, 0.03 if grammar in MOSTLY_CAPITAL else 0.12)
    shown = shown.strip()
    while len(Code(shown).text) > max_length:
        shown = shown[:-1].strip()
    shown = shown if case_shows(shown) else shown.upper()
    return Code(shown) if Code(shown).text else Code(digit(draw))


def _cased(shown: str, draw: Draw, share: float) -> str:
    """Mostly as it comes; a `share` in lower case, capitalised, or mixed by chance as in keys and hashes."""
    fate = draw.unit() / share
    if fate > 1.0:
        return shown
    if fate < 0.5:
        return shown.lower()
    if fate < 0.8:
        return re.sub(r"[A-Z]+", lambda letters: letters[0].capitalize(), shown)
    return "".join(c.lower() if draw.chance(0.5) else c for c in shown)


SCALED = frozenset("cosvwxz")
"""Lower-case letters that are small capitals: only their size against a neighbour tells the case."""
CAPITAL_TWINS = frozenset("COSVWXZ")
SCALES = frozenset("abdefghijklmnqrtyABDEFGHIJKLMNPQRTUY0123456789()[]{}/|")
"""Characters whose own shape tells how high a capital is."""


def case_shows(shown: str) -> bool:
    """False where small letters shaped like capitals have no neighbour that tells their size: such a text is written in capitals.

    Both cases of such letters in one text, as in `Co`, tell each other's.
    """
    marks = set(shown)
    return not marks & SCALED or bool(marks & (SCALES | CAPITAL_TWINS))
