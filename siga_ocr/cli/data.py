"""`siga-ocr data`: commands about labelled sets."""

import typer

from siga_ocr.cli.check import check
from siga_ocr.cli.split import split

data = typer.Typer(name="data", help="Check labelled crops before training, and split them for validation.", no_args_is_help=True)

for command in (check, split):
    data.command()(command)
