"""What is done to whole bytes and values to see who notices: cut, overwritten, doubled, swapped."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

EXTREMES = (
    *(b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\n", b'"', b"\0\0", b"\xff\xff", b"\x7f\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"),
    *(b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff" * 8, b"\0" * 8, b"\0\0\0\1\0\0\0\0"),
)
"""Bytes at which sizes, counts and places turn over."""


@st.composite
def edited(draw: st.DrawFn, wholes: Sequence[bytes], places: Sequence[int] = ()) -> bytes:
    """One of `wholes` with up to six edits, most of them at its head, at its tail or at one of `places`."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(_places(len(content), places))
        kind = draw(st.sampled_from(("set", "set", "set", "extreme", "extreme", "cut", "double", "drop")))
        if kind == "set":
            content[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "extreme":
            value = draw(st.sampled_from(EXTREMES))
            content[place : place + len(value)] = value
        elif kind == "cut":
            del content[place:]
        else:
            part = content[place : place + draw(st.integers(1, 64))]
            content[place : place + len(part)] = part * 2 if kind == "double" else b""
    return bytes(content)


def _places(size: int, places: Sequence[int]) -> SearchStrategy[int]:
    last = max(size - 1, 0)
    anywhere = [st.integers(0, last), st.integers(0, min(last, 120)), st.integers(max(last - 120, 0), last)]
    near = [st.sampled_from(places).flatmap(lambda place: st.integers(min(place, last), min(place + 32, last)))] if places else []
    return st.one_of(*anywhere, *near)


NUMBERS = st.one_of(
    st.integers(-3, 300), st.sampled_from((0, 1, 2**31 - 1, 2**31, 2**63, 2**64, 10**30, -(2**63))), st.floats(), st.sampled_from((1e308, -0.0))
)
SCALARS = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=12), st.sampled_from(("\0", "\x1b[2J", "\ud800", "../..", "/etc/passwd", "9" * 500))
)
VALUES: SearchStrategy[object] = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=3)), max_leaves=8
)
"""What JSON can hold, and what it should not."""


@st.composite
def revalued(draw: st.DrawFn, whole: object) -> object:
    """A nested value with one to three of its parts replaced, left out or added."""
    value = whole
    for _ in range(draw(st.integers(1, 3))):
        value = _revalued(draw, value)
    return value


def _revalued(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(list(value)))
        kind = draw(st.sampled_from(("deeper", "deeper", "deeper", "drop", "add")))
        if kind == "drop":
            return {name: part for name, part in value.items() if name != key}
        if kind == "add":
            return {**value, draw(st.text(max_size=8)): draw(VALUES)}
        return {**value, key: _revalued(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _revalued(draw, value[place]), *value[place + 1 :]]
    return draw(VALUES)
