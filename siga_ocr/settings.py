"""Settings that stand for options: where they are written, which of them wins, and what is wrong with them; it knows no command line."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from siga_ocr.errors import UsageError
from siga_ocr.parsing import LONGEST_KEY, from_toml, shown

NAME = "siga-ocr.toml"
"""Of the file in the working folder, and of the user's."""

PREFIX = "SIGA_OCR_"
"""Every option is a variable too: `SIGA_OCR_READ_MIN_CONFIDENCE` is `read --min-confidence`, `SIGA_OCR_MODEL` is `--model` of every command."""

APART = ("SIGA_OCR_HOME", "SIGA_OCR_HUB_REPOSITORY")
"""Variables that stand for no option."""


MAX_BYTES = 2**20
"""Of a file of settings."""


@dataclass(frozen=True)
class Option:
    """One option of a command: `command` in words (`data check`), `key` without dashes in front (`min-confidence`)."""

    command: str
    key: str
    takes_many: bool = False
    is_flag: bool = False

    @property
    def dotted(self) -> str:
        """As it is written in a file, with its table: `data.check.min-confidence`."""
        return ".".join([*self.command.split(), self.key])

    @property
    def variable(self) -> str:
        """The variable of this option alone."""
        return _variable(self.dotted)


@dataclass(frozen=True)
class Given:
    """A value as it was written, and where: the path of a file with the key in it, or the name of a variable.

    The one of higher `nearness` wins, as what is said nearer to the command line.
    """

    value: object
    origin: str
    nearness: int = 0


Layer = dict[Option, Given]
"""What one file or all variables say, of all commands or of one."""

Check = Callable[[Option, Given], None]
"""Raises UsageError where an option does not take a value."""


def user_file() -> Path:
    """The settings of the user, whatever the working folder."""
    from platformdirs import user_config_path

    return user_config_path("siga-ocr", appauthor=False) / NAME


def project_file() -> Path:
    """The settings of the working folder."""
    return Path(NAME)


def is_silent(environment: Mapping[str, str]) -> bool:
    """Whether nothing at all is set, which is soon found out."""
    return not any(map(os.path.exists, (project_file(), user_file()))) and not any(_is_set(*pair) for pair in environment.items())


def given(options: Sequence[Option], environment: Mapping[str, str], check: Check) -> dict[Option, Given]:
    """What is set of these options: a variable wins over the working folder's file, that one over the user's.

    Within one of them, what is said of one command wins over what is said of all; that holds for the options that take the value.

    Raises:
        UsageError: a file cannot be read, or holds a key that no option has, or a value that its option, or none of all commands, takes; the
            message names the file and the key.
    """
    files = (layer for path in (user_file(), project_file()) for layer in _from_file(path, options, check))
    found = Layer()
    for nearness, layer in enumerate([*files, *_from_variables(options, environment, check)]):
        found |= {option: replace(one, nearness=nearness) for option, one in layer.items()}
    return found


def unknown_variables(options: Sequence[Option], environment: Mapping[str, str]) -> list[str]:
    """Variables that begin like ours and set nothing; perhaps they are misspelt."""
    known = {name for option in options for name in (option.variable, _variable(option.key))}
    return sorted(name for name in environment if _is_set(name, environment[name]) and name not in known)


def _from_variables(options: Sequence[Option], environment: Mapping[str, str], check: Check) -> tuple[Layer, Layer]:
    shared, own = Layer(), Layer()
    for key, alike in _by_key(options).items():
        if text := environment.get(_variable(key), ""):
            shared |= _taken(alike, partial(_split, text), _variable(key), check)
    for option in options:
        if text := environment.get(option.variable, ""):
            own |= _taken([option], partial(_split, text), option.variable, check)
    return shared, own


def _split(text: str, option: Option) -> object:
    return text.split() if option.takes_many else text


def _from_file(path: Path, options: Sequence[Option], check: Check) -> tuple[Layer, Layer]:
    shared, own = Layer(), Layer()
    by_dotted, by_key = {option.dotted: option for option in options}, _by_key(options)
    for dotted, value in _leaves(_parsed(path), {option.command for option in options}):
        origin = f"{path} ({dotted})"
        if dotted in by_dotted:
            own |= _taken([by_dotted[dotted]], partial(_checked, value, origin), origin, check)
        elif dotted in by_key:
            shared |= _taken(by_key[dotted], partial(_checked, value, origin), origin, check)
        else:
            raise UsageError(f"{path}: there is no setting {shown(dotted)}{_nearest(dotted[:LONGEST_KEY], [*by_dotted, *by_key])}.")
    return shared, own


def _by_key(options: Sequence[Option]) -> dict[str, list[Option]]:
    alike: dict[str, list[Option]] = {}
    for option in options:
        alike.setdefault(option.key, []).append(option)
    return alike


def _taken(options: Sequence[Option], value_for: Callable[[Option], object], origin: str, check: Check) -> Layer:
    """Those of the options that take the value.

    Raises:
        UsageError: none of them does.
    """
    found, faults = Layer(), list[UsageError]()
    for option in options:
        try:
            one = Given(value_for(option), origin)
            check(option, one)
        except UsageError as fault:
            faults.append(fault)
        else:
            found[option] = one
    if not found:
        raise faults[0]
    return found


def _parsed(path: Path) -> dict[str, object]:
    try:
        if not path.exists():
            return {}
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            raise UsageError(f"The settings in {path} cannot be read: it is no regular file of at most {MAX_BYTES // 2**20} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The settings in {path} cannot be read: {error.strerror}.") from error
    try:
        return from_toml(content.decode("utf-8-sig"))
    except ValueError as error:
        raise UsageError(f"{path} is no TOML: {error}.") from error


def _leaves(table: Mapping[str, object], commands: Iterable[str], above: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Dotted keys and their values; only tables of commands are looked into."""
    known = set(commands)
    for key, value in table.items():
        path = (*above, key.replace("_", "-"))
        words = " ".join(path)
        if isinstance(value, dict) and any(words == command or command.startswith(f"{words} ") for command in known):
            yield from _leaves(value, known, path)
        else:
            yield ".".join(path), value


def _checked(value: object, origin: str, option: Option) -> object:
    """A value of a kind that an option can have: true or false for switches, lists where an option is repeatable."""
    parts = value if isinstance(value, list) else [value]
    kinds: tuple[type, ...] = (bool,) if option.is_flag else (str, int, float)
    if (isinstance(value, list) and not option.takes_many) or not all(type(part) in kinds for part in parts):
        wanted = "true or false" if option.is_flag else "a list of texts" if option.takes_many else "a text or a number"
        raise UsageError(f"{origin}: the value must be {wanted}, got {shown(value)}.")
    return parts if option.takes_many else value


def _nearest(dotted: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(dotted, known, 1, cutoff=0.0)
    return f"; the nearest one is {close[0]!r}" if close else ""


def _variable(dotted: str) -> str:
    return PREFIX + dotted.upper().replace(".", "_").replace("-", "_")


def _is_set(name: str, value: str) -> bool:
    return name.startswith(PREFIX) and name not in APART and value != ""
