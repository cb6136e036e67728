"""Regular expressions as Python spells them, as patterns; parsed by greenery, whose spelling differs in details."""

from typing import Any

from siga_ocr.errors import UsageError
from siga_ocr.formats.pattern import MOST_CHARACTERS, Chars, Either, Follow, Pattern, Repeat

SPECIAL = frozenset("\\[]|(){}.?*+")
"""What greenery wants a backslash before outside of brackets; it takes no other punctuation with one."""

SPECIAL_INSIDE = frozenset("\\[]^-")
SHORTHANDS = frozenset("dDsSwW")

LAST = 0xFFFF
"""The last code point that is written on a workpiece."""

SHOWN = 200
"""Characters of an expression in a message."""


def to_pattern(regex: str) -> Pattern:
    """The pattern that whole texts have to fit.

    Raises:
        UsageError: it is no regular expression, or has what an automaton cannot do: look-around, back references, flags, anchors within.
    """
    from greenery import parse
    from greenery.parse import NoMatch

    try:
        node = parse(_respelled(regex))
        if _count(node) > MOST_CHARACTERS:
            raise UsageError(
                f"The sets of --regex {regex[:SHOWN]!r} hold more than {MOST_CHARACTERS} characters together: name those that codes have."
            )
        return _converted(node)
    except (NoMatch, ValueError, IndexError, RecursionError) as error:
        raise UsageError(
            f"--regex {regex[:SHOWN]!r} cannot be used: it is no regular expression, or has what codes cannot be searched with "
            "(look-around, back references, flags, \\b, Unicode classes)."
        ) from error


def _respelled(regex: str) -> str:
    r"""The same expression as greenery spells it: no anchors at the ends, `\-` outside brackets as `-`, `[\w-]` as `[\w\-]`, `{,3}` as `{0,3}`."""
    body = regex.removeprefix("^")
    if body.endswith("$") and (len(body) - len(body[:-1].rstrip("\\"))) % 2 == 1:
        body = body[:-1]
    parts, place = list[str](), 0
    while place < len(body):
        character = body[place]
        if character == "[":
            inside, place = _brackets(body, place)
            parts.append(inside)
            continue
        if character in "^$":
            raise ValueError("an anchor within")
        if character == "\\" and place + 1 < len(body):
            place += 1
            parts.append(_escaped(body[place], SPECIAL))
        else:
            parts.append("{0," if body.startswith("{,", place) else character)
            place += body.startswith("{,", place)
        place += 1
    return "".join(parts)


def _escaped(character: str, special: frozenset[str]) -> str:
    """A backslash stays where it has a meaning, or is needed."""
    return "\\" + character if character in special or character.isalnum() else character


def _brackets(body: str, start: int) -> tuple[str, int]:
    """The character class that opens at `start`, respelled, and the place behind it."""
    place = start + 1
    negated = body.startswith("^", place)
    place += negated
    items, first = list[str](), True
    while first or body[place] != "]":
        item, place = _item(body, place)
        if body[place] == "-" and body[place + 1] != "]" and item[1:] not in SHORTHANDS:
            last, place = _item(body, place + 1)
            item = f"{item}-{last}"
        items.append(item)
        first = False
    return f"[{'^' * negated}{''.join(items)}]", place + 1


def _item(body: str, place: int) -> tuple[str, int]:
    """One character of a class, and the place behind it."""
    if body[place] == "\\":
        return _escaped(body[place + 1], SPECIAL_INSIDE), place + 2
    if body.startswith("[:", place):
        raise ValueError("named classes")
    return ("\\" if body[place] in SPECIAL_INSIDE else "") + body[place], place + 1


def _count(node: Any) -> int:
    """How many characters the sets of an expression hold together."""
    if hasattr(node, "concs"):
        return sum(_count(part.multiplicand) for conc in node.concs for part in conc.mults)
    return sum(min(last, LAST) - first + 1 for first, last in node.ord_ranges if first <= LAST)


def _converted(node: Any) -> Pattern:
    """Alternatives of sequences of repetitions, as greenery has them, as ours."""
    return Either(tuple(Follow(tuple(_repetition(part) for part in conc.mults)) for conc in sorted(node.concs, key=str)))


def _repetition(node: Any) -> Pattern:
    inner = node.multiplicand
    part = _converted(inner) if hasattr(inner, "concs") else _charclass(inner)
    least, most = node.multiplier.min.v, node.multiplier.max.v
    return part if least == most == 1 else Repeat(part, least, most)


def _charclass(node: Any) -> Chars:
    """Ranges of code points as characters; beyond U+FFFF nothing is written on a workpiece."""
    characters = frozenset(chr(code) for first, last in node.ord_ranges for code in range(first, min(last, LAST) + 1))
    return Chars(characters, node.negated)
