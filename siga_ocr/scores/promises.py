"""From which confidence on readings may be accepted so that no more than a wanted share of them is wrong, and how far that can be relied on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siga_ocr.scores.binomial import trials_needed, upper_bound

DOUBT = 0.05
"""The chance that the true error rate is above the promised one."""

RATES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)

STARTS = (0.5, 0.8, 0.95)
"""Shares of accepted crops at which the search for a threshold begins; each has an equal part of the doubt."""

STEP = 0.005
"""By which the share of accepted crops is widened."""


@dataclass(frozen=True)
class Promise:
    """Accepting readings of at least `threshold` leaves no more than `max_error` of the accepted ones wrong.

    On the crops that it was found with, `accepted` passed, which is the share `coverage`, and `wrong` of these were wrong.
    """

    max_error: float
    threshold: float
    coverage: float
    accepted: int
    wrong: int


def promise(confidences: Sequence[float], correct: Sequence[bool], max_error: float) -> Promise | None:
    """The widest acceptance for which the error rate stays below `max_error`, None where these crops cannot show it.

    From each of `STARTS`, or the first share of the crops that could show it at all, acceptance is widened step by step as long as the upper
    bound of the error rate (Clopper and Pearson) stays below `max_error`, and ends with the first step where it does not. Testing in an
    order that is fixed beforehand keeps the chance of a broken promise at `DOUBT`, however many steps are tried (Angelopoulos and others,
    Learn then Test, 2021).
    """
    order = np.argsort(-np.asarray(confidences, dtype=np.float64), kind="stable")
    sure, wrong = np.asarray(confidences, dtype=np.float64)[order], np.cumsum(~np.asarray(correct, dtype=bool)[order])
    best, least = 0, crops_needed(max_error) / max(len(sure), 1)
    for start in STARTS if least <= 1 else ():
        for share in np.arange(max(start, least), 1 + STEP, STEP).tolist():
            accepted = _with_ties(sure, min(math.ceil(share * len(sure)), len(sure)))
            if upper_bound(int(wrong[accepted - 1]), accepted, DOUBT / len(STARTS)) > max_error:
                break
            best = max(best, accepted)
    if not best:
        return None
    return Promise(max_error, float(sure[best - 1]), best / len(sure), best, int(wrong[best - 1]))


def crops_needed(max_error: float) -> int:
    """The accepted crops, all of them right, that it takes at least to promise an error rate."""
    return trials_needed(max_error, DOUBT / len(STARTS))


def _with_ties(sure: "np.ndarray[tuple[int], np.dtype[np.float64]]", accepted: int) -> int:
    """How many are accepted where the threshold is the confidence of the last of `accepted` ones, the surest first."""
    return int(np.searchsorted(-sure, -sure[accepted - 1], "right"))
