"""Random choices of one rendered crop: a pure stream that depends on its seed and index alone."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class Draw:
    """The choices of crop `index` under `seed`: the same pair gives the same choices in any process, on any worker."""

    def __init__(self, seed: int, index: int) -> None:
        self.generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        return self.generator.random()

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.generator.random()

    def log_between(self, low: float, high: float) -> float:
        """Uniform in the logarithm between two positive bounds: small values are as likely as large ones."""
        return float(low * (high / low) ** self.generator.random())

    def chance(self, probability: float) -> bool:
        """True with `probability`."""
        return self.generator.random() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number in low..high, both included."""
        return low + int(self.generator.random() * (high - low + 1))

    def bell(self, deviation: float, limit: float = 3.0) -> float:
        """Normal around 0, cut at `limit` deviations."""
        return deviation * min(max(self.generator.standard_normal(), -limit), limit)

    def pick(self, items: Sequence[Item]) -> Item:
        """One item, each as likely as the other."""
        return items[int(self.generator.random() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, float]]) -> Item:
        """One item of (item, weight) pairs."""
        left = self.generator.random() * sum(weight for _, weight in items)
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]
