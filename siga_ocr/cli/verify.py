"""`siga-ocr verify`: crops and what they should say in, match, mismatch or unsure out."""

from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli import options
from siga_ocr.store.weights import DEFAULT

FORMAT = "auto: a table on a terminal, else jsonl. text: the outcome alone."
TABLE = "Columns file and expected (or text), such as a labels.csv; instead of --expected."


def verify(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Image files, folders, @LIST, -; all with --expected.")] = None,
    expected: Annotated[str, typer.Option("--expected", metavar="TEXT", help="What every crop should say.")] = "",
    expected_file: Annotated[Path | None, typer.Option("--expected-file", metavar="TABLE", help=TABLE)] = None,
    min_margin: Annotated[float, typer.Option("--min-margin", metavar="NATS", min=0, help="Nearer to the best other text is unsure.")] = 2.2,
    recursive: options.Recursive = False,
    form: Annotated[options.FormatName, typer.Option("--format", help=FORMAT)] = options.FormatName.AUTO,
    output: options.Output = None,
    model: options.Model = DEFAULT,
    glob: options.Glob = None,
    null: options.Null = False,
    roi: options.Roi = None,
    orientation: options.Orientation = options.OrientationName.UPRIGHT,
    force: options.Force = False,
    exit_zero: options.ExitZero = False,
    quiet: options.Quiet = False,
    trace: options.Trace = False,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    once: options.Once = False,
    threads: options.Threads = 0,
) -> None:
    """Check that crops say what they should, by the likelihood of the expected text: one record an image.

    Exit code 0 if all match, 1 if one differs or cannot be opened, 7 if none does but some are unsure.
    """
    from siga_ocr.cli.read_evidence import Shown
    from siga_ocr.cli.read_rules import region, way_up
    from siga_ocr.cli.read_run import Choice, Outcome
    from siga_ocr.cli.verify_run import Job, run
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.sources import Search

    how = ReadOptions(threads=threads, roi=region(roi), orientation=way_up(orientation), once=once, trace=trace, keep_log_probabilities=True)
    search, choice = Search(recursive, tuple(glob or ()), null), Choice(model, device, engine.value, how)
    outcome = Outcome(form.value, output, force, resume=False, shown=Shown(), quiet=quiet, resumable=False)
    raise typer.Exit(run(Job(paths or [], search, expected, expected_file, min_margin, choice, outcome), exit_zero))
