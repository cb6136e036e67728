"""Writes the table of options into the page of each command, from the commands themselves: `python -m tests.option_tables`."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import typer.core
import typer.main

from siga_ocr.cli.main import app

DOCS = Path(__file__).parent.parent / "docs"
BEGIN = "<!-- options, made by python -m tests.option_tables -->\n"
END = "<!-- end of options -->\n"
SETTINGS = "Every option can be [set in a file or by a variable](config.md) too.\n"


def pages() -> dict[Path, str]:
    """The page of each command, a group of commands sharing one, and what has to stand between its marks."""
    found = {}
    for name, command in sorted(commands(typer.main.get_command(app)).items()):
        sections = list(_sections(command, (name,)))
        found[DOCS / f"{name}.md"] = "\n".join([SETTINGS, *sections]) if sections else "There are none.\n"
    return found


def filled(path: Path, tables: str) -> str:
    """A page with its tables as they should be."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{path} lacks the line {BEGIN}"
    assert end, f"{path} lacks the line {END}"
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def commands(command: object) -> dict[str, object]:
    """The commands below a group, none below a command."""
    return getattr(command, "commands", {})


def _sections(command: object, words: tuple[str, ...]) -> Iterator[str]:
    for name, below in sorted(commands(command).items()):
        yield from _sections(below, (*words, name))
    if isinstance(command, typer.core.TyperCommand):
        rows = [_row(one) for one in command.params if isinstance(one, typer.core.TyperOption)]
        if len(words) > 1:
            arguments = [str(one.metavar or one.name).upper() for one in command.params if not isinstance(one, typer.core.TyperOption)]
            yield f"### `{' '.join(['siga-ocr', *words, *arguments])}`\n"
        if rows:
            yield "\n".join(["| option | default | meaning |", "| --- | --- | --- |", *rows, ""])
        elif len(words) > 1:
            yield "No options.\n"


def _row(option: typer.core.TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    metavar = option.metavar or "|".join(_choices(option))
    value = "" if option.is_flag or not metavar else f" `{metavar}`"
    value += ", repeatable" if option.multiple else ""
    default = getattr(option.default, "value", option.default)
    shown = "required" if option.required else f"`{default}`" if default not in (None, "", False, []) and not callable(default) else ""
    cells = [cell.replace("|", "\\|") for cell in (names + value, shown, option.help or "")]
    return f"| {' | '.join(cells)} |"


def _choices(option: typer.core.TyperOption) -> list[str]:
    """The values of an option that takes one of a few."""
    kind = getattr(option.type_descriptor, "annotation", None)
    return [str(one.value) for one in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


if __name__ == "__main__":
    for path, tables in pages().items():
        path.write_text(filled(path, tables), encoding="utf-8")
