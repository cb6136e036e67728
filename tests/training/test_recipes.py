"""The recipes of the published networks: sound, and with the rates and losses of their reference."""

from pathlib import Path

import pytest
import torch

from siga_ocr.charset import Charset
from siga_ocr.losses import glyph_loss
from siga_ocr.model import build_model
from siga_ocr.recipe import PRESETS, OptimiserConfig, TrainConfig, parse
from siga_ocr.recipe_losses import LossConfig, compat
from siga_ocr.training.state import Progress, TrainingState
from siga_ocr.training.step import rate_at
from tests.tiny import tiny

FOLDER = Path(__file__).parents[2] / "docs" / "recipes"


def recipe(name: str) -> TrainConfig:
    path = FOLDER / f"{name}.toml"
    return parse(path.read_text(encoding="utf-8"), path)


@pytest.mark.parametrize(("name", "crops"), [("siga-r", 640), ("siga-s", 288), ("siga-t", 144)])
def test_each_network_has_a_recipe(name: str, crops: int) -> None:
    config = recipe(name)
    assert config.model.architecture == name
    assert config.model.input == PRESETS[name].input
    assert config.batch_at(config.model.input.widths[0]) == crops
    assert not (config.model.rectify and config.model.rectifier_frozen)


def test_the_rate_of_siga_r_is_the_one_cycle() -> None:
    config = recipe("siga-r")
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4.5e-4, total_steps=1600, div_factor=20, final_div_factor=1000, cycle_momentum=False)
    settings = OptimiserConfig(**{**vars(config.optimiser), "warm_up": 480})
    theirs = []
    for _ in range(1600):
        theirs.append(schedule.get_last_lr()[0])
        optimiser.step()
        if len(theirs) < 1600:
            schedule.step()
    assert config.optimiser.warm_up / config.steps == 0.3
    assert [rate_at(step, 1600, settings) for step in range(1600)] == pytest.approx(theirs, rel=0.02, abs=2e-6)


def test_the_rates_of_siga_s_and_siga_t_begin_and_end_as_published() -> None:
    config = recipe("siga-s")
    assert rate_at(config.optimiser.warm_up, config.steps, config.optimiser) == 5e-4
    assert rate_at(config.steps, config.steps, config.optimiser) == pytest.approx(1e-7)
    assert config.optimiser.warm_up / config.steps == 0.2
    config = recipe("siga-t")
    assert rate_at(0, config.steps, config.optimiser) == 1.0
    assert rate_at(config.steps // 2, config.steps, config.optimiser) == pytest.approx(0.5)
    assert rate_at(config.steps, config.steps, config.optimiser) == pytest.approx(0.0)


@pytest.mark.parametrize("name", ["siga-s", "siga-t"])
def test_the_optimiser_of_a_recipe_takes_a_step_and_comes_back(name: str) -> None:
    config = TrainConfig(model=tiny(), optimiser=recipe(name).optimiser)
    torch.manual_seed(0)
    state = TrainingState(build_model(config.model), config, Progress())
    before = [parameter.detach().clone() for parameter in state.parameters]
    for parameter in state.parameters:
        parameter.grad = torch.randn_like(parameter)
    state.optimiser.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, state.parameters, strict=True))
    again = TrainingState(build_model(config.model), config, Progress())
    again.fill(state.tensors())
    for one, other in zip(state.parameters, again.parameters, strict=True):
        found = again.optimiser.state[other]
        assert found.keys() == state.optimiser.state[one].keys()
        assert all(torch.equal(found[key], value) for key, value in state.optimiser.state[one].items())


def test_weight_decay_reaches_vectors_where_it_should() -> None:
    for decays in (False, True):
        config = TrainConfig(model=tiny(), optimiser=OptimiserConfig(weight_decay=0.05, decay_all=decays))
        groups = TrainingState(build_model(config.model), config, Progress()).optimiser.param_groups
        assert [group["weight_decay"] for group in groups] == [0.05, 0.05 if decays else 0.0]


def test_map_weights_are_those_of_a_weighted_cross_entropy() -> None:
    torch.manual_seed(0)
    maps, lengths = torch.randn(2, 4, 3, 5), torch.tensor([3, 2])
    labels = torch.nn.functional.one_hot(torch.randint(0, 4, (2, 3, 5)), 4).permute(0, 3, 1, 2).float()
    weights = (1.0, 0.5, 2.0)
    plain = LossConfig(style="compat", scale_with_columns=False, pseudo_mask="intensity")
    assert plain == compat()
    cells = torch.ones(2, 5)
    weighted = LossConfig(style="compat", map_weights=weights)
    gained = glyph_loss(maps, labels, lengths, cells, weighted) - glyph_loss(maps, labels, lengths, cells, plain)
    target, padded = labels.argmax(1), torch.tensor([*weights, 1.0])
    theirs = torch.nn.functional.cross_entropy(maps, target, weight=padded) - torch.nn.functional.cross_entropy(maps, target)
    torch.testing.assert_close(gained, theirs)


def test_a_set_of_small_letters_takes_capitals() -> None:
    small, capitals = Charset("abc12"), Charset("ABC12")
    assert small.encode("aB2") == [1, 2, 5]
    assert small.unknown("aBÄ") == "Ä"
    assert capitals.unknown("aB") == "a"
    assert Charset("abC").unknown("A") == "A"
