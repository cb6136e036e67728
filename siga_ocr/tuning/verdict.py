"""Whether a fine-tuned model is to be kept: what the validation crops and the crops of other kinds say, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from siga_ocr.scores.binomial import wilson
from siga_ocr.scores.comparison import Comparison, paired

ALLOWED_LOSS = 0.01
"""How much word accuracy on the base set a kept model may have lost."""


class Outcome(StrEnum):
    """What becomes of a fine-tuning."""

    BETTER = "better"
    NOTHING_TO_GAIN = "nothing to gain"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Marks:
    """How one model did on one set: for each crop whether it was read right, and the mean `loss` a character."""

    correct: tuple[bool, ...]
    loss: float

    @property
    def accuracy(self) -> float:
        """The share of the crops that were read right."""
        return sum(self.correct) / len(self.correct)

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the true accuracy lies with 95 %."""
        return wilson(self.accuracy, len(self.correct))


@dataclass(frozen=True)
class BeforeAfter:
    """One set with the model that training began with, and with the trained one."""

    before: Marks
    after: Marks

    @property
    def comparison(self) -> Comparison:
        """The difference with its interval."""
        return paired(self.before.correct, self.after.correct)


@dataclass(frozen=True)
class Verdict:
    """`outcome` and its `reason` as a sentence."""

    outcome: Outcome
    reason: str


def is_gain(accuracy: float, loss: float, over: tuple[float, float]) -> bool:
    """Whether more validation crops are read right than `over` (accuracy, loss) says, or as many with a lower loss."""
    return accuracy > over[0] or (accuracy == over[0] and loss < over[1])


def keeps_the_rest(before: Sequence[bool], after: Sequence[bool]) -> bool:
    """Whether at most a point of accuracy was lost on the base set."""
    return sum(before) - sum(after) <= ALLOWED_LOSS * len(before)


def judge(validation: BeforeAfter, rest: BeforeAfter) -> Verdict:
    """Decide about a trained model from the validation crops and from the base set."""
    difference, lost = validation.comparison, rest.comparison
    if not is_gain(validation.after.accuracy, validation.after.loss, (validation.before.accuracy, validation.before.loss)):
        if difference.high < 0:
            return Verdict(Outcome.REJECTED, f"It reads the validation crops worse than before ({points(difference)}). {_ADVICE}")
        return Verdict(Outcome.NOTHING_TO_GAIN, f"No step of the training read the validation crops better than the start ({points(difference)}).")
    if not keeps_the_rest(rest.before.correct, rest.after.correct):
        return Verdict(
            Outcome.REJECTED,
            f"It reads the validation crops better ({points(difference)}), but codes of other kinds worse: {points(lost)} on the base set, and "
            "at most one point may be lost. Give fewer --steps, a lower --rate, or crops of your other lines as --replay.",
        )
    if difference.difference > 0:
        return Verdict(Outcome.BETTER, f"It reads more validation crops without a fault: {points(difference)}.")
    return Verdict(Outcome.BETTER, "It reads as many validation crops without a fault as before, and is surer of them.")


def points(comparison: Comparison) -> str:
    """A difference of accuracies in words: `+3.2 points, 95 % interval +0.4 to +6.1`."""
    low, high = (f"{100 * value:+.1f}" for value in (comparison.low, comparison.high))
    return f"{100 * comparison.difference:+.1f} points, 95 % interval {low} to {high}"


_ADVICE = "Look at the labels with siga-ocr data check, or give a lower --rate."
