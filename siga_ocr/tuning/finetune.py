"""Fine-tuning as a sequence of events: crops are checked and divided, a plan is made, the model is trained, measured and judged."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.config import ModelConfig
from siga_ocr.data.labelled import load_labelled
from siga_ocr.data.labels import LabelRules, read_labels
from siga_ocr.errors import ProcessLost, TrainingError
from siga_ocr.model import SigaModel
from siga_ocr.reader import Reader
from siga_ocr.recipe import LabelledSource, TrainConfig
from siga_ocr.recipe_text import to_toml, without_places
from siga_ocr.run_folder import held, refuse_held
from siga_ocr.store import checkpoint, weights
from siga_ocr.training.events import Event
from siga_ocr.training.machine import Machine
from siga_ocr.training.state import stored_step
from siga_ocr.training.trainer import MODEL, SHARDS, Run, train
from siga_ocr.tuning.base_set import base_set
from siga_ocr.tuning.card import card
from siga_ocr.tuning.checks import CANDIDATE, Checks, Look, Start, has_ended, stored_looks
from siga_ocr.tuning.crops import REPLAY, TRAIN, VALIDATION, Divided, divide
from siga_ocr.tuning.folder import Facts, mark_start, read_facts, refuse_taken, write_facts
from siga_ocr.tuning.growth import grown, grown_config
from siga_ocr.tuning.plan import DEFAULT_SEED, Own, Situation, plan
from siga_ocr.tuning.recombined import FOLDER, MOST, Recombined, Wanted, recombine
from siga_ocr.tuning.report import REPORT, Told, write_report
from siga_ocr.tuning.stages import Decided, Finished, Measured, Planned, Request, Stage
from siga_ocr.tuning.tuned_model import BEST, REJECTED, complete, name, stage
from siga_ocr.tuning.validation import marks
from siga_ocr.tuning.verdict import BeforeAfter, Outcome, judge
from siga_ocr.whole_file import write_whole

VERDICT = "verdict.txt"
"""What a run was judged to be last, in one word."""


def begin(request: Request, machine: Machine) -> Iterator[Stage]:
    """Start a fine-tuning and carry it through.

    Raises:
        SigaError: labels do not fit, a model is not there, the disk is full, or training failed; the message says what to do.
        KeyboardInterrupt: Ctrl-C was pressed; once training has begun, its state is saved first.
    """
    refuse_held(request.folder, "-o")
    refuse_taken(request.folder)
    start = weights.path_of(request.model).resolve()
    model = checkpoint.load(start, machine.device)
    config = grown_config(model.config, request.charset_add, request.max_length)
    seed = DEFAULT_SEED if request.wishes.seed is None else request.wishes.seed
    divided = divide(request.crops, config, seed)
    with held(request.folder, "-o"):
        refuse_taken(request.folder)  # once more: another run may have begun there meanwhile
        mark_start(request.folder)
        yield from _begun(request, machine, _Start(start, model, config, divided, seed))
        yield from _carry_on(request.folder, machine, request.wishes.minutes)


@dataclass(frozen=True)
class _Start:
    """The model that training begins with, its folder, what it is going to be, and the crops; nothing is written yet."""

    folder: Path
    model: SigaModel
    config: ModelConfig
    divided: Divided
    seed: int


def _begun(request: Request, machine: Machine, start: _Start) -> Iterator[Stage]:
    """Everything that comes before training; from its end on the run can be taken up."""
    config = start.config
    prepared = start.divided.write(request.folder)
    yield prepared
    recombined = _recombined(request, machine, start)
    yield recombined
    on_gpu = machine.device.type == "cuda"
    situation = Situation(crops=prepared.train, on_gpu=on_gpu, cores=machine.cores, fast_bf16=machine.fast_bf16, memory=machine.memory)
    chosen = plan(situation, request.wishes)
    own = Own(_absolute(request.folder / TRAIN), _absolute(request.folder / FOLDER) if recombined.count else None)
    recipe = chosen.config(config, own, _absolute(request.folder / REPLAY) if prepared.replay else None)
    yield Planned(chosen, config.characters[len(start.model.config.characters) :], config.max_length)
    larger = grown(start.model, config)
    rest = base_set(request.folder, start.model.config, machine.cores - 1)
    validation = load_labelled(LabelledSource(kind="labelled", path=str(request.folder / VALIDATION)), config).crops
    measured = Measured(marks(larger, validation), marks(larger, rest))
    yield measured
    facts = Facts(
        model=str(start.folder),
        name=request.model,
        plan=chosen,
        prepared=prepared,
        on_validation=measured.on_validation,
        on_rest=measured.on_rest,
        asked=request.asked,
    )
    write_facts(request.folder, facts, recipe)


def _recombined(request: Request, machine: Machine, start: _Start) -> Recombined:
    """Codes of the characters of the user's crops, as the model sees them before it learns."""
    if not request.wishes.recombine:
        return Recombined(0, 0)
    rules = LabelRules(charset=start.config.charset, max_length=start.config.max_length)
    shutil.rmtree(request.folder / FOLDER, ignore_errors=True)  # of a start that was interrupted
    wanted = Wanted(request.folder / FOLDER, MOST, start.seed)
    return recombine(request.folder / TRAIN, wanted, Reader.load(str(start.folder), str(machine.device)), rules)


