"""Rules of the single parts: gate, encoder, decoders, rectifier, pooling."""

import pytest
import torch

from siga_ocr.model.convolution import SampledConv
from siga_ocr.model.decoder import AttentionDecoder, CharacterDecoder, DecoderSizes, shifted
from siga_ocr.model.encoder import RecurrentUnit, SequenceEncoder, mirror_index
from siga_ocr.model.gate import FusionGate
from siga_ocr.model.glyph import spatial_softmax
from siga_ocr.model.rectifier import Rectifier, warp


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_gate_stays_within_one_and_weighs_its_inputs() -> None:
    gate = FusionGate(6)
    first, second = torch.randn(4, 6) * 50, torch.randn(4, 6) * 50
    assert gate(first, second).abs().max() <= 1
    with torch.no_grad():
        gate.weigh.weight.zero_()
        gate.weigh.bias.fill_(30)
    torch.testing.assert_close(gate(first, second), torch.tanh(first))


def test_mirror_turns_only_a_rows_own_part_and_undoes_itself() -> None:
    mask = torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 1]])
    mirror = mirror_index(mask)
    assert mirror.tolist() == [[2, 1, 0, 3], [3, 2, 1, 0]]
    assert mirror.gather(1, mirror).tolist() == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_encoder_agrees_with_a_bidirectional_lstm_and_does_not_see_padding() -> None:
    encoder = SequenceEncoder(5, 4, 6, 1)
    unit = encoder.units[0]
    assert isinstance(unit, RecurrentUnit)
    assert unit.backward_rnn is not None
    reference = torch.nn.LSTM(5, 4, batch_first=True, bidirectional=True)
    weights = dict(unit.forward_rnn.state_dict())
    weights |= {f"{name}_reverse": value for name, value in unit.backward_rnn.state_dict().items()}
    reference.load_state_dict(weights)
    columns, mask = torch.randn(2, 7, 5), torch.ones(2, 7)
    torch.testing.assert_close(encoder(columns, mask), unit.linear(reference(columns)[0]))
    mask[0, 4:] = 0
    torch.testing.assert_close(encoder(columns, mask)[:1, :4], unit.linear(reference(columns[:1, :4])[0]))
    assert encoder(columns, mask)[0, 4:].abs().max() == 0


@pytest.mark.parametrize("embedding", [0, 3])
def test_attention_rows_sum_to_one_on_own_columns(embedding: int) -> None:
    decoder = AttentionDecoder(DecoderSizes(inputs=5, hidden=6, classes=7, embedding=embedding), gated=False)
    mask = torch.ones(2, 8)
    mask[1, 3:] = 0
    previous = torch.zeros(2, 4, dtype=torch.long) if embedding else None
    decoded = decoder(torch.randn(2, 8, 5), mask, 4, previous)
    torch.testing.assert_close(decoded.attention.sum(2), torch.ones(2, 4))
    assert decoded.attention[1, :, 3:].abs().max() == 0
    assert decoded.features.shape == (2, 4, 5)
    assert decoded.logits.shape == (2, 4, 7)


def test_gated_decoder_uses_the_glyph_features() -> None:
    decoder = AttentionDecoder(DecoderSizes(inputs=5, hidden=6, classes=7, embedding=0), gated=True)
    encoded, mask = torch.randn(2, 8, 5), torch.ones(2, 8)
    one, other = (decoder(encoded, mask, 3, None, torch.randn(2, 3, 5)).logits for _ in range(2))
    assert not torch.allclose(one, other)


def test_character_decoder_steps_give_what_the_fused_pass_gives() -> None:
    decoder = CharacterDecoder(DecoderSizes(inputs=5, hidden=6, classes=7, embedding=3))
    features, previous = torch.randn(2, 4, 5), torch.randint(0, 8, (2, 4))
    state, stepped = decoder.begin(features), []
    for t in range(4):
        logits, state = decoder.step(features[:, t], state, previous[:, t])
        stepped.append(logits)
    torch.testing.assert_close(torch.stack(stepped, 1), decoder(features, previous))


def test_teacher_forcing_shifts_by_one_and_begins_with_the_start() -> None:
    assert shifted(torch.tensor([[3, 1, 0]]), 9).tolist() == [[9, 3, 1]]


def test_spatial_softmax_sums_to_one_on_own_cells() -> None:
    mask = torch.ones(1, 1, 1, 6)
    mask[..., 4:] = 0
    weights = spatial_softmax(torch.randn(1, 3, 2, 6), mask)
    torch.testing.assert_close(weights.sum((2, 3)), torch.ones(1, 3))
    assert weights[..., 4:].abs().max() == 0


def test_a_rectifier_to_be_trained_starts_as_the_identity_and_moves_a_mask_alike() -> None:
    rectifier = Rectifier(3, 32, 128, frozen=False).eval()
    images = torch.linspace(0, 1, 128).expand(2, 3, 32, 128) * torch.linspace(0.5, 1, 32)[:, None]
    straight, grid = rectifier(images)
    rows, columns = torch.meshgrid((torch.arange(32) * 2 + 1 - 32) / 32, (torch.arange(128) * 2 + 1 - 128) / 128, indexing="ij")
    torch.testing.assert_close(grid[0], torch.stack([columns, rows], 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(straight, images, atol=0.02, rtol=0)
    torch.testing.assert_close(warp(images, grid), straight)


def test_a_frozen_rectifier_keeps_its_weights_and_statistics() -> None:
    rectifier = Rectifier(3, 32, 128, frozen=True).train()
    before = {name: value.clone() for name, value in rectifier.state_dict().items()}
    straight, _ = rectifier(torch.rand(2, 3, 32, 128, requires_grad=True))
    straight.sum().backward()
    assert all(parameter.grad is None for parameter in rectifier.parameters())
    assert all(torch.equal(value, before[name]) for name, value in rectifier.state_dict().items())


@pytest.mark.parametrize("stride", [2, (2, 1)])
def test_picking_cells_first_is_a_strided_convolution(stride: int | tuple[int, int]) -> None:
    sampled = SampledConv(3, 5, stride)
    features = torch.randn(2, 3, 6, 9).contiguous(memory_format=torch.channels_last)
    strided = torch.nn.functional.conv2d(features, sampled.weight, stride=stride)
    torch.testing.assert_close(sampled(features), strided)
