"""`siga-ocr verify`: crops and what they should say in, match, mismatch or unsure out."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console, options
from siga_ocr.errors import ExitCode, NoInputError, UsageError
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from siga_ocr.reading import Reading


def verify(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Image files, folders, @LIST; all with --expected.")] = None,
    expected: Annotated[str, typer.Option("--expected", metavar="TEXT", help="What every crop should say.")] = "",
    expected_file: Annotated[Path | None, typer.Option("--expected-file", metavar="CSV", help="Columns file and expected, instead.")] = None,
    min_margin: Annotated[float, typer.Option("--min-margin", metavar="NATS", min=0, help="Nearer to the best other text is unsure.")] = 2.2,
    recursive: options.Recursive = False,
    model: options.Model = DEFAULT,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    exit_zero: options.ExitZero = False,
) -> None:
    """Check that crops say what they should, by the likelihood of the expected text: one JSON record an image.

    Exit code 0 if all match, 1 if one differs or cannot be opened, 7 if none does but some are unsure.
    """
    wanted = _wanted(paths or [], expected, expected_file, recursive)
    from siga_ocr.reader import Reader, ReadOptions
    from siga_ocr.verify import check_expected, verified

    console.hush_decoders()
    reader = Reader.load(model, device, engine.value, ReadOptions(keep_log_probabilities=True))
    for _, text in wanted:
        check_expected(text, reader.config.charset, reader.config.max_length)
    outcomes = set[str]()
    for reading, (_, text) in zip(reader.read(file for file, _ in wanted), wanted, strict=True):
        record = _record(reading, text)
        if reading.log_probabilities is not None:
            found = verified(reading.log_probabilities, text, reader.config.charset, min_margin)
            record |= asdict(found) | {"margin": round(found.margin, 4)}
        outcomes.add(str(record["outcome"]))
        console.put(json.dumps(record))
    raise typer.Exit(ExitCode.OK if exit_zero else _exit_code(outcomes))


def _record(reading: "Reading", expected: str) -> dict[str, object]:
    """What is known without a likelihood."""
    return {
        "file": reading.file,
        "outcome": "error",
        "expected": expected,
        "text": reading.text,
        "confidence": round(reading.confidence, 6),
        "error": reading.error or None,
        "margin": None,
        "other": None,
        "differences": [],
    }


def _exit_code(outcomes: set[str]) -> ExitCode:
    if outcomes & {"mismatch", "error"}:
        return ExitCode.NOT_ALL
    return ExitCode.UNSURE if "unsure" in outcomes else ExitCode.OK


def _wanted(paths: list[str], expected: str, table: Path | None, recursive: bool) -> list[tuple[str, str]]:
    """Each image with what it should say."""
    if bool(expected) == (table is not None) or bool(paths) != bool(expected):
        raise UsageError("Give PATH... with --expected TEXT, or --expected-file CSV with the columns file and expected.")
    if table is not None:
        return list(_rows(table))
    from siga_ocr.sources import Search, find_images

    return [(image, expected) for group in find_images(paths, Search(recursive), console.path_stream()) for image in group]


def _rows(table: Path) -> Iterator[tuple[str, str]]:
    """The rows of a table; files lie relative to it."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                if not row.get("file") or not row.get("expected"):
                    raise UsageError(f"{table}: every row needs a file and what is expected of it, in columns of these names.")
                yield str(table.parent / row["file"]), row["expected"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoInputError(f"{table} cannot be read as CSV in UTF-8: {error}.") from error
