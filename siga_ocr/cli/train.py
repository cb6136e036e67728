"""`siga-ocr train`: a recipe in, a run folder out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console, options
from siga_ocr.errors import UsageError

if TYPE_CHECKING:
    from siga_ocr.model import SigaModel
    from siga_ocr.recipe import TrainConfig
    from siga_ocr.training.trainer import Run


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="What to train, and how.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", metavar="RUN", help="The run folder; default: runs/ and the recipe's name.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in the folder was left.")] = False,
    init: Annotated[str | None, typer.Option("--init", metavar="NAME|FOLDER", help="Start from a model's weights.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes that render crops.")] = 1,
    processes: Annotated[int, typer.Option("--processes", min=1, help="Processes that share each step; on a CPU one for each core is fastest.")] = 1,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Length of the schedule, instead of the recipe's.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, help="Pause after so long; --resume goes on.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Threads that compute; default: one for each core.")] = None,
    device: options.Device = "auto",
) -> None:
    """Train a model on rendered and labelled crops; pause it with Ctrl-C and go on with --resume."""
    from dataclasses import replace

    from siga_ocr.recipe import parse
    from siga_ocr.run_folder import held, refuse_held

    text = _read_recipe(recipe)
    config = parse(text, recipe)
    config = replace(config, steps=steps) if steps else config
    folder = out or Path("runs") / recipe.stem
    refuse_held(folder, "--out")
    _check_folder(folder, resume, init)

    import torch

    from siga_ocr.training.trainer import Run

    if threads:
        torch.set_num_threads(threads)
    model, first_index = _begin(config, init, device)
    run = Run(folder=folder, workers=workers, processes=processes, resume=resume, first_index=first_index, minutes=minutes)
    with held(folder, "--out"):
        _check_folder(folder, resume, init)  # once more: another run may have begun there meanwhile
        _consume(model, config, run, text)


def _read_recipe(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The recipe {path} cannot be read: {error}. Name a TOML file.") from error


def _check_folder(folder: Path, resume: bool, init: str | None) -> None:
    begun = any((folder / name).exists() for name in ("last", "last.old"))
    if resume and init:
        raise UsageError("--resume goes on with the run's own weights: leave --init away.")
    if begun and not resume:
        raise UsageError(f"{folder} holds a run already: go on with --resume, or name another folder with --out.")


def _begin(config: "TrainConfig", init: str | None, device: str) -> "tuple[SigaModel, tuple[tuple[int, int], ...]]":
    """The network on its device, and where rendering begins for each seed."""
    import torch

    from siga_ocr.engines.pytorch import choose_device
    from siga_ocr.model import build_model
    from siga_ocr.store import checkpoint, weights
    from siga_ocr.tuning.growth import deepened

    chosen = choose_device(device)
    if init is None:
        torch.manual_seed(config.seed)
        return build_model(config.model).to(chosen), ()
    folder = weights.path_of(init)
    rendered = checkpoint.describe(folder).training.get("rendered", {})
    used = tuple((int(seed), int(index)) for seed, index in rendered.items()) if isinstance(rendered, dict) else ()
    torch.manual_seed(config.seed)  # of blocks that the model does not have
    return deepened(checkpoint.load(folder).to(chosen), config.model), used


def _consume(model: "SigaModel", config: "TrainConfig", run: "Run", recipe: str) -> None:
    """Write the events of a run to its folder and show them."""
    from siga_ocr.cli.train_log import Display, MetricsFile, keep_recipe
    from siga_ocr.training.trainer import BatchDivided, Checkpointed, LabelsRead, Started, StepDone, train

    metrics, display = MetricsFile(run.folder), Display(sys.stderr)
    keep_recipe(run.folder, recipe)
    try:
        for event in train(model, config, run):
            match event:
                case LabelsRead():
                    console.say(f"{event.path}: {event.used} crops; {event.dropped} rows dropped, blanks taken out of {event.blanks_removed}.")
                case Started():
                    metrics.begin(event.step)
                    display.begin(event.step, event.steps)
                    console.say(f"{event.parameters / 1e6:.2f} M parameters on {event.device}, step {event.step} of {event.steps}.")
                case StepDone():
                    metrics.write(event)
                    display.show(event)
                case BatchDivided():
                    display.note(f"Step {event.step}: memory did not suffice; each batch is computed in {event.pieces} pieces from here on.")
                case Checkpointed():
                    keep_recipe(event.model, recipe)
                    display.note(f"Step {event.step}: {'finished' if event.finished else 'saved'}, model in {event.model}")
    finally:
        metrics.close()
        display.close()
