"""`siga-ocr calibrate`: labelled crops in, a model whose confidence means what it says out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console, options, set_options
from siga_ocr.errors import UsageError
from siga_ocr.store.weights import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siga_ocr.assessing.calibrate import Measured
    from siga_ocr.assessing.scored_set import ScoredSet
    from siga_ocr.assessing.temperature import Observed


def _rates(values: list[float] | None) -> list[float] | None:
    return None if values is None else [options.checked_rate(value) for value in values]


def calibrate(
    data: set_options.Sets,
    model: options.Model = DEFAULT,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write a calibrated copy of the model here.")] = None,
    max_error: Annotated[
        list[float] | None,
        typer.Option("--max-error", metavar="R", callback=_rates, help="Find a threshold for this error rate too, such as 0.003. Repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a calibration that the model has.")] = False,
    names: set_options.Names = "",
    encoding: set_options.Encoding = "",
    part: set_options.Part = set_options.PartName.ALL,
    upright: set_options.Upright = False,
    allow_blank: set_options.AllowBlank = False,
    device: options.ReadingDevice = "auto",
    engine: options.Engine = options.EngineName.AUTO,
) -> None:
    """Measure on labelled crops how sure a model may be, and keep it with the model for `read --max-error`.

    The crops must be like those that will be read, their labels right, and none of them seen in training. The calibration goes into the
    model's folder; of a model that came with the program or from the hub, -o makes a copy.
    """
    from siga_ocr.assessing.calibrate import copy_with, keep, measure
    from siga_ocr.assessing.scored_set import Rows, scored_set
    from siga_ocr.store.folder import describe
    from siga_ocr.store.weights import path_of

    folder = path_of(model)
    _check_target(model, folder, output, force)
    console.hush_decoders()
    scored = scored_set(data, Rows(names=names, encoding=encoding, part=part.value, upright=upright, allow_blank=allow_blank))
    at = _observing(scored, folder, device, engine.value)
    measured = measure(at(1.0), describe(folder).weights_sha256, at, max_error or ())
    if output is None:
        keep(measured.calibration, folder)
    else:
        copy_with(measured.calibration, folder, output)
    console.data_stream().writelines(f"{line}\n" for line in _lines(measured, max_error or []))
    left_out = len(scored.samples) - measured.calibration.crops
    console.say(f"Kept in {output or folder}." + (f" {left_out} crops could not be opened and are left out." if left_out else ""))


def _check_target(model: str, folder: Path, output: Path | None, force: bool) -> None:
    """Before any work: is there a place for the calibration?"""
    from siga_ocr.store.folder import CALIBRATION_NAME
    from siga_ocr.store.weights import shipped, stored

    if output is not None:
        if output.exists() or not output.parent.is_dir():
            raise UsageError(f"{output} cannot be made: name a new folder in one that is there.")
        return
    if model in shipped() or stored(model):
        raise UsageError(f"{model} is kept as it came: write a calibrated copy with -o DIR, then siga-ocr models import DIR --name NAME.")
    if (folder / CALIBRATION_NAME).exists() and not force:
        raise UsageError(f"{model} is calibrated already: measure it anew with --force, or write a copy with -o DIR.")


def _observing(scored: "ScoredSet", folder: Path, device: str, engine: str) -> "Callable[[float], Iterator[Observed]]":
    """What reads the crops at a temperature."""
    from siga_ocr.assessing.temperature import observe
    from siga_ocr.engines.engine import choose
    from siga_ocr.engines.tempered import tempered
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.reader import load_engine

    choice = choose(folder, engine, device)
    if choice.notice:
        console.say(choice.notice)
    made = load_engine(folder, choice.engine, choice.device, ReadOptions())
    return lambda temperature: iter(console.progress(observe(tempered(made, temperature), scored.samples), "crop", len(scored.samples)))


def _lines(measured: "Measured", asked: list[float]) -> "Iterator[str]":
    found = measured.calibration
    yield f"crops\t{found.crops}, {found.wrong} of them read wrong"
    yield f"temperature\t{found.temperature:.2f}"
    before, after = 100 * measured.error_before, 100 * measured.error_held_out
    yield f"calibration error (ECE)\t{before:.1f} % without, {after:.1f} % with it on crops that it was not fitted on"
    yield from _promised(measured, asked)


def _promised(measured: "Measured", asked: list[float]) -> "Iterator[str]":
    from siga_ocr.scores.binomial import lower_bound, upper_bound
    from siga_ocr.scores.promises import DOUBT, RATES, crops_needed

    found = measured.calibration
    kept = {one.max_error: one for one in found.promises}
    for rate in sorted({*RATES, *asked}):
        if one := kept.get(rate):
            low, high = (bound(one.wrong, one.accepted, DOUBT / 2) for bound in (lower_bound, upper_bound))
            low_share, high_share = (bound(one.accepted, found.crops, DOUBT / 2) for bound in (lower_bound, upper_bound))
            yield (
                f"at most {100 * rate:g} % wrong\taccept {100 * one.coverage:.1f} % ({100 * low_share:.1f}-{100 * high_share:.1f}) of the crops, "
                f"from confidence {one.threshold:.6f}; seen {one.wrong} wrong of {one.accepted}: {100 * low:.3f}-{100 * high:.3f} %"
            )
        elif found.crops < crops_needed(rate):
            yield f"at most {100 * rate:g} % wrong\tno promise: it takes at least {crops_needed(rate)} accepted crops without a fault"
        else:
            yield f"at most {100 * rate:g} % wrong\tno promise: of the surest {measured.surest} crops {measured.surest_wrong} are wrong"
