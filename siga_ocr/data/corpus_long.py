"""Codes of 16 to 40 characters: lines pieced together from several codes, groups of one size, and unbroken runs of digits or capitals."""

from siga_ocr.data.corpus import DIGITS, LETTERS, SILENT, date, digit, fill, part_number, serial
from siga_ocr.data.draw import Draw

SHORTEST, LONGEST = 16, 40
SEPARATORS = "-/.:_ "
ALPHABETS = ((DIGITS, 0.4), (DIGITS + LETTERS, 0.35), (DIGITS + "ABCDEF", 0.15), (LETTERS, 0.1))


def long_line(draw: Draw) -> str:
    """A long code; every length of its text from 16 to 40 is as likely as the other."""
    length = draw.whole(SHORTEST, LONGEST)
    form = draw.weighted(((_joined, 0.5), (_grouped, 0.22), (_solid, 0.16), (_fielded, 0.12)))
    return _trimmed(form(draw, length), length, draw)


def _joined(draw: Draw, length: int) -> str:
    """Several codes in a row with one separator or changing ones, blanks mostly."""
    common = draw.pick(" -/") if draw.chance(0.6) else ""
    shown = draw.pick((serial, part_number))(draw)
    while len(shown) < 2 * length:
        shown += (common or draw.pick(SEPARATORS)) + draw.pick((serial, date, part_number))(draw)
    return shown


def _grouped(draw: Draw, length: int) -> str:
    """Groups of one size, as licence keys and account numbers have them."""
    alphabet, size, joint = draw.weighted(ALPHABETS), draw.whole(2, 6), draw.pick("   --./")
    marks = [draw.pick(alphabet) for _ in range(length)]
    return joint.join("".join(marks[start : start + size]) for start in range(0, length, size))


def _solid(draw: Draw, length: int) -> str:
    """Digits or capitals without any break."""
    alphabet = draw.weighted(ALPHABETS)
    return "".join(draw.pick(alphabet) for _ in range(length))


def _fielded(draw: Draw, length: int) -> str:
    """Fields named by one or two letters with their values, as on type plates and data labels: `P1234567 Q12 V88`."""
    shown = ""
    while len(shown) < 2 * length:
        name = draw.pick(("P", "Q", "S", "V", "K", "1T", "1P", "SN", "PN", "LOT", "REV", "DC", "ID", "NR.", "TYP"))
        shown += name + draw.pick(("", ":", " ", "=")) + fill(draw, "*" * draw.whole(2, 4) + "#" * draw.whole(1, 6)) + draw.pick("  /;")
    return shown


def _trimmed(shown: str, length: int, draw: Draw) -> str:
    """The first `length` characters that are read; what would end in a separator ends in digits."""
    kept, count = "", 0
    for mark in shown:
        kept += mark
        count += mark not in SILENT
        if count == length:
            break
    end = len(kept.rstrip(SEPARATORS + "(;="))
    return kept[:end] + "".join(digit(draw) for c in kept[end:] if c not in SILENT) + "".join(digit(draw) for _ in range(length - count))
