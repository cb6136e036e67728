"""`siga-ocr read`: paths in, readings out."""

from typing import Annotated

import typer

from siga_ocr.cli import options
from siga_ocr.store.weights import DEFAULT

PATHS = "Image files, folders of images, @LIST (a file with a path a line), - (paths on stdin)."


def read(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help=PATHS, show_default=False)],
    recursive: options.Recursive = False,
    form: options.Format = options.ReadFormatName.AUTO,
    output: options.Output = None,
    model: options.Model = DEFAULT,
    min_confidence: options.MinConfidence = 0.0,
    max_error: options.MaxError = None,
    glob: options.Glob = None,
    null: options.Null = False,
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
    force: options.Force = False,
    resume: options.Resume = False,
    exit_zero: options.ExitZero = False,
    quiet: options.Quiet = False,
    trace: options.Trace = False,
    attention: options.Attention = None,
    report: options.Report = None,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
    once: options.Once = False,
    batch_size: options.BatchSize = "auto",
    threads: options.Threads = 0,
    workers: options.Workers = 0,
    ray: options.Ray = "",
) -> None:
    """Read the code on each crop: one record an image, in the order given, unreadable images included.

    Whatever is read is accepted, unless a rule such as --min-confidence or --max-error is given.
    """
    from siga_ocr.cli.read_rules import code_format, crops_a_batch, least_confidence, region, way_up

    size, cut_out, least = crops_a_batch(batch_size), region(roi), least_confidence(min_confidence, max_error, model)
    from siga_ocr.cli.read_evidence import Shown
    from siga_ocr.cli.read_run import Choice, Job, Outcome, run
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.sources import Search

    how = ReadOptions(
        batch_size=size,
        threads=threads,
        workers=workers,
        roi=cut_out,
        orientation=way_up(orientation),
        once=once,
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
    if ray:
        from siga_ocr.cli import read_scale

        raise typer.Exit(read_scale.run(job, ray, exit_zero))
    raise typer.Exit(run(job, exit_zero))
