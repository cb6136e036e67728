"""A training state on the disk is whole at every moment, and the moving average follows the weights."""

from pathlib import Path

import pytest
import torch

from siga_ocr.config import ModelConfig
from siga_ocr.errors import ModelError
from siga_ocr.model import build_model
from siga_ocr.recipe import OptimiserConfig, TrainConfig
from siga_ocr.training.average import WeightAverage
from siga_ocr.training.state import Progress, TrainingState, load_state, save_state
from siga_ocr.training.step import rate_at


def state_at(config: TrainConfig, step: int) -> TrainingState:
    torch.manual_seed(step)
    state = TrainingState(build_model(config.model), config, Progress(step=step, round=1, position=4, first_index=((1001, 7),)))
    for parameter in state.parameters:
        parameter.grad = torch.randn_like(parameter)
    state.optimiser.step()
    return state


@pytest.fixture
def config(tiny_config: ModelConfig) -> TrainConfig:
    return TrainConfig(model=tiny_config)


def loaded(run: Path, config: TrainConfig) -> TrainingState:
    state = TrainingState(build_model(config.model), config, Progress())
    load_state(run, state, config)
    return state


def test_everything_comes_back(tmp_path: Path, config: TrainConfig) -> None:
    state = state_at(config, 5)
    save_state(tmp_path, state, config)
    again = loaded(tmp_path, config)
    assert again.progress == state.progress
    before, after = state.tensors(), again.tensors()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    for one, other in zip(state.parameters, again.parameters, strict=True):
        for name, tensor in state.optimiser.state[one].items():
            assert again.optimiser.state[other][name].stride() == tensor.stride()


def test_a_killed_run_leaves_a_whole_state_at_every_moment(tmp_path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off before each file operation in turn: what is loaded is the state before or the one after."""
    save_state(tmp_path, state_at(config, 1), config)
    operations = ["mkdir", "write_text", "rename", "rename"]
    for number, name in enumerate(operations):
        with monkeypatch.context() as patch:
            _cut_off(patch, name, operations[:number].count(name))
            with pytest.raises(KeyboardInterrupt):
                save_state(tmp_path, state_at(config, 2), config)
        assert loaded(tmp_path, config).progress.step == 1
    save_state(tmp_path, state_at(config, 3), config)
    assert loaded(tmp_path, config).progress.step == 3
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


def _cut_off(patch: pytest.MonkeyPatch, name: str, after: int) -> None:
    """The operation `name` of a path works `after` times, then the program is stopped."""
    real, calls = getattr(Path, name), []

    def operation(path: Path, *args: object, **options: object) -> object:
        calls.append(path)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(path, *args, **options)

    patch.setattr(Path, name, operation)


@pytest.mark.parametrize("file", ["state.json", "state.safetensors"])
def test_a_damaged_state_is_named(tmp_path: Path, config: TrainConfig, file: str) -> None:
    save_state(tmp_path, state_at(config, 1), config)
    path = tmp_path / "last" / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="damaged"):
        loaded(tmp_path, config)


def test_the_average_follows_and_forgets_the_beginning(tiny_config: ModelConfig) -> None:
    model = build_model(tiny_config)
    average = WeightAverage(model, 0.9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(3.0)
    for step in range(200):
        average.update(model, step)
    assert all(torch.allclose(parameter, torch.tensor(3.0), atol=1e-4) for parameter in average.model.parameters())
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    assert not average.model.training


def test_the_rate_rises_then_falls_to_its_floor() -> None:
    config = OptimiserConfig(rate=1.0, floor=0.1, warm_up=10)
    rates = [rate_at(step, 100, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == 1.0
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.1)
