"""Which of several looks at one crop shows it upright: the one that the network is surest of."""

import math
from collections.abc import Sequence

import numpy as np

from siga_ocr.charset import END, Charset
from siga_ocr.decode import Decoded, Floats
from siga_ocr.intake import Taken

SURE = 0.99
"""A first look that is read with this confidence is not doubted."""


def surest(looks: Sequence[tuple[Taken, Decoded]], charset: Charset) -> tuple[Taken, Decoded]:
    """The angle whose looks are surest together, the first of equal ones; of its looks the one with the highest confidence.

    A look counts by its certainty, not by its confidence: that O might be 0 says nothing against an angle.
    """
    sums: dict[int, float] = {}
    for taken, decoded in looks:
        assert decoded.log_probabilities is not None
        sums[taken.look.angle] = sums.get(taken.look.angle, 0.0) + certainty(decoded.log_probabilities, decoded.text, charset)
    angle = max(sums, key=sums.__getitem__)
    return max((one for one in looks if one[0].look.angle == angle), key=lambda one: one[1].confidence)


def certainty(log_probabilities: Floats, text: str, charset: Charset) -> float:
    """The logarithm of how probable a text is [T, K], each character together with the next best one at its place, and the end behind it.

    It is divided by the root of the number of places: between their sum, which prefers short texts, and their mean.
    """
    ids = charset.encode(text)
    rows = np.exp(log_probabilities[: len(ids) + 1].astype(np.float64))
    total = math.log(max(float(rows[-1, END]), TINY))
    for row, chosen in zip(rows, ids, strict=False):
        others = np.delete(row, chosen)
        total += math.log(max(float(row[chosen] + others[others <= row[chosen]].max(initial=0.0)), TINY))
    return total / math.sqrt(len(rows))


TINY = 1e-12
"""What is less probable counts as this, so that one place does not decide alone."""
