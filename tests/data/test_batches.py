"""Batches of a round: nothing is lost, unless a rest is too small to be worth a batch."""

import numpy as np
import pytest

from siga_ocr.config import InputConfig
from siga_ocr.data.batches import Candidate, group
from siga_ocr.data.shards import FittedCrops, Pixels, collect
from siga_ocr.errors import UsageError
from siga_ocr.recipe import TrainConfig

BATCH = 4


def crops(count: int) -> FittedCrops:
    crop: Pixels = np.zeros((1, 32, 160), dtype=np.uint8)
    return collect([(crop, "A")] * count, InputConfig())


def sizes(count: int, least_share: float) -> list[int]:
    """Of the batches that `count` crops of the reference width give."""
    pool = crops(count)
    candidates = [Candidate(pool, row, 160, 0.0, 0.0, row) for row in range(count)]
    config = TrainConfig(batch=BATCH, least_share=least_share)
    return sorted(len(batch) for batch in group(candidates, config, np.random.default_rng(0)))


def test_every_crop_is_shown_as_a_rule() -> None:
    assert sizes(9, 0.0) == [1, 4, 4]


def test_a_small_rest_is_left_out_where_that_is_asked() -> None:
    assert sizes(9, 0.5) == [4, 4]
    assert sizes(10, 0.5) == [2, 4, 4]


def test_a_round_is_never_empty() -> None:
    assert sizes(1, 0.5) == [1]


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(UsageError, match="least_share"):
        TrainConfig(least_share=2.0)
