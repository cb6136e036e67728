"""`siga-ocr finetune`: labelled crops in, a model that reads them better out, or a reason why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from siga_ocr.cli import console, options, set_options
from siga_ocr.cli import finetune_options as given
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from siga_ocr.training.machine import Machine
    from siga_ocr.tuning.plan import Wishes
    from siga_ocr.tuning.stages import Request, Stage

FREE = frozenset({"out", "resume", "minutes", "device", "ctx"})
"""Settings that a run which goes on may have anew."""


@dataclass(frozen=True)
class _Session:
    """Where a run lies, what computes it, and how long now."""

    folder: Path
    device: str
    minutes: float | None


@dataclass(frozen=True)
class _Crops:
    """What is learned from; `rows` are the values of `scored_set.Rows`."""

    data: Path | None
    val: Path | None
    replay: Path | None
    rows: dict[str, Any]


def finetune(
    ctx: typer.Context,
    data: given.Data = None,
    val: given.Validation = None,
    replay: given.Replay = None,
    out: given.Folder = None,
    resume: given.Resume = False,
    model: options.Model = DEFAULT,
    charset_add: given.CharsetAdd = "",
    max_length: given.MaxLength = None,
    steps: given.Steps = None,
    minutes: given.Minutes = None,
    rate: given.Rate = None,
    batch_size: given.BatchSize = None,
    seed: given.Seed = None,
    no_glyph_loss: given.NoGlyphLoss = False,
    no_recombined: given.NoRecombined = False,
    fixed_statistics: given.FixedStatistics = False,
    names: set_options.Names = "",
    encoding: set_options.Encoding = "",
    part: set_options.Part = set_options.PartName.ALL,
    upright: set_options.Upright = False,
    device: options.Device = "auto",
) -> None:
    """Teach a model your own crops, and measure on others of them whether it reads better; the model that you have stays as it is.

    RUN/best is the new model. Exit code 0: it is better, or there was nothing to gain; 1: it was rejected, and RUN/report.html says why.
    """
    asked = {name: str(value) for name, value in ctx.params.items() if name not in FREE and value not in (None, "", False)}
    if resume:
        _run(_Session(_begun(out, asked), device, minutes), None)
    from siga_ocr.tuning.plan import Wishes  # costs the start of every other command

    wishes = Wishes(
        steps=steps,
        minutes=minutes,
        rate=rate,
        batch_size=batch_size,
        seed=seed,
        fixed_statistics=fixed_statistics,
        glyph_loss=not no_glyph_loss,
        recombine=not no_recombined,
    )
    crops = _Crops(data, val, replay, {"names": names, "encoding": encoding, "part": part.value, "upright": upright})
    session = _Session(out or Path("runs") / f"{datetime.now():%Y-%m-%d_%H-%M-%S}", device, minutes)
    _run(session, _request(session.folder, crops, (model, charset_add, max_length), wishes, asked))


def _request(folder: Path, crops: _Crops, learner: tuple[str, str, int | None], wishes: "Wishes", asked: dict[str, str]) -> "Request":
    from siga_ocr.assessing.scored_set import Rows
    from siga_ocr.tuning.crops import Crops
    from siga_ocr.tuning.stages import Request

    model, charset_add, max_length = learner
    if crops.data is None:
        raise UsageError("There is nothing to learn from: name your crops with --data PATH.")
    return Request(
        crops=Crops(crops.data, crops.val, Rows(**crops.rows), crops.replay),
        folder=folder,
        model=model,
        wishes=wishes,
        charset_add=charset_add,
        max_length=max_length,
        asked=asked,
    )


def _begun(out: Path | None, asked: dict[str, str]) -> Path:
    """The folder of a run to go on with, which was begun with the settings that are repeated now."""
    from siga_ocr.tuning.folder import read_facts

    if out is None:
        raise UsageError("--resume needs to know which run goes on: name its folder with -o.")
    before = read_facts(out)[0].asked
    repeated = {name: value for name, value in asked.items() if value not in (DEFAULT, set_options.PartName.ALL)}
    changed = [name.replace("_", "-") for name, value in repeated.items() if before.get(name) != value]
    if changed:
        raise UsageError(f"The run in {out} was begun with another --{changed[0]}: leave it away to go on, or start a new run.")
    return out


def _run(session: _Session, request: "Request | None") -> None:
    """Alone or as one of the processes that `torchrun` started; ends the command."""
    import torch

    from siga_ocr.cli.finetune_text import Screen
    from siga_ocr.engines.pytorch import choose_device
    from siga_ocr.training import fleet
    from siga_ocr.training.machine import machine_of
    from siga_ocr.training.sharing import rank
    from siga_ocr.tuning.finetune import finished

    console.hush_decoders()
    if request is None and (done := finished(session.folder)):
        if fleet.leads():
            Screen(session.folder).show(done)
        raise typer.Exit
    try:
        chosen = fleet.join(session.device) if fleet.is_launched() else choose_device(session.device)
        torch.set_num_threads(1)  # small layers gain nothing from a second thread: processes share a step instead
        if rank():
            fleet.follow(chosen)
            fleet.end()
        _lead(session, machine_of(chosen), request)
    finally:
        fleet.leave()


def _lead(session: _Session, machine: "Machine", request: "Request | None") -> None:
    """Carry the run through and show it; ends the command."""
    from siga_ocr.cli.finetune_text import Screen
    from siga_ocr.tuning.finetune import begin, go_on
    from siga_ocr.tuning.stages import Decided
    from siga_ocr.tuning.verdict import Outcome

    stages: Iterator[Stage] = go_on(session.folder, machine, session.minutes) if request is None else begin(request, machine)
    code = ExitCode.OK
    screen = Screen(session.folder)
    try:
        for stage in stages:
            screen.show(stage)
            if isinstance(stage, Decided) and stage.verdict.outcome is Outcome.REJECTED:
                code = ExitCode.NOT_ALL
    finally:
        screen.close()
    raise typer.Exit(code)
