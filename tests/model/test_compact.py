"""Rules of the compact network: small enough, blind to padding and to its neighbours in a batch, exact in however many steps."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from siga_ocr.config import ModelConfig, compact
from siga_ocr.errors import UsageError
from siga_ocr.model import build_model
from siga_ocr.model.compact import CompactSiga
from siga_ocr.store.folder import describe
from siga_ocr.store.weights import shipped
from tests.tiny import tiny

TRAINING_ONLY = ("glyph_decoders", "fused_decoders", "trunk.up_fine", "trunk.join_fine", "trunk.classify", "aligned_decoder.classify")


def model_of(config: ModelConfig) -> CompactSiga:
    torch.manual_seed(1)
    model = build_model(config).eval()
    assert isinstance(model, CompactSiga)
    for parameter in model.parameters():  # spread the values: a fresh network says nearly the same to everything
        parameter.data.mul_(2)
    return model


def crops(widths: list[int], padded: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    images, mask = torch.zeros(len(widths), 1, 32, padded), torch.zeros(len(widths), padded)
    for row, width in enumerate(widths):
        images[row, :, :, :width] = torch.randn(1, 32, width, generator=generator)
        mask[row, :width] = 1
    return images, mask


def recurrent_macs(config: ModelConfig, columns: int, steps: int) -> int:
    """Multiply-adds of the recurrent layers, which the flop counter does not see."""

    def lstm(inputs: int, hidden: int, length: int) -> int:
        return 4 * hidden * (inputs + hidden) * length

    encoder = 2 * lstm(config.channels[-1], config.encoder_hidden, columns)
    encoder += 2 * (config.encoder_layers - 1) * lstm(config.encoder_size, config.encoder_hidden, columns)
    glyphs = 2 * lstm(config.glyph_channels, config.glyph_hidden, steps)
    return encoder + glyphs + lstm(config.encoder_size, config.attention_size, steps) + lstm(config.fusion_size, config.fusion_size, steps)


def test_size_and_cost_stay_within_the_limits() -> None:
    config = compact()
    model = build_model(config).eval()
    counted = {name: parameter.numel() for name, parameter in model.named_parameters()}
    assert sum(counted.values()) <= 9.5e6
    assert sum(count for name, count in counted.items() if not name.startswith(TRAINING_ONLY)) <= 6e6
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 1, 32, 160), torch.ones(1, 160), 11)
    assert counter.get_total_flops() / 2 + recurrent_macs(config, 40, 11) <= 0.25e9


@pytest.mark.parametrize(("name", "limit"), [("code-small", 0.25e9), ("code-base", 1e9)])
def test_shipped_networks_stay_within_their_limits(name: str, limit: float) -> None:
    folder = shipped()[name]
    config = describe(folder).model
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        build_model(config).eval()(torch.zeros(1, 1, 32, 160), torch.ones(1, 160), 11)
    assert counter.get_total_flops() / 2 + recurrent_macs(config, 40, 11) <= limit
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 20e6


def test_what_only_training_needs_is_not_run_for_a_reading() -> None:
    model = model_of(tiny())
    images, mask = crops([64], 64)
    before = model(images, mask, 7).log_probabilities
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(TRAINING_ONLY):
                parameter.fill_(float("nan"))
    assert torch.equal(model(images, mask, 7).log_probabilities, before)


@torch.inference_mode()
def test_a_crop_reads_the_same_alone_in_any_batch_and_bucket() -> None:
    model = model_of(tiny())
    images, mask = crops([53, 96, 70], 96)
    together = model(images, mask, 7)
    for row, width in enumerate([53, 96, 70]):
        for padded in (width + -width % 4, 128):
            alone_images, alone_mask = torch.zeros(1, 1, 32, padded), torch.zeros(1, padded)
            alone_images[0, :, :, :width], alone_mask[0, :width] = images[row, :, :, :width], 1
            alone = model(alone_images, alone_mask, 7)
            torch.testing.assert_close(alone.log_probabilities[0], together.log_probabilities[row], atol=1e-4, rtol=0)


@torch.inference_mode()
def test_more_steps_change_nothing_before_them() -> None:
    model = model_of(tiny())
    images, mask = crops([64, 40], 64)
    few, many = model(images, mask, 3), model(images, mask, 7)
    torch.testing.assert_close(many.log_probabilities[:, :3], few.log_probabilities, atol=1e-5, rtol=0)
    torch.testing.assert_close(many.glyph_attention[:, :3], few.glyph_attention, atol=1e-6, rtol=0)


@torch.inference_mode()
def test_probabilities_and_attention_sum_to_one_and_leave_padding_alone() -> None:
    model = model_of(tiny())
    images, mask = crops([50, 96], 96)
    output = model(images, mask, 7)
    torch.testing.assert_close(output.log_probabilities.exp().sum(2), torch.ones(2, 7))
    torch.testing.assert_close(output.glyph_attention.sum((2, 3)), torch.ones(2, 7))
    assert output.glyph_attention[0, :, :, 25:].abs().max() == 0
    attention = model.outputs(images, mask, torch.zeros(2, 7, dtype=torch.long)).attention
    torch.testing.assert_close(attention.sum(2), torch.ones(2, 7))
    assert attention[0, :, 13:].abs().max() == 0
    assert model.foreground(images, mask)[0, :, :, 50:].abs().max() == 0


@torch.inference_mode()
def test_without_feedback_training_and_reading_agree() -> None:
    model = model_of(tiny())
    images, mask = crops([64, 50], 64)
    taught = model.outputs(images, mask, torch.tensor([[1, 2, 3, 0], [4, 0, 0, 0]])).logits["final"]
    torch.testing.assert_close(model(images, mask, 4).log_probabilities, taught.log_softmax(2), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_with_feedback_greedy_reading_is_teacher_forcing_with_its_own_predictions() -> None:
    model = model_of(tiny(feedback=True))
    images, mask = crops([64, 50], 64)
    read = model(images, mask, 7).log_probabilities
    taught = model.outputs(images, mask, read.argmax(2)).logits["final"].log_softmax(2)
    torch.testing.assert_close(taught, read, atol=1e-5, rtol=0)


@pytest.mark.parametrize("count", [1, 3])
def test_every_parameter_gets_a_gradient_from_the_heads_and_maps(count: int) -> None:
    model = model_of(tiny()).train()
    images, mask = crops([64, 50, 40][:count], 64)
    output = model.outputs(images, mask, torch.tensor([[1, 2, 0]] * count))
    parts = [*output.logits.values(), output.mask_logits, *output.glyph_maps]
    torch.stack([part.float().square().mean() for part in parts]).sum().backward()  # type: ignore[no-untyped-call]
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_votes_of_the_aligned_decoder_are_half_of_the_reading() -> None:
    torch.manual_seed(3)
    alone = build_model(tiny()).eval()
    both = build_model(tiny(aligned_votes=True)).eval()
    both.load_state_dict(alone.state_dict())
    images, mask = torch.randn(2, 1, 32, 64), torch.ones(2, 64)
    with torch.no_grad():
        heads = alone.outputs(images, mask, torch.zeros(2, 5, dtype=torch.long)).logits
        mean = (torch.softmax(heads["aligned"], 2) + torch.softmax(heads["final"], 2)) / 2
        assert torch.allclose(both(images, mask, 5).log_probabilities.exp(), mean, atol=1e-5)
        assert torch.allclose(alone(images, mask, 5).log_probabilities.exp(), torch.softmax(heads["final"], 2), atol=1e-5)


@pytest.mark.parametrize("changes", [{"feedback": True}, {"architecture": "siga-r"}])
def test_votes_are_for_the_compact_network_without_feedback(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="aligned_votes"):
        tiny(aligned_votes=True, **changes)
