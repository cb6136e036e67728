"""Bounds of a rate hold as often as they say."""

from math import comb

import numpy as np
import pytest

from siga_ocr.scores.binomial import at_most, lower_bound, trials_needed, upper_bound, wilson


@pytest.mark.parametrize(("faults", "count", "rate"), [(0, 5, 0.2), (2, 9, 0.35), (8, 9, 0.9), (9, 9, 0.5), (3, 40, 0.0), (3, 40, 1.0)])
def test_tail_is_the_sum_of_its_terms(faults: int, count: int, rate: float) -> None:
    assert at_most(faults, count, rate) == pytest.approx(sum(comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(faults + 1)))


def test_a_bound_leaves_just_the_doubt() -> None:
    for faults, count in ((0, 100), (3, 100), (60, 100), (12, 20_000)):
        assert at_most(faults, count, upper_bound(faults, count, 0.05)) == pytest.approx(0.05, rel=1e-6)
        assert lower_bound(faults, count, 0.05) <= faults / count < upper_bound(faults, count, 0.05)
    assert upper_bound(7, 7, 0.05) == 1.0
    assert lower_bound(0, 7, 0.05) == 0.0


def test_the_true_rate_is_seldom_above_the_bound() -> None:
    drawn = np.random.default_rng(1).binomial(400, 0.02, 2000).tolist()
    bounds = {faults: upper_bound(faults, 400, 0.05) for faults in set(drawn)}
    assert np.mean([bounds[faults] < 0.02 for faults in drawn]) <= 0.05 + 0.015


def test_trials_needed_are_as_few_as_possible() -> None:
    count = trials_needed(0.001, 0.05)
    assert count == 2995
    assert upper_bound(0, count, 0.05) <= 0.001 < upper_bound(0, count - 1, 0.05)


def test_wilson_holds_the_share() -> None:
    for share in (0.0, 0.3, 1.0):
        low, high = wilson(share, 50)
        assert 0 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1
        assert high - low > 0.05
