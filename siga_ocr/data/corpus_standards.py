"""Codes that a standard or a law lays down: vehicle numbers, container marks, GS1 strings, number plates; check digits are right."""

from siga_ocr.data.corpus import DIGITS, LETTERS, fill, patterns
from siga_ocr.data.draw import Draw

VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
ISO_6346_VALUES = dict(zip(LETTERS, (v for v in range(10, 39) if v % 11), strict=True))
NO_I_O = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def vin(draw: Draw) -> str:
    """A vehicle identification number with its check character in place 9 (ISO 3779 as used in North America)."""
    marks = [draw.pick(VIN_LETTERS) if draw.chance(0.45) else draw.pick(DIGITS) for _ in range(11)]
    marks += [draw.pick(DIGITS) for _ in range(6)]
    remainder = sum(VIN_VALUES[c] * weight for c, weight in zip(marks, VIN_WEIGHTS, strict=True)) % 11
    marks[8] = "X" if remainder == 10 else str(remainder)
    return "".join(marks)


def container(draw: Draw) -> str:
    """A freight container mark: owner, category, serial number, check digit (ISO 6346), sometimes size and type, or one of them alone."""
    owner = "".join(draw.pick(LETTERS) for _ in range(3)) + draw.pick("UUUUJZ")
    number = "".join(draw.pick(DIGITS) for _ in range(6))
    check = container_check(owner + number)
    whole = draw.pick((f"{owner}{number}{check}", f"{owner} {number} {check}", f"{owner} {number}{check}", f"{owner} {number}-{check}"))
    form = draw.weighted((("whole", 0.55), ("sized", 0.13), ("owner", 0.08), ("number", 0.12), ("size", 0.12)))
    return {"whole": whole, "sized": f"{whole} {size_type(draw)}", "owner": owner, "number": f"{number} {check}", "size": size_type(draw)}[form]


def size_type(draw: Draw) -> str:
    """Length, height and width, and type group of a freight container (ISO 6346)."""
    return (
        draw.pick("2444L123MP")
        + draw.pick("25025CEDF468")
        + draw.pick(("G0", "G1", "G1", "R1", "R0", "U1", "P1", "P3", "T0", "T6", "K2", "V0", "B1", "H0"))
    )


def container_check(mark: str) -> int:
    """The check digit of the ten characters of owner, category and serial number (ISO 6346)."""
    total = sum((int(c) if c.isdigit() else ISO_6346_VALUES[c]) << place for place, c in enumerate(mark))
    return total % 11 % 10


def gs1_check(digits: str) -> int:
    """The check digit that follows `digits` in GTIN, EAN and SSCC (GS1 General Specifications, 7.9)."""
    return -sum(int(c) * (3 if place % 2 == 0 else 1) for place, c in enumerate(reversed(digits))) % 10


def keyed(draw: Draw, length: int) -> str:
    """`length` digits whose last one checks the others."""
    digits = "".join(draw.pick(DIGITS) for _ in range(length - 1))
    return f"{digits}{gs1_check(digits)}"


def gs1(draw: Draw) -> str:
    """Human readable GS1 element strings and the digits below bar codes."""
    day = f"{draw.whole(20, 39)}{draw.whole(1, 12):02}{draw.whole(0, 31):02}"
    lot, piece = fill(draw, draw.pick(("@#####", "******", "#####", "@@####@"))), fill(draw, "*" * draw.whole(4, 12))
    ean = keyed(draw, 13)
    strings = (
        f"(01){keyed(draw, 14)}",
        f"(01){keyed(draw, 14)}(21){piece}",
        f"(01){keyed(draw, 14)}(17){day}(10){lot}",
        f"(00){keyed(draw, 18)}",
        f"(10){lot}",
        f"(21){piece}",
        f"({draw.pick(('11', '13', '15', '17'))}){day}",
        f"(17){day}(10){lot}",
        f"({draw.pick(('240', '241', '250', '400', '37', '30'))}){piece}",
        ean,
        f"{ean[0]} {ean[1:7]} {ean[7:]}",
        keyed(draw, 8),
        keyed(draw, 12),
    )
    return draw.pick(strings)


CHINESE_PLATES = ("@@###", "@###@", "@#@##", "@####", "#@###", "##@##", "###@#", "#####", "#@@##", "##@@#", "##@#@", "@@##@")


def chinese_plate(draw: Draw) -> str:
    """A Chinese plate without its province character: letter, middle dot, five characters; I and O are not used."""
    city = "A" if draw.chance(0.4) else draw.pick(NO_I_O)
    body = draw.weighted(tuple(zip(CHINESE_PLATES, (5.0, 4.0, 2.6, 2.4, 2.0, 1.7, 1.2, 1.2, 0.4, 0.4, 0.4, 0.4), strict=True)))
    pattern = body + draw.pick("@#") if draw.chance(0.08) else body  # electric cars have one character more
    return city + "\u00b7" + "".join(draw.pick(NO_I_O) if c == "@" else draw.pick(DIGITS) for c in pattern)


PLATE_SCHEMES: tuple[tuple[tuple[str, ...], str], ...] = (
    (patterns("@@##~@@@ @##~@@@ @@##@@@ @@@~###@"), NO_I_O),  # British
    (patterns("@@-###-@@ @@~###~@@ @@###@@"), "ABCDEFGHJKLMNPQRSTVWXYZ"),  # French, Italian
    (patterns("####~@@@ ####@@@"), "BCDFGHJKLMNPRSTVWXYZ"),  # Spanish
    (patterns("##-@@-@@ @@-##-## ##-@@@-# #-@@@-## @-###-@@ @@@-##-@"), "BDFGHJKLNPRSTVXZ"),  # Dutch
    (patterns("@~@@~### @@~@@~#### @@@~@~## @-@@~#### @@-@~### @@@-@@~## @@~@~#"), LETTERS),  # German
    (patterns("@@@~#### @@@-#### #@@@### @@@~### ###~@@@ @@@#@## ####~@@@ ##@~### @@-##### @#####@"), LETTERS),  # American
    (patterns("@@##~@@~#### @@##@@####"), LETTERS),  # Indian
    (patterns("@~###~@@~## @###@@##"), "ABEKMHOPCTYX"),  # Russian
    (patterns("@@##### @@~##### @@~####-@ #@#~#### @@@## ###-@@ @@#### #~@@@~###"), LETTERS),  # others
)


def plate(draw: Draw) -> str:
    """Number plates of many schemes; some leave out the letters that look like digits."""
    if draw.chance(0.6):
        return chinese_plate(draw)
    scheme, letters = draw.pick(PLATE_SCHEMES)
    return "".join(draw.pick(letters) if c == "@" else draw.pick(DIGITS) if c == "#" else c for c in draw.pick(scheme))
