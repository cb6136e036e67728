"""What a count of faults says about the true rate: bounds of a binomial share."""

import math

import numpy as np

NORMAL = 1.959964
"""Deviations that hold 95 % of a normal distribution."""

STEPS = 60
"""Halvings of 0..1 when a bound is searched."""


def wilson(share: float, count: int) -> tuple[float, float]:
    """The bounds between which the true share lies with 95 %, where `share` of `count` trials succeeded."""
    spread = NORMAL * NORMAL / count
    middle = (share + spread / 2) / (1 + spread)
    half = NORMAL / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def upper_bound(faults: int, count: int, doubt: float) -> float:
    """The rate that the true one exceeds with a chance of at most `doubt`, after `faults` in `count` trials (Clopper and Pearson, one-sided)."""
    if faults >= count:
        return 1.0
    low, high = faults / count, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(faults, count, middle) > doubt else (low, middle)
    return high


def lower_bound(faults: int, count: int, doubt: float) -> float:
    """The rate that the true one falls below with a chance of at most `doubt`."""
    return 1.0 - upper_bound(count - faults, count, doubt)


def at_most(faults: int, count: int, rate: float) -> float:
    """The chance of no more than `faults` in `count` trials at a rate."""
    if rate <= 0.0 or faults >= count:
        return 1.0
    if rate >= 1.0:
        return 0.0
    numbers = np.arange(1, faults + 1, dtype=np.float64)
    ratios = np.log((count - numbers + 1) / numbers) + math.log(rate) - math.log1p(-rate)
    terms = np.concatenate([[0.0], np.cumsum(ratios)]) + count * math.log1p(-rate)
    return float(min(np.exp(terms).sum(), 1.0))


def trials_needed(rate: float, doubt: float) -> int:
    """How many trials without any fault it takes to say that the true rate is at most `rate`."""
    return math.ceil(math.log(doubt) / math.log1p(-rate))
