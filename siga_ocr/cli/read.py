"""`siga-ocr read`: paths in, readings out."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from siga_ocr.cli import options
from siga_ocr.errors import UsageError
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from siga_ocr.formats.codeformat import CodeFormat

PATHS = "Image files, folders of images, @LIST (a file with a path a line), - (paths on stdin)."


def read(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help=PATHS, show_default=False)],
    recursive: options.Recursive = False,
    form: options.Format = options.FormatName.AUTO,
    output: options.Output = None,
    model: options.Model = DEFAULT,
    min_confidence: options.MinConfidence = 0.0,
    max_error: options.MaxError = None,
    glob: options.Glob = None,
    null: options.Null = False,
    roi: options.Roi = None,
    mask: options.Mask = "",
    regex: options.Regex = "",
    charset: options.Characters = "",
    length: options.Length = "",
    preset: options.Preset = "",
    max_constraint_cost: options.MaxConstraintCost = 3.0,
    min_character_confidence: options.MinCharacterConfidence = 0.0,
    min_margin: options.MinMargin = 0.0,
    unknown: options.Unknown = "",
    n_best: options.NBest = 0,
    force: options.Force = False,
    resume: options.Resume = False,
    exit_zero: options.ExitZero = False,
    quiet: options.Quiet = False,
    trace: options.Trace = False,
    attention: options.Attention = None,
    report: options.Report = None,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    batch_size: options.BatchSize = "auto",
    threads: options.Threads = 0,
    workers: options.Workers = 0,
) -> None:
    """Read the code on each crop: one record an image, in the order given, unreadable images included.

    Whatever is read is accepted, unless a rule such as --min-confidence or --max-error is given.
    """
    size, region, least = _batch_size(batch_size), _region(roi), _least(min_confidence, max_error, model)
    from siga_ocr.cli.read_evidence import Shown
    from siga_ocr.cli.read_run import Choice, Job, Outcome, run
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.sources import Search

    how = ReadOptions(
        batch_size=size,
        threads=threads,
        workers=workers,
        roi=region,
        min_confidence=least,
        min_character_confidence=min_character_confidence,
        min_margin=min_margin,
        unknown=unknown,
        n_best=n_best,
        code_format=code_format(mask, regex, charset, length, preset),
        max_constraint_cost=max_constraint_cost,
        trace=trace,
    )
    outcome = Outcome(form.value, output, force, resume, Shown(attention, report), quiet)
    job = Job(paths, Search(recursive, tuple(glob or ()), null), Choice(model, device, engine.value, how), outcome)
    raise typer.Exit(run(job, exit_zero))


def code_format(mask: str, regex: str, charset: str, length: str, preset: str) -> "CodeFormat | None":
    """The format that these options ask for; None where they ask for none."""
    if not any((mask, regex, charset, length, preset)):
        return None
    from siga_ocr.formats.codeformat import CodeFormat

    return CodeFormat(mask=mask, regex=regex, characters=charset, length=length, preset=preset)


def _batch_size(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--batch-size is auto or a number from 1, not {text!r}.")
    return int(text)


def _least(min_confidence: float, max_error: float | None, model: str) -> float:
    """The confidence below which a reading is to be looked at."""
    if max_error is None:
        return min_confidence
    if min_confidence:
        raise UsageError("--min-confidence and --max-error are two ways to say one thing: give one of them.")
    from siga_ocr.store.calibration import threshold_for

    return threshold_for(model, max_error)


def _region(text: str | None) -> tuple[int, int, int, int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isdecimal() for part in parts) or "0" in {str(int(part)) for part in parts[2:]}:
        raise UsageError(f"--roi is X,Y,W,H in whole pixels, with W and H from 1, not {text!r}.")
    x, y, width, height = map(int, parts)
    return x, y, width, height
