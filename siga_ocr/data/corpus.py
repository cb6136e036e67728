"""What rendered crops say: codes without language but with the structure that codes have; it does not know how they look."""

from collections.abc import Callable
from dataclasses import dataclass

from siga_ocr.data.draw import Draw

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
SILENT = " \u00b7"
"""Shown in the picture but never part of the text: a gap, and the middle dot of number plates."""


def patterns(block: str) -> tuple[str, ...]:
    """The words of a block of text; ~ stands for a blank inside one."""
    return tuple(word.replace("~", " ") for word in block.split())


CONFUSABLE = patterns(
    """
    0O 1I 1L 5S 8B 2Z 6G 7T UV QO 0D 38 36 68 CG MN VY 4A EF PR 0Q 17 XK HN WM
    """
)
"""Pairs that print alike, oversampled next to each other."""

Grammar = Callable[[Draw], str]


@dataclass(frozen=True)
class Code:
    """What is shown and what is read: `text` is `shown` without its silent characters."""

    shown: str

    @property
    def text(self) -> str:
        """The label: printable ASCII without blanks."""
        return "".join(c for c in self.shown if c not in SILENT)


def letter(draw: Draw) -> str:
    """An upper-case letter; those that resemble digits come more often."""
    return draw.pick("OIQDBSZGTUVL") if draw.chance(0.2) else draw.pick(LETTERS)


def digit(draw: Draw) -> str:
    """A digit; zero and one come more often, as in counters and part numbers."""
    return draw.pick("00122589") if draw.chance(0.25) else draw.pick(DIGITS)


def fill(draw: Draw, pattern: str) -> str:
    """`pattern` with @ replaced by a letter, # by a digit and * by either; now and then a character repeats the one before."""
    shown: list[str] = []
    for mark in pattern:
        if mark not in "@#*":
            shown.append(mark)
            continue
        kind = mark if mark != "*" else draw.pick("@#")
        pool = LETTERS if kind == "@" else DIGITS
        if shown and shown[-1] in pool and draw.chance(0.12):
            shown.append(shown[-1])
        else:
            shown.append(letter(draw) if kind == "@" else digit(draw))
    return "".join(shown)


def serial(draw: Draw) -> str:
    """Serial and lot numbers: prefix, running number, sometimes a suffix."""
    prefix = draw.pick(("", "", "SN", "S/N:", "LOT", "L", "B", "NO.", "No.", "ID:", "CH.", "@", "@@", "@@@", "@#", "#@"))
    joint = draw.pick(("", "", "", "-", " ", ".", "/", ":", "_"))
    body = "#" * draw.weighted(((3, 1.0), (4, 3.0), (5, 3.0), (6, 3.0), (7, 2.0), (8, 2.0), (10, 1.0), (12, 0.7)))
    suffix = draw.pick(("", "", "", "@", "-#", "/#", "@@", "-@", "@#", "#@"))
    return fill(draw, prefix + (joint if prefix else "") + body + suffix)


PART_PATTERNS = patterns(
    """
    @## @### @# ##@ @@# #@ @@@ ## ### @@## ##@## @@### @#@# #### @@ @ # @@@@ @@@# @#### @@#### @@@### @@-### ###-### ###.###.##
    @@####-## #@#### ##-####-## @##-###@ ######-@ @@#####@ ####@##@## @@@-##-### ##.###.###-# ####~###~### @###~###~##~## @~###~###~###
    @@@####@@ ###@@@## ***** ****** ******** **-**** ****-**** ##@@@## @@#*#@ @#*##* ####-####-#### @@##@@## M##X#.# M#x## @@##~###-@
    ####.## ##x## #.## ##.# ###/## @@/### (##)#### 6#0#-2@S 6#0#ZZ 30#05 NU###E BC#47C LM#58N 74HC###@ STM32F###@@ IRF#### TL0##C@
    1N#### 2N#### BD### MAX###@@@ #V ##V ###VAC #A ##A #.#A ##kW IP## DN## PN## Cl.# ##Hz ##uF #k# M## R## C### Q# U## L# ##% +## -##
    """
)


def part_number(draw: Draw) -> str:
    """Part numbers, ratings and component marks."""
    return fill(draw, draw.pick(PART_PATTERNS))


DATE_PATTERNS = patterns(
    """
    D.M.Y D/M/Y D-M-Y Y-M-D Y.M.D M/Y M.Y D.M.Z Z-M-D ZMD YMD DMY M~Y N.Y N~Y D~N~Y DNY D/N/Z Y/M/D M/D/Y W/Y KWW/Y YW h:m h:m:s
    D.M.Y~h:m YMDhm EXP~D/M/Y EXP:M/Y MFG~M/Y PROD~D.M.Y BEST~BEFORE~D.M.Z USE~BY~D~N~Y E:M.Y P:D.M.Y DATE:YMD
    YJ ZJ Y-J Z/M/D Z/M M-Z M/Z DNZ D-N-Z D.M h.m h:m~D/M/Y D/M/Y~h:m:s ZMDhm NY N-Y D/M W.Y Z-W
    """
)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", "MAI", "OKT", "DEZ", "Mar", "Jun", "Aug", "Sep", "Oct")


def date(draw: Draw) -> str:
    """Dates and times in many forms, and calendar weeks."""
    year = draw.whole(0, 39)
    parts = {
        "D": f"{draw.whole(1, 31):02}",
        "M": f"{draw.whole(1, 12):02}",
        "Y": f"{year:02}",
        "Z": f"20{year:02}",
        "N": draw.pick(MONTHS),
        "W": f"{draw.whole(1, 53):02}",
        "J": f"{draw.whole(1, 365):03}",
        "h": f"{draw.whole(0, 23):02}",
        "m": f"{draw.whole(0, 59):02}",
        "s": f"{draw.whole(0, 59):02}",
    }
    words = draw.pick(DATE_PATTERNS).split(" ")
    return " ".join(
        word if len(word) > 3 and word.rstrip(":").isalpha() and word.isupper() and word not in ("YMDhm", "ZMDhm") else _dated(word, parts)
        for word in words
    )


def _dated(word: str, parts: dict[str, str]) -> str:
    head, colon, tail = word.partition(":")
    if colon and (head.isupper() and head in ("EXP", "E", "P", "DATE")):
        return head + colon + _dated(tail, parts)
    return word if word in ("EXP", "MFG", "USE", "BY") else "".join(parts.get(c, c) for c in word)


def counter(draw: Draw) -> str:
    """Counter readings: zeros, then the number; a third have run so long that no zero leads."""
    width = draw.weighted(((4, 1.0), (5, 6.0), (6, 2.0), (7, 1.0), (8, 1.0), (3, 0.5)))
    turned = width if draw.chance(0.35) else draw.whole(0, width)
    return "".join(draw.pick(DIGITS) for _ in range(turned)).rjust(width, "0")


DISPLAY_PATTERNS = patterns("# ## ### #### ##### ###### #.# ##.# ###.# #.## ##.## #.### -#.# -##.# -### ##:## ##:##:## #:## ###.## ####.# ########")


def display(draw: Draw) -> str:
    """What a seven-segment display shows: numbers and times."""
    return fill(draw, draw.pick(DISPLAY_PATTERNS))
