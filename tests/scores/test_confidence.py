"""Rules of what confidences are worth."""

import numpy as np
import pytest

from siga_ocr.scores.confidence import area_under_risk, area_under_roc, calibration_error, coverage_at, reliability
from siga_ocr.scores.metrics import risk_coverage


def test_confidence_that_comes_true_has_no_error() -> None:
    bins = reliability([0.75] * 4 + [1.0] * 2, [True, True, True, False, True, True])
    assert [(part.count, part.confidence, part.accuracy) for part in bins] == [(4, 0.75, 0.75), (2, 1.0, 1.0)]
    assert calibration_error(bins) == 0.0


def test_the_error_is_the_mean_gap_over_all_readings() -> None:
    assert calibration_error(reliability([0.9, 0.9, 0.9, 0.1], [True, False, False, False])) == pytest.approx((3 * (0.9 - 1 / 3) + 0.1) / 4)
    assert calibration_error(reliability([], [])) == 0.0


def test_the_area_under_the_risk_is_least_where_all_faults_come_last() -> None:
    sure = [0.9, 0.8, 0.7, 0.6]
    best, worst = (area_under_risk(risk_coverage(sure, right)) for right in ([True, True, True, False], [False, True, True, True]))
    assert best == pytest.approx(1 / 16)
    assert worst == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_coverage_is_the_widest_at_a_risk() -> None:
    points = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, False, True, True])
    point = coverage_at(points, 0.34)
    assert point is not None
    assert (point.threshold, point.coverage) == (0.6, 1.0)
    assert coverage_at(risk_coverage([0.5], [False]), 0.5) is None


def test_area_under_roc_counts_pairs() -> None:
    drawn = np.random.default_rng(0).integers(0, 5, (2, 40))
    pairs = [(one > other) + (one == other) / 2 for one in drawn[0] for other in drawn[1]]
    assert area_under_roc(drawn[0], drawn[1]) == pytest.approx(np.mean(pairs))
    assert np.isnan(area_under_roc([], [1.0]))
