"""`siga-ocr watch`: a hot folder in, one JSON line for each file that comes."""

from pathlib import Path
from typing import Annotated

import typer

from siga_ocr.cli import options
from siga_ocr.store.weights import DEFAULT


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that crops come into.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="JSON lines are appended to it; it remembers what was read.")],
    recursive: options.Recursive = False,
    settle: Annotated[float, typer.Option("--settle", metavar="SECONDS", min=0.0, help="A file is complete when unchanged for so long.")] = 1.0,
    poll: Annotated[bool, typer.Option("--poll", help="Look through DIR again and again, for network shares that tell of no changes.")] = False,
    done: Annotated[Path | None, typer.Option("--done", metavar="DIR", help="Move files there whose reading is accepted.")] = None,
    failed: Annotated[Path | None, typer.Option("--failed", metavar="DIR", help="Move all other files there: status review or error.")] = None,
    model: options.Model = DEFAULT,
    min_confidence: options.MinConfidence = 0.0,
    max_error: options.MaxError = None,
    glob: options.Glob = None,
    roi: options.Roi = None,
    orientation: options.Orientation = options.OrientationName.UPRIGHT,
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")] = False,
    trace: options.Trace = False,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    once: options.Once = False,
    threads: options.Threads = 0,
) -> None:
    """Read each crop that comes into DIR, once and when it is complete, until the program is ended.

    After a kill or a power cut the same command goes on: nothing is lost, nothing is read twice. SIGTERM ends it with 0.
    """
    from siga_ocr.cli.read_rules import code_format, least_confidence, region, way_up
    from siga_ocr.cli.read_run import Choice
    from siga_ocr.cli.watch_run import Job, run
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.sources import Search
    from siga_ocr.watch import Hot

    hot = Hot(folder, Search(recursive, tuple(glob or ())), settle, poll, done, failed)
    hot.check()
    how = ReadOptions(
        threads=threads,
        roi=region(roi),
        orientation=way_up(orientation),
        once=once,
        min_confidence=least_confidence(min_confidence, max_error, model),
        min_character_confidence=min_character_confidence,
        min_margin=min_margin,
        unknown=unknown,
        n_best=n_best,
        code_format=code_format(mask, regex, charset, length, preset),
        max_constraint_cost=max_constraint_cost,
        trace=trace,
    )
    raise typer.Exit(run(Job(hot, output, Choice(model, device, engine.value, how), quiet)))
