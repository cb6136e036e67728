"""Two gloo processes as `torchrun` starts them: the leader's gradients are those of one process with the joined batch."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import torch
from torch import distributed

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost, UsageError
from siga_ocr.model import build_model
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training import fleet
from siga_ocr.training.sharing import rank, rows_of
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import take_step
from tests.tiny import tiny
from tests.training.gradients import gradients

FOLLOW = "import torch; torch.set_num_threads(1); from siga_ocr.training import fleet; fleet.follow(fleet.join('cpu')); fleet.end()"


def batch(seeds: list[int]) -> TrainBatch:
    """One crop of noise for each seed; the same seed gives the same crop."""
    grey = np.stack([np.random.default_rng(seed).uniform(0, 255, (1, 32, 64)) for seed in seeds]).astype(np.float32)
    targets = np.array([[1 + seed % 6, 2, 0] for seed in seeds])
    return TrainBatch((grey / 128 - 1).astype(np.float32), np.ones((len(seeds), 64), np.float32), grey, targets, np.full(len(seeds), 2))


def begun() -> tuple[TrainingState, TrainConfig]:
    optimiser = OptimiserConfig(warm_up=1, clip_norm=1e6)
    config = TrainConfig(model=replace(tiny(), dropout=0.0), precision="float32", steps=10, optimiser=optimiser, fixed_statistics=True)
    torch.manual_seed(0)
    return TrainingState(build_model(config.model), config, Progress()), config


@pytest.fixture
def meeting() -> dict[str, str]:
    """What `torchrun` tells each of two processes about the other."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


def started(script: str, meeting: dict[str, str], rank: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, **meeting, "RANK": str(rank)}
    return subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def follower(meeting: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    process = started(FOLLOW, meeting, 1)
    for name, value in {**meeting, "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    yield process
    fleet.leave()
    process.kill()
    process.communicate()


def alone(given: TrainBatch) -> list[torch.Tensor]:
    state, config = begun()
    take_step(state, given, config)
    return gradients(state)


@pytest.mark.parametrize("seeds", [[1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 3, 3]], ids=["any rows", "both halves alike"])
def test_two_processes_get_the_gradients_of_one_with_the_joined_batch(follower: "subprocess.Popen[str]", seeds: list[int]) -> None:
    """Terms that are ratios over a batch, such as the glyph loss per covered cell, are averaged: equal where the halves have as much of each."""
    given = batch(seeds)
    halves = [alone(rows_of(given, number, 2)) for number in (0, 1)]
    expected = [(first + second) / 2 for first, second in zip(*halves, strict=True)] if seeds[0] != seeds[1] else alone(given)
    assert fleet.is_launched()
    assert fleet.join("cpu").type == "cpu"
    state, config = begun()
    with fleet.Fleet(state, config) as leader:
        take_step(state, leader.share(given), config)
    for mine, wanted in zip(gradients(state), expected, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-3)
    assert rank() == 0
    fleet.leave()
    assert follower.wait(120) == 0


def test_alone_there_is_no_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert not fleet.is_launched()
    assert not fleet.is_joined()
    with pytest.raises(UsageError, match="device"):
        fleet.join("cuda:1")


def test_a_follower_that_dies_is_told_to_the_leader(follower: "subprocess.Popen[str]") -> None:
    """Within moments: were it only a timeout, the test would not end."""
    fleet.join("cpu")
    state, config = begun()

    def train() -> None:
        with fleet.Fleet(state, config) as leader:
            for step in range(4):
                take_step(state, leader.share(batch([1, 2, 3, 4])), config)
                if step == 0:
                    follower.kill()

    with pytest.raises(ProcessLost, match="--resume"):
        train()


def test_a_leader_that_dies_before_training_is_told_to_the_followers(meeting: dict[str, str]) -> None:
    waiting = "import time; from siga_ocr.training import fleet; fleet.join('cpu'); print('joined', flush=True); time.sleep(900)"
    leader, follower = started(waiting, meeting, 0), started(FOLLOW, meeting, 1)
    try:
        assert leader.stdout is not None
        assert leader.stdout.readline() == "joined\n"
        leader.kill()
        assert "ProcessLost: A process that shared the training has ended" in follower.communicate(timeout=240)[1]
        assert follower.returncode == 1
    finally:
        for process in (leader, follower):
            process.kill()
            process.communicate()


@pytest.mark.parametrize("rank", ["0", "1", "0 beside a launcher"])
def test_who_waits_for_a_process_that_never_comes_ends_with_an_error(meeting: dict[str, str], monkeypatch: pytest.MonkeyPatch, rank: str) -> None:
    """Whether the first process holds the place where all meet, another one does and is not there, or the launcher does."""
    monkeypatch.setattr(fleet, "JOINING", timedelta(seconds=1))
    for name, value in {**meeting, "RANK": rank[0]}.items():
        monkeypatch.setenv(name, value)
    if "launcher" in rank:
        _held = distributed.TCPStore("127.0.0.1", int(meeting["MASTER_PORT"]), is_master=True, wait_for_workers=False)  # type: ignore[attr-defined]
        monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    with pytest.raises(ProcessLost, match=r"2 processes did not all come to 127\.0\.0\.1:\d+ within 0:00:01"):
        fleet.join("cpu")
    assert not fleet.is_joined()