def _absolute(path: Path) -> str:
    return str(path.absolute())


def go_on(folder: Path, machine: Machine, minutes: float | None = None) -> Iterator[Stage]:
    """Take up a run that was left.

    Raises:
        as `begin`.
    """
    with held(folder, "-o"):
        yield from _carry_on(folder, machine, minutes)


def finished(folder: Path) -> Finished | None:
    """What came of a run that was judged after its last step; one that was judged because its minutes were over can go on.

    Raises:
        UsageError: no run was begun in this folder.
        ModelError: its files are damaged.
    """
    facts, _ = read_facts(folder)
    at_its_end = (stored_step(folder) or 0) >= facts.plan.steps or has_ended(stored_looks(folder), facts.plan)
    if not at_its_end or not (folder / REPORT).is_file() or not (folder / VERDICT).is_file():
        return None
    named = {Outcome.BETTER.value: folder / BEST, Outcome.REJECTED.value: folder / REJECTED}.get((folder / VERDICT).read_text().strip())
    return Finished(named if named and named.is_dir() else None, folder / REPORT)


def _carry_on(folder: Path, machine: Machine, minutes: float | None) -> Iterator[Stage]:
    """Train from the last checkpoint of a run, or from its beginning, to its end, and judge what came of it."""
    facts, config = read_facts(folder)
    start = Path(facts.model)
    old = checkpoint.load(start, machine.device)
    rest = base_set(folder, old.config, machine.cores - 1)
    model = grown(old, config.model)
    crops = load_labelled(LabelledSource(kind="labelled", path=str(folder / VALIDATION)), config.model).crops
    step = stored_step(folder)
    checks = Checks(folder, facts.plan, Start(crops, rest, facts.on_validation, facts.on_rest), begun_at=step or 0)
    run = Run(
        folder=folder,
        workers=facts.plan.workers,
        processes=1 if machine.device.type == "cuda" else facts.plan.processes,
        resume=step is not None,
        first_index=_used(start),
        minutes=minutes,
        watch=checks,
    )
    (folder / REPORT).unlink(missing_ok=True)  # of when its minutes were over: where there is one, all that was learned is judged
    yield from _trained(model, config, run)
    yield _decided(folder, machine, (facts, config), checks)


def _trained(model: SigaModel, config: TrainConfig, run: Run) -> Iterator[Event]:
    try:
        yield from train(model, config, run)
    except ProcessLost:
        raise
    except TrainingError as error:
        error.add_note(f"In {run.folder}/{CANDIDATE} lie the weights kept so far, if there were any. Start a new run with a lower --rate.")
        raise


def _decided(folder: Path, machine: Machine, begun: tuple[Facts, TrainConfig], checks: Checks) -> Decided:
    """Measure the weights that were kept as they will be read, name them or not, and write the report."""
    facts, config = begun
    look = checks.best
    if look is None:
        raise TrainingError(f"The run in {folder} ended before the validation crops were read once: give it more --minutes or --steps, and --resume.")
    staged = stage(folder, checkpoint.load(folder / CANDIDATE), _note(folder, facts, config, look))
    kept = checkpoint.load(staged, machine.device)
    validation = BeforeAfter(facts.on_validation, marks(kept, checks.start.validation))
    rest = BeforeAfter(facts.on_rest, marks(kept, checks.start.rest))
    verdict = judge(validation, rest)
    final = None
    if verdict.outcome is Outcome.NOTHING_TO_GAIN:
        shutil.rmtree(staged, ignore_errors=True)
    else:
        rules = LabelRules(charset=config.model.charset, max_length=config.model.max_length)
        samples = read_labels(folder / VALIDATION, rules).samples
        additions = complete(staged, Path(facts.model), samples, machine.device)
        text = card(facts, config, (validation, rest), verdict, additions)
        write_whole({staged / "README.md": text.encode(), staged / "recipe.toml": to_toml(without_places(config)).encode()})
        final = name(staged, BEST if verdict.outcome is Outcome.BETTER else REJECTED)
    shutil.rmtree(folder / SHARDS, ignore_errors=True)
    write_whole({folder / VERDICT: f"{verdict.outcome.value}\n".encode()})
    report = write_report(folder, Told(facts, tuple(checks.looks), look.step, validation, rest, verdict))
    return Decided(verdict, validation, rest, final, report)


def _note(folder: Path, facts: Facts, config: TrainConfig, look: Look) -> dict[str, object]:
    """How the model was made, for its `config.json`; further rendered crops begin behind those that it has seen."""
    start = Path(facts.model)
    return {
        "steps": look.step,
        "seed": config.seed,
        "recipe_sha256": without_places(config).fingerprint,
        "start": facts.start_name,
        "start_sha256": checkpoint.describe(start).weights_sha256,
        "crops_learned": facts.prepared.train,
        "crops_validating": facts.prepared.validation,
        "rendered": {str(seed): index for seed, index in (*_used(start), *_used(folder / MODEL))},
    }


def _used(model: Path) -> tuple[tuple[int, int], ...]:
    """For each seed, the first rendered crop that a model has not seen."""
    rendered = checkpoint.describe(model).training.get("rendered", {})
    return tuple((int(seed), int(index)) for seed, index in rendered.items()) if isinstance(rendered, dict) else ()
