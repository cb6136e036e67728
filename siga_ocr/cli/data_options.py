"""Options that the commands about labelled sets share, as annotated types."""

from pathlib import Path
from typing import Annotated

import typer

SETS = "A table of labels (CSV, TSV, JSON lines, path<TAB>text), a folder with one, an LMDB, or with --names a folder of images."

LabelPath = Annotated[Path, typer.Argument(metavar="PATH", help=SETS, show_default=False)]
Names = Annotated[
    str, typer.Option("--names", metavar="REGEX", help="Texts stand in the names of the images, as the group text: '(?P<text>.+)_\\d+'.")
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="Of a table that is not in Unicode, such as cp1252.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
