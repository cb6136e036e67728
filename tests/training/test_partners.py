"""Processes that share a step: the mean of their gradients is applied, and every one of them holds the same weights."""

import os
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import distributed, multiprocessing

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost
from siga_ocr.model import build_model
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training.partners import Partners
from siga_ocr.training.sharing import rows_of
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import take_step
from tests.tiny import tiny
from tests.training.gradients import gradients


def batch(rows: int) -> TrainBatch:
    rng = np.random.default_rng(5)
    grey = rng.uniform(0, 255, (rows, 1, 32, 64)).astype(np.float32)
    targets = np.tile(np.array([1, 2, 0]), (rows, 1))
    images = (grey / 128 - 1).astype(np.float32)
    return TrainBatch(images, np.ones((rows, 64), np.float32), grey, targets, np.full(rows, 2))


def begun() -> tuple[TrainingState, TrainConfig]:
    config = TrainConfig(model=replace(tiny(), dropout=0.0), precision="float32", steps=10, optimiser=OptimiserConfig(warm_up=1, clip_norm=1e6))
    torch.manual_seed(0)
    return TrainingState(build_model(config.model), config, Progress()), config


def test_two_processes_apply_the_mean_of_both_gradients() -> None:
    expected = []
    for rank in (0, 1):
        state, config = begun()
        take_step(state, rows_of(batch(6), rank, 2), config)
        expected.append(gradients(state))
    shared, config = begun()
    with Partners(shared, config, 2) as partners:
        for step in range(2):
            shared.progress = replace(shared.progress, step=step)
            result = take_step(shared, partners.share(batch(6)), config)
            assert result.applied
            if step == 0:
                for mine, first, second in zip(gradients(shared), *expected, strict=True):
                    torch.testing.assert_close(mine, (first + second) / 2, atol=1e-6, rtol=1e-4)


def test_rows_are_dealt_out_once_and_small_batches_go_to_everyone() -> None:
    whole = batch(5)
    dealt = [rows_of(whole, rank, 2) for rank in (0, 1)]
    assert [len(part) for part in dealt] == [3, 2]
    assert np.array_equal(np.sort(np.concatenate([part.grey[:, 0, 0, 0] for part in dealt])), np.sort(whole.grey[:, 0, 0, 0]))
    assert len(rows_of(batch(1), 1, 2)) == 1


def test_a_partner_that_is_killed_at_work_is_told() -> None:
    """Within moments: were it only a timeout, the test would not end."""
    state, config = begun()

    def train() -> None:
        with Partners(state, config, 2) as partners:
            for step in range(4):
                take_step(state, partners.share(batch(6)), config)
                if step == 0:
                    (partner,) = multiprocessing.active_children()
                    os.kill(cast(int, partner.pid), 9)

    with pytest.raises(ProcessLost, match="--resume"):
        train()
    assert not distributed.is_initialized()


class Deadly:
    """Ends the process that it is sent to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


def test_a_partner_that_dies_before_it_begins_is_told() -> None:
    state, _ = begun()
    with pytest.raises(ProcessLost, match=r"process 1 has ended \(exit code 3\)"), Partners(state, cast(TrainConfig, Deadly()), 2):
        pass
    assert not multiprocessing.active_children()
    assert not distributed.is_initialized()
