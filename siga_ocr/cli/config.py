"""`siga-ocr config`: which settings hold here, and where they were made."""

import json
import os
from typing import Annotated

import typer

from siga_ocr.cli import console
from siga_ocr.cli.defaults import held, known_options
from siga_ocr.errors import UsageError

config = typer.Typer(name="config", no_args_is_help=True, help="Show the settings that stand for options.")


@config.command()
def show(
    context: typer.Context,
    command: Annotated[str, typer.Argument(metavar="[COMMAND]", help="Only the options of this command.", show_default=False)] = "",
    changed: Annotated[bool, typer.Option("--changed", help="Only what a file or a variable sets.")] = False,
) -> None:
    """Print each option's value and where it comes from: a file, a variable or the program itself."""
    from siga_ocr import settings

    known = known_options(context.find_root().command)
    chosen = {option: parameter for option, parameter in known.items() if command in ("", option.command, option.command.split()[0])}
    if not chosen:
        raise UsageError(f"There is no command {command!r} with options: siga-ocr --help lists the commands.")
    found = held(known)
    for option, parameter in chosen.items():
        one = found.get(option)
        if one is not None:
            console.put(f"{option.dotted}\t{_shown(one.value)}\t{one.origin}")
        elif not changed:
            console.put(f"{option.dotted}\t{_shown(parameter.default)}\tdefault")
    for name in settings.unknown_variables(list(known), os.environ):
        console.say(f"The variable {name} sets no option: is it misspelt?")


@config.command()
def path() -> None:
    """Print the files that settings are looked for in, the one that wins first."""
    from siga_ocr import settings

    for file in (settings.project_file(), settings.user_file()):
        console.put(f"{file.absolute()}\t{'there' if file.is_file() else 'not there'}")


def _shown(value: object) -> str:
    """As it is written in a file; a dash for what is not set."""
    if value is None or value == [] or value == ():
        return "-"
    return json.dumps(getattr(value, "value", value), ensure_ascii=False, default=str)
