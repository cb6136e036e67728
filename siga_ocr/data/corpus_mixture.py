"""Which codes come how often: coded standards, confusable and random strings, and the mixture for each marking family."""

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import (
    CONFUSABLE,
    DIGITS,
    LETTERS,
    Code,
    Grammar,
    counter,
    date,
    digit,
    display,
    fill,
    letter,
    part_number,
    plate,
    serial,
    wire_mark,
)
from siga_ocr.data.corpus_long import long_line
from siga_ocr.data.draw import Draw

VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
ISO_6346_VALUES = dict(zip(LETTERS, (v for v in range(10, 39) if v % 11), strict=True))
RUNES = tuple(c for c in PRINTABLE if not c.isalnum())


def vin(draw: Draw) -> str:
    """A vehicle identification number with its check character in place 9 (ISO 3779 as used in North America)."""
    marks = [draw.pick(VIN_LETTERS) if draw.chance(0.45) else draw.pick(DIGITS) for _ in range(11)]
    marks += [draw.pick(DIGITS) for _ in range(6)]
    remainder = sum(VIN_VALUES[c] * weight for c, weight in zip(marks, VIN_WEIGHTS, strict=True)) % 11
    marks[8] = "X" if remainder == 10 else str(remainder)
    return "".join(marks)


def container(draw: Draw) -> str:
    """A freight container mark: owner, category, serial number, check digit (ISO 6346), sometimes size and type."""
    owner = "".join(draw.pick(LETTERS) for _ in range(3)) + draw.pick("UUUUJZ")
    number = "".join(draw.pick(DIGITS) for _ in range(6))
    check = container_check(owner + number)
    tail = draw.pick(("", "", " 22G1", " 42G1", " 45R1", " L5G1"))
    return draw.pick((f"{owner}{number}{check}", f"{owner} {number} {check}", f"{owner} {number}{check}", owner, f"{number} {check}")) + tail


def container_check(mark: str) -> int:
    """The check digit of the ten characters of owner, category and serial number (ISO 6346)."""
    total = sum((int(c) if c.isdigit() else ISO_6346_VALUES[c]) << place for place, c in enumerate(mark))
    return total % 11 % 10


def gs1(draw: Draw) -> str:
    """Human readable GS1 element strings."""
    return fill(
        draw,
        draw.pick(
            (
                "(01)##############",
                "(21)******",
                "(10)@#####",
                "(17)######",
                "(01)##############(21)####",
                "#############",
                "########",
                "(00)##################",
                "# ###### ######",
            )
        ),
    )


def confusable(draw: Draw) -> str:
    """Characters that print alike, between neighbours that can tell them apart."""
    shown: list[str] = []
    for _ in range(draw.whole(1, 4)):
        pair = draw.pick(CONFUSABLE)
        shown.extend(draw.pick(pair) for _ in range(draw.whole(1, 3)))
        if draw.chance(0.4):
            shown.append(digit(draw) if draw.chance(0.5) else letter(draw))
    return "".join(shown)


def run(draw: Draw) -> str:
    """Runs of one character, alone or inside a code."""
    mark = draw.pick(DIGITS) if draw.chance(0.7) else draw.pick(LETTERS)
    ends = [fill(draw, "*" * draw.whole(0, 3)) for _ in range(2)]
    return ends[0] + mark * draw.whole(2, 7) + ends[1]


def random_string(draw: Draw) -> str:
    """Uniform over all printable ASCII: no structure at all."""
    return "".join(draw.pick(PRINTABLE) for _ in range(draw.weighted(((draw.whole(1, 12), 0.85), (draw.whole(8, 24), 0.15)))))


def plain_random(draw: Draw) -> str:
    """Uniform over capitals and digits, lengths 1 to 14."""
    return "".join(draw.pick(LETTERS + DIGITS) for _ in range(draw.whole(1, 14)))


def separated(draw: Draw) -> str:
    """Groups of capitals and digits with separators, up to long lines."""
    groups = [fill(draw, "*" * draw.whole(1, 6)) for _ in range(draw.whole(2, 4))]
    joints = [draw.pick("-./:_ ") if draw.chance(0.8) else draw.pick(RUNES) for _ in groups]
    return "".join(group + joint for group, joint in zip(groups, joints, strict=True))[:-1]


GENERAL: tuple[tuple[Grammar, float], ...] = (
    (serial, 0.19),
    (part_number, 0.21),
    (date, 0.09),
    (counter, 0.04),
    (wire_mark, 0.10),
    (plate, 0.04),
    (vin, 0.02),
    (container, 0.03),
    (gs1, 0.02),
    (confusable, 0.07),
    (run, 0.04),
    (plain_random, 0.06),
    (separated, 0.03),
    (long_line, 0.02),
    (random_string, 0.085),
)
OWN: dict[str, tuple[Grammar, float]] = {
    "sleeve": (wire_mark, 0.75),
    "plate": (plate, 0.85),
    "counter": (counter, 1.0),
    "inkjet": (date, 0.35),
    "segment": (display, 1.0),
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


def code_for(family: str, draw: Draw, max_length: int) -> Code:
    """A code that a mark of `family` may show; its text has 1..max_length characters."""
    own, share = OWN.get(family, (serial, 0.0))
    grammar = draw.weighted(GENERAL)
    if draw.chance(share):
        grammar = own
    if draw.chance(LONG.get(family, 0.0)):
        grammar = long_line
    shown = _cased(grammar(draw), draw, grammar in (plate, vin, container, counter, display)).strip()
    while len(Code(shown).text) > max_length:
        shown = shown[:-1].strip()
    return Code(shown) if Code(shown).text else Code(digit(draw))


def _cased(shown: str, draw: Draw, keep: bool) -> str:
    """Mostly upper case as it comes; a share in lower or mixed case."""
    fate = draw.unit()
    if keep or fate > 0.12:
        return shown
    if fate < 0.05:
        return shown.lower()
    return "".join(c.lower() if draw.chance(0.5) else c for c in shown)
