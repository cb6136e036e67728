"""Reads the validation crops now and then during fine-tuning, keeps the weights to be judged, and ends a training that gains no more."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from siga_ocr.data.shards import FittedCrops
from siga_ocr.errors import ModelError
from siga_ocr.model import SigaModel
from siga_ocr.parsing import from_json
from siga_ocr.store import checkpoint
from siga_ocr.store.folder import CONFIG_NAME, describe
from siga_ocr.training.events import Checked
from siga_ocr.tuning.plan import Plan
from siga_ocr.tuning.validation import marks
from siga_ocr.tuning.verdict import Marks, is_gain, keeps_the_rest
from siga_ocr.whole_file import write_whole

CANDIDATE = "candidate"
"""The folder of a run that holds the weights to be judged."""

CHECKS = "checks.json"

UNSETTLED = 0.3
"""The part of the schedule in which a loss of accuracy ends nothing."""


@dataclass(frozen=True)
class Start:
    """The crops that are read, and how the model did on them that training began with."""

    validation: FittedCrops
    rest: FittedCrops
    on_validation: Marks
    on_rest: Marks


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look: `keeps_rest` says whether the base set lost at most a point; `None` where it was not read."""

    step: int
    accuracy: float
    loss: float
    keeps_rest: bool | None


class Checks:
    """A `Watch`: what it has seen lies in the run folder, so that a run that is taken up knows it.

    `best` is the look at the weights that are kept: it may be ahead of a run that was killed behind it and is taken up. Of looks that lie within
    half a standard error of the best one that keeps the base set the last is taken: the highest of many accuracies is mostly luck, and a lower
    rate settles the weights.
    """

    def __init__(self, folder: Path, plan: Plan, start: Start, *, begun_at: int) -> None:
        self._folder, self._plan, self.start = folder, plan, start
        self.looks = [look for look in stored_looks(folder) if look.step <= begun_at]
        self.best = look_of(folder / CANDIDATE) if self.looks and (folder / CANDIDATE / CONFIG_NAME).exists() else None

    @property
    def has_ended(self) -> bool:
        """As `has_ended` says."""
        return has_ended(self.looks, self._plan)

    def is_due(self, step: int) -> bool:
        """Whether to look after `step` steps."""
        return step % self._plan.check_every == 0 or step == self._plan.steps

    def look(self, model: SigaModel, step: int) -> Checked:
        """Read the validation crops, and the base set where these may be the best weights; keep what is best."""
        found = marks(model, self.start.validation)
        gained = is_gain(found.accuracy, found.loss, (self.start.on_validation.accuracy, self.start.on_validation.loss))
        near = found.accuracy >= max([found.accuracy, *(look.accuracy for look in _keeping(self.looks))]) - self._luck(found)
        keeps = keeps_the_rest(self.start.on_rest.correct, marks(model, self.start.rest).correct) if gained and near else None
        look = Look(step=step, accuracy=found.accuracy, loss=found.loss, keeps_rest=keeps)
        is_best = math.isfinite(look.loss) and self._goes_before(look, self._luck(found))
        if is_best:
            self.best = look
            checkpoint.save(self._folder / CANDIDATE, model, asdict(look))
        self.looks.append(look)
        write_whole({self._folder / CHECKS: json.dumps([asdict(each) for each in self.looks], indent=1).encode()})
        return Checked(step=step, accuracy=found.accuracy, loss=found.loss, is_best=is_best and gained, ends=self.has_ended)

    def _goes_before(self, look: Look, luck: float) -> bool:
        """Whether a look is at weights to be kept: those that keep the rest go before all others."""
        if self.best is None or bool(look.keeps_rest) != bool(self.best.keeps_rest):
            return self.best is None or bool(look.keeps_rest)
        alike = [other.accuracy for other in self.looks if bool(other.keeps_rest) == bool(look.keeps_rest)]
        return look.accuracy >= max(alike, default=0.0) - luck

    @staticmethod
    def _luck(found: Marks) -> float:
        """Half a standard error of an accuracy."""
        return 0.5 * math.sqrt(found.accuracy * (1 - found.accuracy) / len(found.correct))


def has_ended(looks: Sequence[Look], plan: Plan) -> bool:
    """Whether the last `patience` looks have gained nothing, neither over all others nor over those that keep the base set.

    Those of the beginning, where weights are shaken up, do not count.
    """
    tops = [max(some, key=lambda look: look.accuracy).step for some in (looks, [look for look in looks if look.keeps_rest]) if some]
    since = max([*tops, UNSETTLED * plan.steps])
    return sum(look.step > since for look in looks) >= plan.patience


def _keeping(looks: Sequence[Look]) -> list[Look]:
    """Without those that are known to have lost too much of the base set: they outdo no other."""
    return [look for look in looks if look.keeps_rest is not False]


def look_of(candidate: Path) -> Look:
    """What was seen when the weights in a folder were kept.

    Raises:
        ModelError: they are damaged, or of another origin.
    """
    note = describe(candidate).training
    try:
        return Look(**note)  # type: ignore[arg-type]
    except TypeError as error:
        raise ModelError(f"{candidate} was not written by a fine-tuning: start a new run.") from error


def stored_looks(folder: Path) -> list[Look]:
    """All looks of a run so far, in their order.

    Raises:
        ModelError: their file is damaged.
    """
    path = folder / CHECKS
    try:
        return [Look(**look) for look in from_json(path.read_text(encoding="utf-8"))] if path.exists() else []
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error}): start a new run.") from error
