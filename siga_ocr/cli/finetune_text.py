"""What `siga-ocr finetune` says, in words for a person who has never trained a network, and what it writes down of each step."""

import sys
from pathlib import Path
from typing import Never

from tqdm import tqdm

from siga_ocr.cli import console
from siga_ocr.cli.train_log import MetricsFile
from siga_ocr.training.events import BatchDivided, Checked, Started, StepDone
from siga_ocr.tuning.crops import DROPPED, Prepared
from siga_ocr.tuning.recombined import FOLDER, Recombined
from siga_ocr.tuning.stages import Decided, Finished, Measured, Planned, Stage
from siga_ocr.tuning.tuned_model import BEST
from siga_ocr.tuning.verdict import BeforeAfter, Marks, Outcome, points


class Screen:
    """Says each stage in plain sentences; one bar on a terminal, else a line whenever the validation crops were read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._metrics = MetricsFile(folder)
        self._bar: tqdm[Never] | None = None

    def show(self, stage: Stage) -> None:
        """Show one stage or step."""
        match stage:
            case Prepared():
                self._say(_prepared(stage, self._folder))
            case Recombined():
                if stage.count:
                    self._say(f"{stage.count} more codes are put together of the characters of {stage.lines} of them, in {self._folder / FOLDER}.")
            case Planned():
                self._say(_planned(stage))
                self._say("First the model as it is reads your validation crops and 500 rendered codes of other kinds.")
            case Measured():
                self._say(f"Before: it reads {_share(stage.on_validation)} of your validation crops, and {_share(stage.on_rest)} of the other codes.")
                self._say("Now it learns. Ctrl-C saves and ends; the same command with --resume and the folder goes on.")
            case Started():
                self._begin(stage)
            case StepDone():
                self._metrics.write(stage)
                if self._bar is not None:
                    self._bar.update(stage.step - self._bar.n)
            case BatchDivided():
                self._say(
                    f"Memory did not suffice: from step {stage.step + 1} on, each batch is computed in {stage.pieces} pieces, which takes longer."
                )
            case Checked():
                self._check(stage)
            case Decided():
                self.close()
                self._decide(stage)
            case Finished():
                self._say(_finished(stage, self._folder))
                self._put(stage.folder)
            case _:
                pass  # checkpoints and opened tables are nothing to wait for

    def close(self) -> None:
        """Leave the terminal and the files in order."""
        self._metrics.close()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _begin(self, started: Started) -> None:
        self._metrics.begin(started.step)
        if started.step:
            self._say(f"It goes on after step {started.step} of {started.steps}.")
        if sys.stderr.isatty():
            self._bar = tqdm(total=started.steps, initial=started.step, unit="step", file=sys.stderr, mininterval=0.5, dynamic_ncols=True)

    def _check(self, checked: Checked) -> None:
        self._metrics.write(checked)
        if self._bar is not None:
            self._bar.set_postfix_str(f"validation {100 * checked.accuracy:.1f} %")
        kept = ", kept so far" if checked.is_best else ""
        self._say(f"Step {checked.step}: {100 * checked.accuracy:.1f} % of the validation crops are read right{kept}.")
        if checked.ends:
            self._say("It gains no more and ends here.")

    def _decide(self, decided: Decided) -> None:
        for line in _decided(decided):
            self._say(line)
        self._put(decided.folder)

    @staticmethod
    def _put(model: Path | None) -> None:
        """The folder of a model is what the command gives."""
        if model is not None:
            console.put(str(model))

    def _say(self, message: str) -> None:
        if self._bar is not None:
            self._bar.write(message, file=sys.stderr)
        else:
            console.say(message)


def _prepared(prepared: Prepared, folder: Path) -> str:
    dropped = sum(count for _, count in prepared.dropped)
    reasons = ", ".join(f"{count} {reason}" for reason, count in prepared.dropped)
    left_out = f" {dropped} rows cannot be used ({reasons}): {folder / DROPPED} says why." if dropped else ""
    replayed = f" {prepared.replay} crops of other lines keep those in memory (--replay)." if prepared.replay else ""
    return (
        f"{prepared.train} crops to learn from ({prepared.texts} different texts), "
        f"{prepared.validation} others{', with other texts,' if prepared.texts_apart else ''} to check on as validation.{replayed}{left_out}"
    )


def _planned(planned: Planned) -> str:
    plan = planned.plan
    grown = f" It learns {planned.added!r} too." if planned.added else ""
    return (
        f"Plan: up to {plan.steps} steps of {plan.batch} crops, about half of them yours and half rendered codes that keep the rest in memory; "
        f"rate {plan.rate:g}, seed {plan.seed}, {_computing(plan.processes)}. Roughly {_duration(plan.seconds)}, less if it gains no more before."
        f"{grown}"
    )


def _computing(processes: int) -> str:
    return "one process" if processes == 1 else f"{processes} processes of one thread"


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1.5:
        return "a minute"
    return f"{round(minutes)} minutes" if minutes < 100 else f"{round(minutes / 60)} hours"


def _decided(decided: Decided) -> list[str]:
    lines = [_before_after("your validation crops", decided.validation), _before_after("other codes", decided.rest), decided.verdict.reason]
    match decided.verdict.outcome:
        case Outcome.BETTER:
            lines += [
                f"The new model is {decided.folder}. Try it: siga-ocr read IMAGES --model {decided.folder}",
                f"Give it a name: siga-ocr models import {decided.folder} --name line1. Then --model line1 takes it, and the old name the old one.",
            ]
        case Outcome.NOTHING_TO_GAIN:
            lines.append("There was nothing to gain: keep the model that you have. More crops, above all of what it misreads, may change that.")
        case Outcome.REJECTED:
            lines.append(f"The new model is rejected; it lies in {decided.folder} for a closer look. Keep the model that you have.")
    return [*lines, f"All numbers and plots: {decided.report}"]


def _finished(finished: Finished, run: Path) -> str:
    if finished.folder is None:
        return f"The run in {run} is finished, and there is no model of it: {finished.report} says why. Nothing is changed."
    verdict = "its model is" if finished.folder.name == BEST else "its model was rejected and is"
    return f"The run in {run} is finished; {verdict} {finished.folder}. {finished.report} says how it did. Nothing is changed."


def _before_after(name: str, both: BeforeAfter) -> str:
    return f"Of {name} it read {_share(both.before)} before and reads {_share(both.after)} now: {points(both.comparison)}."


def _share(found: Marks) -> str:
    low, high = found.bounds
    return f"{100 * found.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}, {len(found.correct)} crops)"
