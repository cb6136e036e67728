"""`siga-ocr data split`: a labelled set in, two label files out."""

from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli import console
from siga_ocr.cli.data_options import Encoding, Force, LabelPath, Names

TRAIN_NAME, VALIDATION_NAME = "train.csv", "val.csv"


def _inner_share(value: float) -> float:
    if not 0 < value < 1:
        raise typer.BadParameter(f"The share that validates must lie between 0 and 1, got {value:g}.")
    return value


def split(
    path: LabelPath,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=f"Folder for {TRAIN_NAME} and {VALIDATION_NAME}; it is made if need be.")],
    share: Annotated[float, typer.Option("--share", callback=_inner_share, help="Share of the rows that validate, between 0 and 1.")] = 0.2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed gives another split.")] = 0,
    group: Annotated[
        str,
        typer.Option(
            "--group", metavar="COLUMN|REGEX", help="Keep together what has the same value here, or in the image's path, not the same text."
        ),
    ] = "",
    names: Names = "",
    encoding: Encoding = "",
    force: Force = False,
) -> None:
    """Split labels into those that train and those that validate; equal texts and nearly equal pictures stay on one side.

    The same rows, share and seed always give the same split. Run data check first: rows are taken as they are.
    """
    from siga_ocr.data.image_facts import scan
    from siga_ocr.data.label_output import check_free, label_table, made, write_tables
    from siga_ocr.data.label_rows import LabelSource, find_table, read_rows
    from siga_ocr.data.split import SplitOptions
    from siga_ocr.data.split import split as split_rows
    from siga_ocr.engines.device import core_count

    options = SplitOptions(share, seed, group)
    train, validation = made(out) / TRAIN_NAME, out / VALIDATION_NAME
    check_free([train, validation], force, find_table(path))
    console.hush_decoders()
    rows = list(read_rows(LabelSource(path, names, encoding)))
    images = list(console.progress(scan((row.path for row in rows), core_count()), "crop", len(rows)))
    found = split_rows(rows, options, images)
    write_tables({train: label_table(found.train, train), validation: label_table(found.validation, validation)})
    console.say(f"{len(found.train)} rows in {train}, {len(found.validation)} in {validation}; {found.unit_count} units stayed whole.")
    if unread := sum(isinstance(image, str) for image in images):
        console.say(f"{unread} images cannot be opened: siga-ocr data check {path} says which.")
