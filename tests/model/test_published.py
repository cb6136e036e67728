"""SIGA-R trains with the full loss, straightened or not, in either style, one crop or several."""

from dataclasses import replace

import pytest
import torch

from siga_ocr.config import ModelConfig, TrunkConfig
from siga_ocr.losses import Truth, total_loss
from siga_ocr.model import build_model
from siga_ocr.recipe_losses import LossConfig, compat

HEADS = {"aligned", "plain", "glyph_low", "glyph_middle", "fused_low", "fused_middle", "final"}


def narrow(**changes: object) -> ModelConfig:
    small = ModelConfig(
        channels=(4, 4, 8, 8, 12, 16),
        blocks=(1, 1, 1, 1, 1),
        encoder_hidden=8,
        encoder_size=12,
        attention_size=12,
        embedding_size=6,
        glyph_channels=8,
        glyph_hidden=8,
        fusion_size=16,
        trunk=TrunkConfig(entry=8, coarse=8, up_middle=8, middle=8, up_fine=8, fine=8),
    )
    return replace(small, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("changes", [{}, {"rectifier_frozen": False}, {"rectify": False}], ids=["frozen", "trained", "none"])
@pytest.mark.parametrize("losses", [LossConfig(), compat()], ids=["proper", "compat"])
def test_a_training_step_reaches_every_part(count: int, changes: dict[str, object], losses: LossConfig) -> None:
    torch.manual_seed(0)
    model = build_model(narrow(**changes)).train()
    images, mask = torch.rand(count, 3, 32, 128), torch.ones(count, 128)
    targets = torch.tensor([[3, 1, 2, 0]] * count)
    pseudo = (torch.rand(count, 1, 32, 128) > 0.7).float()
    truth = Truth(targets, torch.full((count,), 3), pseudo, torch.ones(count), mask)
    output = model.outputs(images, mask, targets)
    assert set(output.logits) == HEADS
    total = total_loss(output, truth, losses, 0.0).total
    assert torch.isfinite(total)
    total.backward()  # type: ignore[no-untyped-call]
    untouched = {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.grad is None}
    assert untouched == ({"rectifier"} if changes == {} else set())


@torch.inference_mode()
def test_readings_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    model = build_model(narrow(rectify=False)).eval()
    images, mask = torch.rand(2, 3, 32, 128), torch.ones(2, 128)
    output = model(images, mask, 26)
    assert output.log_probabilities.shape == (2, 26, 37)
    torch.testing.assert_close(output.log_probabilities.exp().sum(2), torch.ones(2, 26))
    torch.testing.assert_close(output.glyph_attention.sum((2, 3)), torch.ones(2, 26))
    alone = model(images[:1], mask[:1], 26).log_probabilities
    torch.testing.assert_close(alone, output.log_probabilities[:1], atol=1e-4, rtol=0)
    assert model.foreground(images, mask).shape == (2, 1, 32, 128)
