"""`siga-ocr evaluate`: labelled crops in, what a model makes of them out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console, options, set_options
from siga_ocr.errors import ExitCode
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from siga_ocr.assessing.assessment import Assessment
    from siga_ocr.assessing.scored_set import ScoredSet
    from siga_ocr.reader import Reader

STDOUT = Path("-")


def evaluate(
    data: set_options.Sets,
    model: options.Model = DEFAULT,
    compare: Annotated[str, typer.Option("--compare", metavar="NAME|FOLDER", help="Another model, read on the same crops.")] = "",
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all numbers and every crop; - is stdout.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts and the worst crops.")] = None,
    worst: Annotated[int, typer.Option("--worst", metavar="N", min=0, help="Misread crops on the page, the surest first.")] = 20,
    force: set_options.Force = False,
    names: set_options.Names = "",
    encoding: set_options.Encoding = "",
    part: set_options.Part = set_options.PartName.ALL,
    upright: set_options.Upright = False,
    allow_blank: set_options.AllowBlank = False,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    once: options.Once = False,
) -> None:
    """Measure how well a model reads labelled crops: right words, mistaken characters, what its confidence is worth.

    Crops that cannot be opened count as wrong; with any of them the command exits with 1.
    """
    from siga_ocr.assessing.pictures import pictures
    from siga_ocr.assessing.record import document
    from siga_ocr.assessing.report import page
    from siga_ocr.assessing.scored_set import Rows, scored_set
    from siga_ocr.cli.evaluate_text import lines
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.reader import Reader
    from siga_ocr.scores.comparison import paired
    from siga_ocr.whole_file import check_free, write_whole

    check_free([path for path in (json, html) if path is not None and path != STDOUT], force)
    console.hush_decoders()
    scored = scored_set(data, Rows(names=names, encoding=encoding, part=part.value, upright=upright, allow_blank=allow_blank))
    readers = [Reader.load(name, device, engine.value, ReadOptions(once=once)) for name in (model, compare) if name]
    first, *others = [_assessed(scored, reader) for reader in readers]
    second = others[0] if others else None
    comparison = paired(first.correct, second.correct) if second else None
    content = document(first, second, comparison, scored.blank)
    files = {json: content} if json is not None and json != STDOUT else {}
    if html is not None:
        files[html] = page(first, pictures(first, readers[0], worst), second, comparison)
    write_whole(files)
    shown = content.decode() if json == STDOUT else "".join(f"{line}\n" for line in lines(first, second, comparison))
    console.data_stream().write(shown)
    if scored.blank:
        console.say(f"{scored.blank} rows without a text are left out; --allow-blank counts them as crops without a code.")
    raise typer.Exit(ExitCode.NOT_ALL if first.unreadable else ExitCode.OK)


def _assessed(scored: "ScoredSet", reader: "Reader") -> "Assessment":
    """Read the set with one model."""
    from siga_ocr.assessing.assessment import assess
    from siga_ocr.assessing.scored_set import source_of

    readings = console.progress(reader.read(source_of(sample) for sample in scored.samples), "crop", len(scored.samples))
    found = assess(scored.samples, list(readings), reader.provenance, scored.sizes)
    for notice in reader.notices:
        console.say(notice)
    return found
