"""What can be wrong with a label by itself: blanks, characters of other scripts that look like ours, characters and lengths no model reads."""

import unicodedata
from dataclasses import dataclass

from siga_ocr.charset import Charset

_CYRILLIC = dict(zip("АВЕЅЗІЈКМНОРСТУХаеорсухіјѕ", "ABES3IJKMHOPCTYXaeopcyxijs", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοκν", "ABEZHIKMNOPTYXokv", strict=True))
_SIGNS = dict(zip("‐‑‒–—―−‘’‚′“”„″×·•∙⁄∕‗ı", "-------''''\"\"\"\"x...//_i", strict=True))
LOOK_ALIKES = {**_CYRILLIC, **_GREEK, **_SIGNS}
"""Characters that print like one of ASCII; full-width ones are known by their code."""

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_OFFSET = 0xFEE0


@dataclass(frozen=True)
class TextFindings:
    """`mended` is the text without blanks and with look-alikes replaced; the others say what was found, and are empty where nothing was."""

    mended: str
    blanks: str = ""
    look_alikes: str = ""
    unknown: str = ""


def examine(text: str, charset: Charset) -> TextFindings:
    """What is wrong with the characters of a text; those that the model knows are never replaced."""
    composed = unicodedata.normalize("NFC", text)
    dense = "".join(c for c in composed if not _is_blank(c))
    replaced = {c: _ascii(c) for c in charset.unknown(dense)}
    known = {c: plain for c, plain in replaced.items() if plain and plain in charset.characters}
    mended = "".join(known.get(c, c) for c in dense)
    return TextFindings(
        mended,
        _blanks(composed),
        ", ".join(f"{_named(c)} looks like {plain!r}" for c, plain in known.items()),
        ", ".join(_named(c) for c in charset.unknown(mended)),
    )


def _is_blank(character: str) -> bool:
    """White space, and what takes no room: zero-width and direction marks, control characters."""
    return character.isspace() or unicodedata.category(character) in ("Cf", "Cc")


def _blanks(text: str) -> str:
    found = [c for c in text if _is_blank(c)]
    if not found:
        return ""
    inner = [c for c in text.strip() if _is_blank(c)]
    where = "inside" if inner else "at the end" if not _is_blank(text[0]) else "at the start"
    strange = ", ".join(_named(c) for c in dict.fromkeys(found) if c not in " \t")
    return f"blanks {where}" + (f": {strange}" if strange else "")


def _ascii(character: str) -> str:
    if ord(character) in _FULL_WIDTH:
        return chr(ord(character) - _FULL_WIDTH_OFFSET)
    return LOOK_ALIKES.get(character, "")


def _named(character: str) -> str:
    shown = repr(character) if character.isprintable() else "a sign"
    name = unicodedata.name(character, "")
    return f"{shown} (U+{ord(character):04X}{' ' + name if name else ''})"
