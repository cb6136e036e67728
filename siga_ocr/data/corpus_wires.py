"""Marks of wires, terminals and components in control cabinets: wire numbers, page addresses, reference designations with terminals."""

from siga_ocr.data.corpus import DIGITS, LETTERS, fill, patterns
from siga_ocr.data.draw import Draw

WIRE_PATTERNS = patterns(
    """
    -X##:#.# -X#:## X#:#:# X#:##:# X##:#:# L#:# L##.# L#.# ##F## ##L# ##P## QF#@## -QF#@## -QF# -QF## QF#### QF#:# QF### PE N L+ M -PE#
    -KM###@@ KM#-# KM###:# -KA#@@ KA### KA#### #### #### #### #### ##### ### ## ## @# @# @# -@# -@## -@# @#### U#### W#### @##@## ##@##
    ##@# ##G## RV###_N## XV###_N##@+ 24V_DI## 24V 0V 1L# 2L# #L# #V #W #U @@# VR# SD# TC## SC## -@@##@@ -@@#@@@ -@#@@ -@@ -@ F###:#
    F###:## -F## F## -K# K## -S# -T#:# T#.@@ I#.# Q#.# A# A## @@#:# @@#:##@ ####U###@ #####@- Q####### -W##.# =A#+S# =@##-@# +@#-@##
    -@@#@@@@ -@@@@@@ -@@@ -@###@@ -@@@@## -@@@##@ @@#### @@#:#@ @@#:##@@ @@@### @##.# @###.# @###:#:# @@#-# @@#-#@@ @@#@## ####@###@ @#_@#
    ##@@# @###@ ##@_@### @#:@# @@@@ @@@@@@ #@@@ @+ L- ##:## ###:# #:#:# @@@#:##:# @@###_@## @@##@ -@@#-# -@#@# @@@ ##-## @##/# @@.# N# T#
    -@#:A# -X#.#:## XT#:## -XT#@@ -XE# @@#:##:# AI#+ AI#- DO## DI## @@_## @@-## BUS# GND +24V -U# ####P+ ####P-
    """
)
SIGNS = (("", 0.46), ("-", 0.46), ("=", 0.03), ("+", 0.03), (".", 0.02))
KINDS = "QFKXSTMPVWAEUGHLRCDBNYJOIZ"
"""Letters of component classes, the frequent ones first (IEC 81346-2)."""


def low_number(draw: Draw) -> str:
    """A small whole number: cabinets count their parts from one."""
    return str(draw.whole(1, draw.weighted(((9, 0.5), (24, 0.22), (99, 0.13), (400, 0.15)))))


def designation(draw: Draw) -> str:
    """A reference designation: sign, class letters, number, what it belongs to, terminal; `-QF12`, `KM104:3`, `-XS2DC`."""
    classes = KINDS[:12] if draw.chance(0.6) else LETTERS
    shown = draw.weighted(SIGNS) + "".join(draw.pick(classes) for _ in range(draw.weighted(((1, 0.46), (2, 0.44), (3, 0.1)))))
    if not draw.chance(0.06):
        shown += low_number(draw)
    tail = draw.weighted((("", 0.5), ("letters", 0.26), ("both", 0.1), ("number", 0.08), ("joined", 0.06)))
    if tail in ("letters", "both"):
        shown += "".join(draw.pick(LETTERS) for _ in range(draw.weighted(((1, 0.35), (2, 0.3), (3, 0.2), (4, 0.12), (5, 0.03)))))
    if tail in ("both", "number"):
        shown += low_number(draw)
    if tail == "joined":
        shown += draw.pick("-_/") + draw.pick(LETTERS) + low_number(draw) + draw.pick(("", "", "+", "-"))
    return shown + _terminal(draw)


def _terminal(draw: Draw) -> str:
    """Where on the component the wire ends; mostly nothing."""
    form = draw.weighted((("", 0.62), (":", 0.2), ("::", 0.1), (".", 0.05), (":@", 0.03)))
    if form == "::":
        return f":{low_number(draw)}:{low_number(draw)}"
    if form == ":@":
        return ":" + draw.pick(LETTERS) + draw.pick(("", low_number(draw)))
    return form + low_number(draw) if form else ""


def address(draw: Draw) -> str:
    """Page, kind and column of a wiring plan, `14F07`, or a letter before a page's number."""
    page = f"{draw.whole(1, 40):02}"
    lead = draw.pick(KINDS) if draw.chance(0.3) else ""
    return lead + page + draw.pick(KINDS[:16]) + f"{draw.whole(0, 24):02}"


def wire_number(draw: Draw) -> str:
    """A plain number of two to five digits, sometimes behind a letter; the leading digit is small more often than not."""
    length = draw.weighted(((2, 1.2), (3, 1.3), (4, 8.5), (5, 1.3)))
    lead = draw.pick("1122345") if draw.chance(0.5) else draw.pick(DIGITS)
    return (draw.pick("UVWLNKEXF") if draw.chance(0.14) else "") + lead + fill(draw, "#" * (length - 1))


def tag(draw: Draw) -> str:
    """Two or three characters: a conductor, a terminal or a small component; `U1`, `PE`, `N3`, `VR3`."""
    form = draw.weighted((("@#", 0.5), ("@@", 0.2), ("##", 0.1), ("@@#", 0.1), ("#@", 0.03), ("@##", 0.07)))
    return fill(draw, form.replace("#", draw.pick("123456")) if form == "@#" and draw.chance(0.5) else form)


def wire_mark(draw: Draw) -> str:
    """What stands on sleeves, terminals and component plates of a cabinet."""
    form = draw.weighted(((wire_number, 0.26), (designation, 0.29), (address, 0.08), (tag, 0.14), (None, 0.23)))
    return form(draw) if form else fill(draw, draw.pick(WIRE_PATTERNS))
