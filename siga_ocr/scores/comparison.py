"""Two models on the same crops: which reads more of them without a fault, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siga_ocr.errors import UsageError

RESAMPLES = 10_000
SEED = 0


@dataclass(frozen=True)
class Comparison:
    """`difference` is the second model's word accuracy less the first's, over `count` crops; it lies in `low`..`high` with 95 %.

    `gained` crops are right with the second model alone, `lost` ones with the first alone.
    """

    count: int
    gained: int
    lost: int
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low > 0 or self.high < 0


def paired(first: Sequence[bool], second: Sequence[bool]) -> Comparison:
    """Compare which crops two models read right, with a paired bootstrap interval (10,000 resamples of the crops, percentiles).

    Each crop's difference is -1, 0 or 1, so that a resample is a multinomial draw of their numbers. The same crops give the same interval.

    Raises:
        UsageError: there is no crop, or the two differ in number.
    """
    if not first or len(first) != len(second):
        raise UsageError(f"A comparison needs the same crops twice and at least one, got {len(first)} and {len(second)}.")
    count = len(first)
    gained = sum(not one and other for one, other in zip(first, second, strict=True))
    lost = sum(one and not other for one, other in zip(first, second, strict=True))
    shares = np.array([gained, lost, count - gained - lost]) / count
    drawn = np.random.default_rng(SEED).multinomial(count, shares, RESAMPLES)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / count, [2.5, 97.5]).tolist()
    return Comparison(count, gained, lost, (gained - lost) / count, low, high)
