"""Options of the commands that score a model on labelled crops, as annotated types."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PartName(StrEnum):
    """The parts of a set by the hash of the text: B is the held-out third."""

    ALL = "all"
    A = "A"
    B = "B"


ROWS = "Which rows count"

Sets = Annotated[
    list[Path],
    typer.Option("--data", metavar="PATH", help="Labelled crops: a table, a folder with one, an LMDB, with --names a folder. Repeatable."),
]
Names = Annotated[
    str, typer.Option("--names", metavar="REGEX", help="Texts stand in the names of the images, as the group text.", rich_help_panel=ROWS)
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="Of a table that is not in Unicode, such as cp1252.", rich_help_panel=ROWS)]
Part = Annotated[PartName, typer.Option("--part", help="Only this part of the texts: B is a third of them, by their hash.", rich_help_panel=ROWS)]
Upright = Annotated[bool, typer.Option("--upright", help="Without rows that orientation.csv beside the table calls turned.", rich_help_panel=ROWS)]
AllowBlank = Annotated[bool, typer.Option("--allow-blank", help="Rows without a text are crops without a code, and count.", rich_help_panel=ROWS)]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
