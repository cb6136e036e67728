"""What settings make of the defaults of every command, before the command looks at its own options."""

import os
from collections.abc import Iterator, MutableMapping
from typing import Any

import typer
import typer.core

from siga_ocr import settings
from siga_ocr.cli import either
from siga_ocr.errors import UsageError
from siga_ocr.settings import Given, Option

Known = dict[Option, typer.core.TyperOption]


def apply(context: typer.Context) -> None:
    """Make what files and variables say the defaults of the commands below `context`.

    Raises:
        UsageError: a file cannot be read, a key is unknown, or a value does not fit its option.
    """
    if settings.is_silent(os.environ):
        return
    known = known_options(context.command)
    defaults: dict[str, Any] = {}
    context.meta[either.SETTINGS] = found = held(known)
    for option, one in found.items():
        table: MutableMapping[str, Any] = defaults
        for word in option.command.split():
            table = table.setdefault(word, {})
        name = known[option].name
        assert name is not None
        table[name] = one.value
    context.default_map = defaults


def held(known: Known) -> dict[Option, Given]:
    """The settings that hold here, of those options that take them.

    Raises:
        UsageError: a file cannot be read, a key is unknown, or a value fits no option.
    """
    return either.without_rivals(settings.given(list(known), os.environ, lambda option, one: _check(known[option], one, option)))


def known_options(program: object) -> Known:
    """Every option of every command but those of the program itself and `--help`."""
    return dict(_options(program, ()))


def _options(command: object, words: tuple[str, ...]) -> Iterator[tuple[Option, typer.core.TyperOption]]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _options(below, (*words, name))
    for parameter in getattr(command, "params", []) if words else ():
        if isinstance(parameter, typer.core.TyperOption) and not parameter.is_eager:
            key = max(parameter.opts, key=len).lstrip("-")
            yield Option(" ".join(words), key, bool(parameter.multiple), bool(parameter.is_flag)), parameter


def _check(parameter: typer.core.TyperOption, one: Given, option: Option) -> None:
    """Let the option itself say whether it takes the value, so that a fault names its file."""
    alone = typer.core.TyperCommand(option.command, params=[parameter], add_help_option=False)
    try:
        alone.make_context(option.command, [], default_map={parameter.name: one.value})
    except typer.BadParameter as error:
        raise UsageError(f"{one.origin}: {error.message.rstrip('.')}. This is --{option.key} of siga-ocr {option.command}.") from error
