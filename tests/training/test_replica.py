"""Two gloo processes whose gradients PyTorch's DistributedDataParallel averages, in every phase of training and where memory is short."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from siga_ocr.data.batches import TrainBatch
from siga_ocr.errors import ProcessLost
from siga_ocr.model import build_model
from siga_ocr.recipe import CtcConfig, TrainConfig
from siga_ocr.training import fleet
from siga_ocr.training.learner import Learner
from siga_ocr.training.passes import Loss, Piece, TrainingPass
from siga_ocr.training.replica import Replica
from siga_ocr.training.sharing import rows_of
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import take_step
from tests.training.gradients import gradients
from tests.training.test_fleet import batch, begun, meeting, started

__all__ = ["meeting"]

PHASES = {"evenly spaced": 0, "CTC alone": 1, "all terms and CTC": 3, "again": 3, "all terms, CTC is over": 7, "and again": 8}
STEPS = list(PHASES.values())
GIVEN = [1, 2, 3, 4]


def in_phases() -> tuple[TrainingState, TrainConfig]:
    """A state whose ten steps go through all phases of the CTC head."""
    config = replace(begun()[1], ctc=CtcConfig(even=0.1, alone=0.2, hold=0.3, until=0.5))
    torch.manual_seed(0)
    return TrainingState(build_model(config.model), config, Progress()), config


def digest(state: TrainingState) -> str:
    """Of the bits of all gradients."""
    return hashlib.sha256(b"".join(gradient.numpy().tobytes() for gradient in gradients(state))).hexdigest()


def step_at(state: TrainingState, rows: TrainBatch, config: TrainConfig, step: int) -> None:
    state.progress = replace(state.progress, step=step)
    take_step(state, rows, config)


def tell_digests() -> None:
    """The second process: its own half of the batch at every step, and what gradients it then holds."""
    state, config = in_phases()
    fleet.replicate(state, config)
    for step in STEPS:
        step_at(state, rows_of(batch(GIVEN), 1, 2), config, step)
        print(digest(state), flush=True)


def lead(state: TrainingState, config: TrainConfig) -> None:
    """Three steps of the first process."""
    with fleet.Fleet(state, config) as leader:
        for step in (3, 4, 5):
            state.progress = replace(state.progress, step=step)
            take_step(state, leader.share(batch(GIVEN)), config)


def memory_for(fits: Callable[[Piece], bool]) -> Callable[[TrainingPass, Piece | None, float], Loss]:
    """A training pass whose way back fails for pieces that do not fit."""
    forward = TrainingPass.forward

    def refuse(_: torch.Tensor) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    def limited(self: TrainingPass, piece: Piece | None, progress: float) -> Loss:
        loss, parts = forward(self, piece, progress)
        if piece is not None and not fits(piece):
            loss.register_hook(refuse)  # type: ignore[no-untyped-call]
        return loss, parts

    return limited


def of_one_row(piece: Piece) -> bool:
    """Memory for a single crop."""
    return len(piece.images) == 1


def at_first() -> Callable[[Piece], bool]:
    """Memory that another program takes away after the first step."""
    steps = iter((True,))
    return lambda _: next(steps, False)


PRELUDE = "import torch; torch.set_num_threads(1); from siga_ocr.training import fleet, passes; from tests.training import test_replica as here; "
FOLLOW = "fleet.follow(fleet.join('cpu')); fleet.end()"
TELL = PRELUDE + "fleet.join('cpu'); here.tell_digests(); fleet.end()"
SMALL = PRELUDE + "passes.TrainingPass.forward = here.memory_for(here.of_one_row); " + FOLLOW
SHRINKING = PRELUDE + "passes.TrainingPass.forward = here.memory_for(here.at_first()); " + FOLLOW
PLENTY = PRELUDE + FOLLOW
LEAD_SHRINKING = PRELUDE + "passes.TrainingPass.forward = here.memory_for(here.at_first()); fleet.join('cpu'); here.lead(*here.in_phases())"


@pytest.fixture
def beside(meeting: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Starts the second process with a script, and joins it as the first."""
    processes = []

    def begin(script: str) -> "subprocess.Popen[str]":
        processes.append(started(script, meeting, 1))
        fleet.join("cpu")
        return processes[0]

    for name, value in {**meeting, "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    yield begin
    fleet.leave()
    for process in processes:
        process.kill()
        process.communicate()


Beside = Callable[[str], "subprocess.Popen[str]"]


class Alone(Learner):
    """Keeps its gradients to itself, although there are other processes."""

    def average(self, loss: torch.Tensor) -> torch.Tensor:
        return loss


def mean_of_halves(state: TrainingState, step: int, pieces: int = 1) -> list[torch.Tensor]:
    """What two processes should come to from the weights of `state`, each half by itself; the second one's in so many pieces."""
    halves = []
    for number in (0, 1):
        alone, config = in_phases()
        alone.fill(state.tensors())
        alone.learner = Alone(alone.model, alone.ctc_head, config)
        alone.progress = replace(alone.progress, pieces=pieces if number else 1)
        step_at(alone, rows_of(batch(GIVEN), number, 2), config, step)
        halves.append(gradients(alone))
    return [(first + second) / 2 for first, second in zip(*halves, strict=True)]


def assert_close(state: TrainingState, expected: list[torch.Tensor]) -> None:
    for mine, wanted in zip(gradients(state), expected, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-6, rtol=1e-3)


def test_distributed_data_parallel_gives_both_processes_the_mean_in_every_phase(beside: Beside) -> None:
    other = beside(TELL)
    state, config = in_phases()
    fleet.replicate(state, config)
    assert isinstance(state.learner, Replica)
    networks = []
    for step in STEPS:
        expected = mean_of_halves(state, step)
        step_at(state, rows_of(batch(GIVEN), 0, 2), config, step)
        assert_close(state, expected)
        assert other.stdout is not None
        assert other.stdout.readline().strip() == digest(state), other.communicate()[1]
        networks.append(state.learner.network(step / config.steps))
    assert all(isinstance(network, DistributedDataParallel) for network in networks)
    assert [network.find_unused_parameters for network in networks] == [True, True, False, False, False, False]
    assert networks[2] is networks[3]
    assert networks[4] is networks[5]


def test_the_backward_pass_itself_averages_what_fitted_before(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the second step on nothing is handed over afterwards: the pass over no crops stays away."""
    beside(TELL)
    state, config = in_phases()
    fleet.replicate(state, config)
    forward, passes = TrainingPass.forward, []

    def seen(self: TrainingPass, piece: Piece | None, progress: float) -> Loss:
        passes.append("nothing" if piece is None else "piece")
        return forward(self, piece, progress)

    monkeypatch.setattr(TrainingPass, "forward", seen)
    for step in STEPS:
        step_at(state, rows_of(batch(GIVEN), 0, 2), config, step)
    first, later = ["piece", "nothing"], ["piece"]
    assert passes == [*first, *later, *first, *later, *first, *later]


def test_a_process_short_of_memory_divides_its_own_rows_and_the_mean_is_the_same(beside: Beside) -> None:
    beside(SMALL)
    state, config = in_phases()
    with fleet.Fleet(state, config) as leader:
        for step in (3, 4):
            expected = mean_of_halves(state, step, pieces=2)
            state.progress = replace(state.progress, step=step)
            take_step(state, leader.share(batch(GIVEN)), config)
            assert_close(state, expected)
    assert state.progress.pieces == 1


def test_a_follower_whose_memory_shrinks_says_so_and_the_leader_ends_at_once(beside: Beside) -> None:
    """Within moments: were it only a timeout, the test would not end."""
    follower = beside(SHRINKING)
    state, config = in_phases()

    with pytest.raises(ProcessLost, match="--resume"):
        lead(state, config)
    assert state.progress.step == 4
    fleet.leave()
    assert "DeviceError: Memory does not suffice any more" in follower.communicate(timeout=240)[1]


def test_a_leader_whose_memory_shrinks_says_so_and_the_followers_end_at_once(meeting: dict[str, str]) -> None:
    processes = [started(LEAD_SHRINKING, meeting, 0), started(PLENTY, meeting, 1)]
    try:
        leader, follower = (process.communicate(timeout=240)[1] for process in processes)
    finally:
        for process in processes:
            process.kill()
    assert "DeviceError: Memory does not suffice any more" in leader
    assert "ProcessLost: A process that shared the training has ended" in follower
