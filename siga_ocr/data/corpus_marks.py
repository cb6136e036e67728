"""What particular trades put on their pieces: chips, melts and billets, forgings, castings, freight, packages, data labels."""

from siga_ocr.data.corpus import date, fill, part_number, patterns, serial
from siga_ocr.data.corpus_standards import container, gs1, vin
from siga_ocr.data.corpus_words import word
from siga_ocr.data.draw import Draw

CHIP_PATTERNS = patterns(
    """
    @@####@ @@#### @@@###@@ @@@####@ #@###@@ @@##@## @##@### @@@@##@### ##@@## ##@###@ #@##@ #@@## @###@@#@ @@##@##@@#@ @@####-#.# @@#@@####
    @@#### @@@##### #### ####@# ####@@ ##~#### @###~#### ####-@@@ #### ## #### YYWW YYWW@ YYWW@@# @YYWW @@#-YYWW YYWW-#### YYWW~@ @#YYWW
    @@@ @@ #@# @## #@ @#@ @@#@ @######.# @#####.## ######-### ######@ @@###-@## @##@###-#@@ @@@####-@@ ####@@@# ####-#@ @@##@###@#@@
    """
)
HEAT_PATTERNS = patterns(
    """
    ##### ###### ###### ####### ####### ######## ######## ########## ############ @##### @###### @####### ####-## ######-## #####-#
    ##@#### #@##### @@##### ##### ##-##### ###### #####@ ######/# ###~###~### @#-###### @@-####### #######@@ ####~##~# ###### ##
    """
)
CAST_PATTERNS = patterns(
    """
    ### #### ##### ###-## ##-### @### @## @@## @-### ####-# #-#### #######- ## # @ @@ @# #@ ###@ #####@ @@-#### ####.# ###.##.## @##### M##
    DN## PN## G@## GG## GGG## GJL-### GJS-### >PA#-GF##< >ABS< >PP< >PC+ABS< R#/# #/#" DN##/PN## ##/## ##@## ##~##~## ########## ###~###~##
    """
)


def week(draw: Draw) -> str:
    """Two digits of the year and two of the week."""
    return f"{draw.whole(0, 39):02}{draw.whole(1, 53):02}"


def chip_mark(draw: Draw) -> str:
    """A line on an electronic part: type number with suffix, date code of year and week, or lot."""
    if draw.chance(0.2):
        return part_number(draw)
    return fill(draw, draw.pick(CHIP_PATTERNS).replace("YYWW", week(draw)))


def heat_number(draw: Draw) -> str:
    """The number of a melt, billet or coil: digits mostly."""
    return fill(draw, draw.pick(HEAT_PATTERNS))


def punched(draw: Draw) -> str:
    """What is stamped into forgings, frames and tools: short groups of digits, serials, melts, vehicle numbers."""
    if draw.chance(0.35):
        return fill(draw, "#" * draw.weighted(((3, 1.0), (4, 1.5), (5, 1.0), (6, 1.0))))
    return draw.weighted(((serial, 0.4), (heat_number, 0.35), (vin, 0.15), (part_number, 0.1)))(draw)


def cast_mark(draw: Draw) -> str:
    """What the mould gives: part numbers, materials, cavities, dates, short words."""
    if draw.chance(0.6):
        return fill(draw, draw.pick(CAST_PATTERNS))
    return draw.weighted(((date, 0.35), (part_number, 0.4), (word, 0.25)))(draw)


def painted(draw: Draw) -> str:
    """What is painted on freight, billets and steelwork."""
    return draw.weighted(((container, 0.5), (heat_number, 0.35), (part_number, 0.15)))(draw)


def packaged(draw: Draw) -> str:
    """What printers put on packages and parts: dates, lots, counters of the line."""
    return draw.weighted(((date, 0.7), (serial, 0.2), (heat_number, 0.1)))(draw)


def data_label(draw: Draw) -> str:
    """The plain text of data labels."""
    return draw.weighted(((serial, 0.55), (gs1, 0.3), (part_number, 0.15)))(draw)
