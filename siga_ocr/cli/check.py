"""`siga-ocr data check`: a labelled set in, what is wrong with it out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console, options
from siga_ocr.cli.data_options import Encoding, Force, LabelPath, Names
from siga_ocr.errors import ExitCode, NoInputError, UsageError
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from siga_ocr.data.doubt import Doubt
    from siga_ocr.data.label_check import Report
    from siga_ocr.data.label_rows import LabelSource
    from siga_ocr.data.labels import LabelRules

DROPPED_NAME = "dropped.csv"


class CheckFormat(StrEnum):
    """`json` is one object with counts, findings and doubts."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def check(
    path: LabelPath,
    fixed: Annotated[Path | None, typer.Option("--fixed", metavar="OUT.csv", help="Write what can be used here, the rest to dropped.csv.")] = None,
    form: Annotated[CheckFormat, typer.Option("--format", help="How findings are written to stdout.")] = CheckFormat.TABLE,
    doubts: Annotated[int, typer.Option("--doubts", metavar="N", min=0, help="List the N labels that the model doubts most; 0: none.")] = 20,
    model: options.Model = DEFAULT,
    charset_add: Annotated[str, typer.Option("--charset-add", metavar="CHARACTERS", help="Characters that the model is going to learn.")] = "",
    max_length: Annotated[int, typer.Option("--max-length", metavar="N", min=0, help="Longest text; 0: as long as the model reads.")] = 0,
    names: Names = "",
    encoding: Encoding = "",
    force: Force = False,
    device: options.Device = "auto",
) -> None:
    """Find what is wrong with labels and crops, and the labels that the model doubts. Exits with 1 if anything is wrong.

    Blanks and look-alikes of other scripts are mended in OUT.csv; rows with anything else are dropped from it. Doubts are for a person to
    look at: they change neither OUT.csv nor the exit code.
    """
    from siga_ocr.cli.check_table import Shown, summary, write
    from siga_ocr.data.label_output import check_free
    from siga_ocr.data.label_rows import LabelSource, find_table

    source = LabelSource(path, names, encoding)
    if fixed is not None:
        if fixed.name == DROPPED_NAME:
            raise UsageError(f"--fixed cannot be named {DROPPED_NAME}: that is where the dropped rows go.")
        check_free([fixed, fixed.with_name(DROPPED_NAME)], force, find_table(path))
    console.hush_decoders()
    report = _report(source, _rules(model, charset_add, max_length))
    if not report.row_count:
        raise NoInputError(f"{path} has no rows: give every crop one, with the columns file and text.")
    doubted = _doubts(report, model, device, doubts) if doubts else []
    if fixed is not None:
        _write_fixed(report, fixed)
    write(Shown(report, doubted, model if doubts else ""), form.value, console.data_stream())
    console.say(summary(report))
    raise typer.Exit(ExitCode.NOT_ALL if report.findings else ExitCode.OK)


def _rules(model: str, added: str, max_length: int) -> "LabelRules":
    """What the model can read, and what it is going to."""
    from siga_ocr.charset import Charset
    from siga_ocr.data.labels import LabelRules
    from siga_ocr.store.folder import describe
    from siga_ocr.store.weights import path_of

    config = describe(path_of(model)).model
    known = config.charset.characters
    return LabelRules(charset=Charset("".join(dict.fromkeys(known + added))), max_length=max_length or config.max_length)


def _report(source: "LabelSource", rules: "LabelRules") -> "Report":
    from siga_ocr.data.image_facts import scan
    from siga_ocr.data.label_check import check as check_rows
    from siga_ocr.data.label_rows import read_rows
    from siga_ocr.engines.device import core_count

    rows = list(read_rows(source))
    return check_rows(rows, rules, console.progress(scan((row.path for row in rows), core_count()), "crop", len(rows)))


def _doubts(report: "Report", model: str, device: str, count: int) -> "list[Doubt]":
    from siga_ocr.data.doubt import find_doubts
    from siga_ocr.reader import Reader

    reader = Reader.load(model, device)
    found = find_doubts(report.kept, lambda sources: console.progress(reader.read(sources), "crop"), count)
    for notice in reader.notices:
        console.say(notice)
    return found


def _write_fixed(report: "Report", fixed: Path) -> None:
    from siga_ocr.data.label_output import dropped_table, label_table, write_tables

    write_tables({fixed.with_name(DROPPED_NAME): dropped_table(report.dropped), fixed: label_table(report.kept, fixed)})
    console.say(f"{len(report.kept)} rows in {fixed}, {len(report.dropped)} in {fixed.with_name(DROPPED_NAME)}.")
