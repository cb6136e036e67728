"""JSON and TOML as values, and frozen dataclasses from them, as strictly as their annotations say; no file, nothing but the standard library."""

import json
import math
import reprlib
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from siga_ocr.errors import UsageError

Kind = TypeVar("Kind")

LONGEST_KEY, SHOWN = 80, 5
"""Characters of an unknown key in a message, and how many keys it names."""


def from_json(content: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is no JSON, no Unicode, holds a number of too many digits, or is nested too deeply.
    """
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def from_toml(content: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        ValueError: it is no TOML, holds a number of too many digits, or is nested too deeply.
    """
    import tomllib

    try:
        return tomllib.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def build(kind: type[Kind], value: object, place: str) -> Kind:
    """An instance of the dataclass `kind` from a mapping; `place` is the dotted name under which faults are reported.

    Keys that are absent keep their defaults.

    Raises:
        UsageError: a key is unknown or missing, or a value has another type than its annotation.
    """
    if not isinstance(value, dict):
        raise UsageError(f"{place}: must be an object, got {shown(value)}.")
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := [f"{place}.{key[:LONGEST_KEY]}" for key in value if key not in known]:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise UsageError(f"{', '.join(unknown[:SHOWN])}{more}: this version does not know that key.")
    given = {str(key): _checked(hints[key], part, f"{place}.{key}") for key, part in value.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise UsageError(f"{place}: {error}.") from error


def _checked(kind: Any, value: object, place: str) -> object:
    """`value` as the annotation `kind` wants it: lists become tuples, whole numbers become float where one is asked for, a dict holds texts."""
    origin, parts = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return build(kind, value, place)  # type: ignore[arg-type]
    if origin is Literal:
        if any(value == option and type(value) is type(option) for option in parts):
            return value
        raise UsageError(f"{place}: must be one of {', '.join(map(str, parts))}, got {shown(value)}.")
    if origin is dict:
        return _texts(value, place)
    if origin is tuple:
        return _tuple(parts, value, place)
    if kind is float and type(value) in (int, float):
        return _finite(value, place)
    if type(value) is not kind:
        raise UsageError(f"{place}: must be {getattr(kind, '__name__', kind)}, got {shown(value)}.")
    return value


def _tuple(parts: tuple[Any, ...], value: object, place: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise UsageError(f"{place}: must be a list, got {shown(value)}.")
    kinds = [parts[0]] * len(value) if parts[-1] is Ellipsis else list(parts)
    if len(kinds) != len(value):
        raise UsageError(f"{place}: must hold {len(kinds)} values, got {len(value)}.")
    return tuple(_checked(kind, part, f"{place}.{index}") for index, (kind, part) in enumerate(zip(kinds, value, strict=True)))


def _texts(value: object, place: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise UsageError(f"{place}: must be an object of texts, got {shown(value)}.")
    return dict(value)


def _finite(value: Any, place: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"{place}: must be a finite number, got {shown(value)}.")
    return number


def shown(value: object) -> str:
    """A value in a message, cut where it is long or deep."""
    text = reprlib.repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
