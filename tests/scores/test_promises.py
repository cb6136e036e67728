"""Thresholds for error rates: how far they reach, and how often they hold."""

import numpy as np

from siga_ocr.scores.binomial import upper_bound
from siga_ocr.scores.promises import DOUBT, STARTS, crops_needed, promise


def test_without_a_fault_everything_is_accepted_if_there_are_enough_crops() -> None:
    count = crops_needed(0.01)
    sure = np.linspace(0.2, 0.9, count).tolist()
    found = promise(sure, [True] * count, 0.01)
    assert found is not None
    assert (found.threshold, found.coverage, found.accepted, found.wrong) == (0.2, 1.0, count, 0)
    assert promise(sure[1:], [True] * (count - 1), 0.01) is None


def test_faults_of_little_confidence_are_cut_off() -> None:
    sure = [0.99 - number / 10_000 for number in range(2000)]
    found = promise(sure, [number < 1600 for number in range(2000)], 0.02)
    assert found is not None
    assert 0.8 <= found.coverage < 0.82
    assert found.wrong == sum(confidence >= found.threshold for confidence in sure[1600:])
    assert upper_bound(found.wrong, found.accepted, DOUBT / len(STARTS)) <= 0.02


def test_a_threshold_takes_all_crops_of_its_confidence() -> None:
    sure = [0.9] * 900 + [0.5] * 100
    found = promise(sure, [True] * 900 + [False] * 100, 0.05)
    assert found is not None
    assert (found.threshold, found.accepted) == (0.9, 900)


def test_crops_of_one_confidence_are_accepted_together_or_not_at_all() -> None:
    assert promise([0.9] * 1000, [number % 5 > 0 for number in range(1000)], 0.1) is None


def test_nothing_can_be_promised_of_nothing() -> None:
    assert promise([], [], 0.1) is None


def test_promises_are_seldom_broken() -> None:
    source, broken, made = np.random.default_rng(3), 0, 0
    grid = np.linspace(0, 1, 20_001)
    for _ in range(300):
        sure = source.random(1500)
        found = promise(sure.tolist(), (source.random(1500) >= 0.3 * (1 - sure) ** 2).tolist(), 0.05)
        if found is not None:
            made += 1
            broken += bool((0.3 * (1 - grid[grid >= found.threshold]) ** 2).mean() > 0.05)
    assert made > 200
    assert broken / made <= DOUBT + 0.03
