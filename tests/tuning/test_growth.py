"""A network that grows keeps what it knew: known characters and positions give the same numbers as before."""

from dataclasses import replace

import pytest
import torch

from siga_ocr.errors import UsageError
from siga_ocr.model import SigaModel, build_model
from siga_ocr.tuning.growth import deepened, grown, grown_config
from tests.narrow import narrow
from tests.tiny import tiny


def network(*, feedback: bool) -> SigaModel:
    torch.manual_seed(0)
    return build_model(tiny(feedback=feedback)).eval()


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, 1, 32, 64), torch.ones(3, 64)


@pytest.mark.parametrize("feedback", [False, True])
def test_outputs_on_known_classes_are_unchanged_before_training(feedback: bool) -> None:
    model = network(feedback=feedback)
    larger = grown(model, grown_config(model.config, "Ä#", 9))
    images, mask = inputs()
    before, after = model(images, mask, 5), larger(images, mask, 5)
    torch.testing.assert_close(after.glyph_attention, before.glyph_attention, rtol=0, atol=0)
    known = after.log_probabilities[..., :7]
    torch.testing.assert_close(torch.log_softmax(known, 2), before.log_probabilities, rtol=1e-5, atol=1e-5)
    assert after.log_probabilities.shape[2] == 9
    assert after.log_probabilities[..., 7:].max() < before.log_probabilities.min()


def test_every_head_keeps_its_logits_and_maps() -> None:
    model = network(feedback=True)
    larger = grown(model, grown_config(model.config, "Ä", 8))
    images, mask = inputs()
    targets = torch.tensor([[1, 2, 0], [3, 0, 0], [6, 6, 0]])
    before, after = model.outputs(images, mask, targets), larger.outputs(images, mask, targets)
    for name, logits in before.logits.items():
        torch.testing.assert_close(after.logits[name][..., :7], logits)
    for old, new in zip(before.glyph_maps, after.glyph_maps, strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=0)
    longest = larger.outputs(images, mask, torch.ones(3, 9, dtype=torch.long))
    assert [maps.shape[1] for maps in longest.glyph_maps] == [1 + larger.config.max_steps] * 2


def test_a_transformer_does_not_get_deeper() -> None:
    model = build_model(narrow("siga-s")).eval()
    assert deepened(model, model.config) is model
    with pytest.raises(UsageError, match="siga-s does not get deeper"):
        deepened(model, replace(model.config, blocks=(1, 1, 2)))


def test_the_start_mark_of_siga_t_stays_behind_new_characters() -> None:
    torch.manual_seed(0)
    model = build_model(narrow("siga-t")).eval()
    larger = grown(model, grown_config(model.config, "Ä", None))
    images, mask = torch.rand(2, 3, 32, 128), torch.ones(2, 128)
    targets = torch.tensor([[1, 36, 0], [3, 0, 0]])
    before, after = model.outputs(images, mask, targets), larger.outputs(images, mask, targets)
    for name, logits in before.logits.items():
        torch.testing.assert_close(after.logits[name][..., [*range(37), 38]], logits)
    torch.testing.assert_close(after.glyph_maps[0], before.glyph_maps[0])


def test_a_new_character_can_be_learned() -> None:
    model = network(feedback=False)
    larger = grown(model, grown_config(model.config, "Ä", None)).train()
    images, mask = inputs()
    score = larger.outputs(images, mask, torch.tensor([[7, 0], [7, 0], [7, 0]])).logits["final"][:, 0, 7].sum()
    score.backward()  # type: ignore[no-untyped-call]
    gradient = dict(larger.named_parameters())["head.decoder.classify.weight"].grad
    assert gradient is not None
    assert gradient[7].abs().sum() > 0


def test_nothing_grows_where_nothing_is_new() -> None:
    model = network(feedback=False)
    config = grown_config(model.config, "0A", None)
    assert config == model.config
    assert grown(model, config) is model


def test_characters_are_added_once_and_in_order() -> None:
    assert grown_config(tiny(), "Z0Z#", 7) == replace(tiny(), characters="0123ABZ#", max_length=7)


@pytest.mark.parametrize(("added", "length"), [("a b", None), ("", 3)])
def test_what_cannot_be_is_refused(added: str, length: int | None) -> None:
    with pytest.raises(UsageError):
        grown_config(tiny(), added, length)


def test_new_blocks_change_no_output_and_learn() -> None:
    model = network(feedback=False)
    deeper = deepened(model, replace(model.config, blocks=(1, 3, 2)))
    images, mask = inputs()
    before, after = model(images, mask, 5), deeper(images, mask, 5)
    torch.testing.assert_close(after.log_probabilities, before.log_probabilities, rtol=0, atol=0)
    assert sum(p.numel() for p in deeper.parameters()) > sum(p.numel() for p in model.parameters())
    after.log_probabilities.sum().backward()
    scale = deeper.get_parameter("backbone.stage2.1.norm.weight")
    assert scale.grad is not None
    assert scale.grad.abs().max() > 0


def test_a_network_that_differs_in_anything_else_is_refused() -> None:
    model = network(feedback=False)
    assert deepened(model, model.config) is model
    for config in (replace(model.config, blocks=(1, 0, 1)), replace(model.config, fusion_size=16)):
        with pytest.raises(UsageError, match="not the recipe's"):
            deepened(model, config)


def test_other_heads_may_begin_to_vote() -> None:
    torch.manual_seed(2)
    model = build_model(tiny())
    voting = deepened(model, tiny(aligned_votes=True))
    assert voting.config.aligned_votes
    assert all(torch.equal(value, voting.state_dict()[name]) for name, value in model.state_dict().items())
