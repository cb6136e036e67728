"""What a code may look like - mask, regular expression, characters, length, preset - and the automaton of it for one model."""

import string
from collections.abc import Callable
from dataclasses import dataclass

from siga_ocr.charset import PRINTABLE, Charset
from siga_ocr.errors import UsageError
from siga_ocr.formats.automaton import Automaton, distances, intersection
from siga_ocr.formats.pattern import ANY, MOST_CHARACTERS, Chars, Follow, Pattern, Repeat

MASK_SIGNS = {"9": Chars(frozenset(string.digits)), "A": Chars(frozenset(string.ascii_letters)), "*": ANY}
"""What stands for more than itself in a mask."""

MOST_DIGITS = 9
"""Of a length."""

SHOWN = 200
"""Characters of a rule in a message."""

FAR = 200
"""Characters: how long a text is searched for when a message has to say that a format asks for more than a model reads."""


@dataclass(frozen=True, kw_only=True)
class CodeFormat:
    r"""Rules that all have to hold for the whole text; what is empty is no rule.

    In a `mask`, 9 is a digit, A a letter, * any character, a backslash makes the next one stand for itself, and all others do so anyway.
    `regex` is spelled as in Python. `characters` lists what may occur, with ranges such as `A-Z`; a `-` first or last is itself.
    `length` is a number or a range such as `8-12`, `8-`. `preset` is a name in `presets.PRESETS`.

    Raises:
        UsageError: a rule cannot be understood.
    """

    mask: str = ""
    regex: str = ""
    characters: str = ""
    length: str = ""
    preset: str = ""

    def __post_init__(self) -> None:
        self.patterns()

    def __bool__(self) -> bool:
        return any((self.mask, self.regex, self.characters, self.length, self.preset))

    def patterns(self) -> list[Pattern]:
        """One pattern for each rule."""
        found = list[Pattern]()
        if self.mask:
            found.append(_mask(self.mask))
        if self.regex:
            found.append(_regex(self.regex))
        if self.characters:
            found.append(Repeat(_characters(self.characters), 0, None))
        if self.length:
            found.append(Repeat(ANY, *_length(self.length)))
        if self.preset:
            from siga_ocr.formats.presets import preset

            found.append(_regex(preset(self.preset).regex))
        return found

    @property
    def check(self) -> Callable[[str], bool] | None:
        """What a text of the right shape has to pass beyond it, such as a check digit; None where the shape is all."""
        if not self.preset:
            return None
        from siga_ocr.formats.presets import preset

        return preset(self.preset).check


def automaton_for(code_format: CodeFormat, charset: Charset, max_length: int) -> Automaton:
    """The automaton of a format over a model's characters, for texts of at most `max_length`.

    Raises:
        UsageError: it would be too large, or no text that the model can read fits the format.
    """
    patterns = code_format.patterns()
    found = intersection(patterns, charset.characters, max_length)
    if found is None:
        raise UsageError(f"The model can never read a code of this format: {_reason(patterns, charset, max_length)}")
    return found


def _reason(patterns: list[Pattern], charset: Charset, max_length: int) -> str:
    """Why nothing fits: the characters, the length, or the rules themselves."""
    wider = "".join(dict.fromkeys(charset.characters + PRINTABLE + "".join(sorted(set().union(*map(_named, patterns))))))
    found = intersection(patterns, wider, max_length)
    if found is not None:
        example = _example(found)
        return f"it does not know {charset.unknown(example)!r}, such as in {example!r}. Its characters are {charset.characters}"
    found = intersection(patterns, wider, FAR)
    if found is not None:
        return f"it reads at most {max_length} characters, and the shortest such code has {found.shortest}."
    return f"no text of up to {FAR} characters fits all rules that were given."


def _example(automaton: Automaton) -> str:
    """One of the shortest texts."""
    state, text = 0, ""
    left = distances(automaton.moves, automaton.accepting)
    while left[state]:
        character, state = next((c, n) for c, n in automaton.moves[state].items() if left[n] == left[state] - 1)
        text += character
    return text


def _named(pattern: Pattern) -> frozenset[str]:
    """The characters that a pattern names, up to some hundred of each set."""
    if isinstance(pattern, Chars):
        return frozenset(sorted(pattern.characters)[:300])
    parts = (pattern.part,) if isinstance(pattern, Repeat) else pattern.parts
    return frozenset().union(*map(_named, parts))


def _regex(regex: str) -> Pattern:
    from siga_ocr.formats.regex import to_pattern

    return to_pattern(regex)


def _mask(mask: str) -> Pattern:
    parts, signs = list[Pattern](), iter(mask)
    for sign in signs:
        if sign == "\\":
            following = next(signs, "")
            if not following:
                raise UsageError(f"--mask {mask[:SHOWN]!r} ends in a backslash: write two for the backslash itself.")
            parts.append(Chars(frozenset(following)))
        else:
            parts.append(MASK_SIGNS.get(sign, Chars(frozenset(sign))))
    return Follow(tuple(parts))


def _characters(listed: str) -> Chars:
    found, place, read = set[str](), 0, 0
    while place < len(listed):
        first, dash, last = listed[place], listed[place + 1 : place + 2], listed[place + 2 : place + 3]
        if dash == "-" and last:
            if first > last:
                raise UsageError(f"--charset {listed[:SHOWN]!r} has the range {first}-{last}, which runs backwards.")
            read += ord(last) - ord(first)
            if read > MOST_CHARACTERS:
                raise UsageError(f"--charset names more than {MOST_CHARACTERS} characters: name those that codes have.")
            found |= {chr(code) for code in range(ord(first), ord(last) + 1)}
            place += 3
        else:
            found.add(first)
            place += 1
    return Chars(frozenset(found))


def _length(text: str) -> tuple[int, int | None]:
    least, dash, most = (part.strip() for part in text.partition("-"))
    if not all(number.isdecimal() and len(number) <= MOST_DIGITS for number in (least, most or least)):
        raise UsageError(f"--length is a number of characters or a range such as 8-12 or 8-, not {text[:SHOWN]!r}.")
    longest = int(most) if most else None if dash else int(least)
    if longest is not None and not max(int(least), 1) <= longest:
        raise UsageError(f"--length {text[:SHOWN]!r} leaves no text: the second number is the larger one, from 1.")
    return int(least), longest
