"""Codes made for the shapes of their characters: look-alikes whose class only the neighbours tell, runs, and strings without any structure."""

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import CONFUSABLE, DIGITS, LETTERS, digit, fill, letter, patterns
from siga_ocr.data.draw import Draw

RUNES = tuple(c for c in PRINTABLE if not c.isalnum())
LIKE_DIGITS = "OOIISSBBZZGTQDLUV"
"""Letters that print like digits or like one another."""
LIKE_LETTERS = "00115588226673"
SCHEMES = patterns(
    """
    @@#### @@@### @##### @@@@## @@##@@ @###@ @@@-### ##@@## @@####@ ####@@ ###-@@@ @#@#@# #@#@#@ @@@#### @@-##-@@ ##-@@-## @@@~### @@~####~@@
    @@@@@@ ###### @@@@ #### @@@@@@@@ ######## @@#-### @@@/### SO-##### IS#### BO-### LOT##### NO.##### ID#### #.##0 10.## 0.0## 1:## V#.#
    """
)


def confusable(draw: Draw) -> str:
    """Characters that print alike next to each other, in any order."""
    shown: list[str] = []
    for _ in range(draw.whole(1, 4)):
        pair = draw.pick(CONFUSABLE)
        shown.extend(draw.pick(pair) for _ in range(draw.whole(1, 3)))
        if draw.chance(0.4):
            shown.append(digit(draw) if draw.chance(0.5) else letter(draw))
    return "".join(shown)


def schemed(draw: Draw) -> str:
    """Look-alikes where the scheme decides: O, I, S only among letters, 0, 1, 5 only among digits."""
    letters, digits = (LIKE_DIGITS if draw.chance(0.6) else LETTERS + LIKE_DIGITS), (LIKE_LETTERS if draw.chance(0.6) else DIGITS + "0011")
    return "".join(draw.pick(letters) if c == "@" else draw.pick(digits) if c == "#" else c for c in draw.pick(SCHEMES))


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


def any_characters(draw: Draw) -> str:
    """Letters of both cases and digits, all equally likely, 1 to 25 of them, every length as likely: no structure, and none of a language."""
    return "".join(draw.pick(LETTERS + LETTERS.lower() + DIGITS) for _ in range(draw.whole(1, 25)))


def separated(draw: Draw) -> str:
    """Groups of capitals and digits with separators."""
    groups = [fill(draw, "*" * draw.whole(1, 6)) for _ in range(draw.whole(2, 4))]
    joints = [draw.pick("-./:_ ") if draw.chance(0.8) else draw.pick(RUNES) for _ in groups]
    return "".join(group + joint for group, joint in zip(groups, joints, strict=True))[:-1]
