"""Two models on the same crops."""

import numpy as np
import pytest

from siga_ocr.errors import UsageError
from siga_ocr.scores.comparison import paired


def crops(both: int, first: int, second: int, neither: int) -> tuple[list[bool], list[bool]]:
    """What two models read right: so many crops both of them, one of them, none of them."""
    kinds = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    return [one for one, _ in kinds], [other for _, other in kinds]


def test_difference_is_that_of_the_accuracies() -> None:
    found = paired(*crops(60, 5, 25, 10))
    assert (found.count, found.gained, found.lost) == (100, 25, 5)
    assert found.difference == pytest.approx(0.2)
    assert found.low < 0.2 < found.high
    assert found.is_clear


def test_a_model_against_itself_differs_by_nothing() -> None:
    found = paired(*crops(60, 0, 0, 40))
    assert (found.difference, found.low, found.high, found.is_clear) == (0, 0, 0, False)


def test_the_interval_is_that_of_resampled_crops() -> None:
    first, second = crops(150, 12, 20, 18)
    change = np.array(second, dtype=int) - np.array(first, dtype=int)
    drawn = np.random.default_rng(5).choice(change, (4000, len(change))).mean(axis=1)
    found = paired(first, second)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.011)
    assert not found.is_clear
    assert found == paired(first, second)


def test_other_crops_cannot_be_compared() -> None:
    for first, second in (([], []), ([True], [True, False])):
        with pytest.raises(UsageError, match="same crops"):
            paired(first, second)
