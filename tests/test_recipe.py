"""A recipe says everything once: defaults, presets, and what it refuses."""

from dataclasses import asdict, replace

import pytest

from siga_ocr.config import ModelConfig, compact
from siga_ocr.errors import UsageError
from siga_ocr.recipe import CtcConfig, LabelledSource, RenderedSource, TrainConfig, from_table, parse

RECIPE = """
steps = 500
[model]
preset = "compact"
max_length = 12
trunk = { entry = 64 }
[loss]
glyph = 0.5
[[sources]]
kind = "rendered"
seed = 1007
difficulty = [0.1, 0.9]
style = { families = [["print", 1.0]] }
[[sources]]
kind = "labelled"
path = "crops"
part = "A"
"""


def test_a_recipe_is_the_defaults_and_what_it_says() -> None:
    config = parse(RECIPE)
    expected = replace(compact(), max_length=12, trunk=replace(compact().trunk, entry=64))
    assert config.model == expected
    assert (config.steps, config.batch, config.loss.glyph) == (500, TrainConfig().batch, 0.5)
    rendered, labelled = config.sources
    assert isinstance(rendered, RenderedSource)
    assert rendered.style.families == (("print", 1.0),)
    assert labelled == LabelledSource(kind="labelled", path="crops", part="A")


def test_an_empty_recipe_is_all_defaults() -> None:
    assert parse("") == TrainConfig()


def test_the_published_network_is_a_preset() -> None:
    assert parse("[model]\npreset = 'siga-r'").model == ModelConfig()


def test_a_recipe_survives_its_own_table() -> None:
    config = parse(RECIPE)
    assert from_table(asdict(config), "asdict") == config


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("step = 5", "step"),
        ("[model]\nheigth = 5", "heigth"),
        ("[model.input]\nheigth = 5", "heigth"),
        ("[[sources]]\nkind = 'rendered'\nspeed = 1", "speed"),
        ("[[sources]]\nkind = 'rendered'\nstyle = {look = 1}", "look"),
        ("[optimiser]\nlr = 1.0", "lr"),
    ],
)
def test_unknown_keys_are_named_at_every_depth(toml: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        parse(toml, "here.toml")


@pytest.mark.parametrize(
    "toml",
    [
        "seed = 999",
        "[[sources]]\nkind = 'rendered'\nseed = 0",
        "reuse = 5",
        "shard = 1000000",
        "steps = 0",
        "steps = 'many'",
        "sources = []",
        "[[sources]]\nkind = 'painted'",
        "[[sources]]\nkind = 'labelled'",
        "[[sources]]\nkind = 'rendered'\n[[sources]]\nkind = 'rendered'",
        "[model]\npreset = 'large'",
        "[ctc]\nhold = 0.5\nuntil = 0.4",
        "[optimiser]\nrate = 0.0",
        "steps = = 1",
    ],
)
def test_values_that_cannot_be_used_are_refused(toml: str) -> None:
    with pytest.raises(UsageError):
        parse(toml)


def test_the_fingerprint_changes_with_every_value() -> None:
    config = parse(RECIPE)
    others = [replace(config, steps=501), replace(config, sources=config.sources[:1]), replace(config, model=compact())]
    assert len({c.fingerprint for c in [config, *others]}) == 4
    assert parse(RECIPE).fingerprint == config.fingerprint


def test_narrow_batches_hold_more_crops() -> None:
    config = TrainConfig(batch=64)
    assert [config.batch_at(width) for width in (64, 160, 320)] == [160, 64, 32]
    assert TrainConfig(batch=1).batch_at(384) == 1


def test_the_ctc_weight_is_held_then_fades_to_nothing() -> None:
    ctc = CtcConfig(weight=2.0, hold=0.2, until=0.4)
    assert [ctc.weight_at(p) for p in (0.0, 0.19, 0.3, 0.4, 1.0)] == pytest.approx([2.0, 2.0, 1.0, 0.0, 0.0])


def test_difficulty_rises_within_the_ramp_and_stays() -> None:
    source = RenderedSource(difficulty=(0.2, 0.8), ramp=0.5)
    assert [source.difficulty_at(p) for p in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([0.2, 0.5, 0.8, 0.8])
    assert RenderedSource(difficulty=(0.2, 0.8), ramp=0.0).difficulty_at(0.0) == 0.8
