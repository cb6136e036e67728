"""Options that several commands share, as annotated types."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class FormatName(StrEnum):
    """`auto` is a table on a terminal and JSON lines otherwise; `text` is the reading alone."""

    AUTO = "auto"
    TABLE = "table"
    TEXT = "text"
    JSONL = "jsonl"
    CSV = "csv"


Model = Annotated[str, typer.Option("--model", metavar="NAME|FOLDER", help="A shipped model's name or a model folder.")]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda[:N]", help="Where to compute.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Search folders with all that lies below them.")]
Format = Annotated[FormatName, typer.Option("--format", help="auto: a table on a terminal, else jsonl. text: the reading alone.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of stdout.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if some crops could not be read.")]
