"""Writes docs/options.md from the commands themselves: `python -m tests.option_tables`."""

from collections.abc import Iterator
from pathlib import Path

import typer.core
import typer.main

from siga_ocr.cli.main import app

PAGE = Path(__file__).parent.parent / "docs" / "options.md"
HEAD = """# Options of every command

Made from the commands by `python -m tests.option_tables`. Every option can be [set in a file or by a variable](config.md) too.
"""


def page() -> str:
    """The whole page."""
    program = typer.main.get_command(app)
    return "\n".join([HEAD, *_sections(program, ())])


def _sections(command: object, words: tuple[str, ...]) -> Iterator[str]:
    below = getattr(command, "commands", {})
    for name in sorted(below):
        yield from _sections(below[name], (*words, name))
    if isinstance(command, typer.core.TyperCommand):
        arguments = [str(one.metavar or one.name).upper() for one in command.params if not isinstance(one, typer.core.TyperOption)]
        yield f"## `{' '.join(['siga-ocr', *words, *arguments])}`\n"
        if rows := [_row(one) for one in command.params if isinstance(one, typer.core.TyperOption)]:
            yield "\n".join(["| option | default | meaning |", "| --- | --- | --- |", *rows, ""])


def _row(option: typer.core.TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    value = "" if option.is_flag or not option.metavar else f" `{option.metavar}`"
    value += ", repeatable" if option.multiple else ""
    default = getattr(option.default, "value", option.default)
    shown = "required" if option.required else f"`{default}`" if default not in (None, "", False, []) and not callable(default) else ""
    cells = [cell.replace("|", "\\|") for cell in (names + value, shown, option.help or "")]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
