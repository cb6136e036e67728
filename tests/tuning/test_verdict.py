"""What becomes of a fine-tuned model: kept if it reads more, or as many and surer, and forgets at most a point."""

import pytest

from siga_ocr.tuning.verdict import BeforeAfter, Marks, Outcome, judge


def both(before: int, after: int, count: int = 100, losses: tuple[float, float] = (1.0, 1.0)) -> BeforeAfter:
    def some(right: int, loss: float) -> Marks:
        return Marks(tuple(number < right for number in range(count)), loss)

    return BeforeAfter(some(before, losses[0]), some(after, losses[1]))


SAME = both(80, 80)


@pytest.mark.parametrize(
    ("validation", "rest", "outcome"),
    [
        (both(80, 90), SAME, Outcome.BETTER),
        (both(80, 80, losses=(1.0, 0.9)), SAME, Outcome.BETTER),
        (both(80, 90), both(80, 79), Outcome.BETTER),
        (both(80, 90), both(80, 78), Outcome.REJECTED),
        (both(80, 80), SAME, Outcome.NOTHING_TO_GAIN),
        (both(100, 100), SAME, Outcome.NOTHING_TO_GAIN),
        (both(80, 79, losses=(1.0, 0.5)), SAME, Outcome.NOTHING_TO_GAIN),
        (both(80, 60), SAME, Outcome.REJECTED),
    ],
)
def test_outcomes(validation: BeforeAfter, rest: BeforeAfter, outcome: Outcome) -> None:
    verdict = judge(validation, rest)
    assert verdict.outcome is outcome
    assert verdict.reason.endswith(".")


def test_a_rejection_says_where_it_is_worse() -> None:
    assert "other kinds" in judge(both(80, 90), both(80, 70)).reason
    assert "validation" in judge(both(80, 60), SAME).reason
