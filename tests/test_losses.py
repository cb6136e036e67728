"""Each term of the loss against its definition, its limits, and where its gradient may and may not go."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from siga_ocr.config import ModelConfig
from siga_ocr.losses import (
    Truth,
    alignment_loss,
    dice_loss,
    difference_loss,
    glyph_loss,
    orthogonal_loss,
    recognition_loss,
    text_segmentation_loss,
    total_loss,
)
from siga_ocr.model import build_model
from siga_ocr.model.compact import CompactSiga
from siga_ocr.recipe_losses import LossConfig, compat
from tests.model.test_compact import crops
from tests.tiny import tiny


def truth_of(texts: list[list[int]], width: int, mask: Tensor | None = None) -> Truth:
    steps = max(len(text) for text in texts) + 1
    targets = torch.tensor([text + [0] * (steps - len(text)) for text in texts])
    lengths = torch.tensor([len(text) for text in texts])
    generator = torch.Generator().manual_seed(2)
    pseudo = (torch.rand(len(texts), 1, 32, width, generator=generator) > 0.7).float()
    return Truth(targets, lengths, pseudo, torch.ones(len(texts)), torch.ones(len(texts), width) if mask is None else mask)


def model_of(config: ModelConfig) -> CompactSiga:
    torch.manual_seed(4)
    model = build_model(config)
    assert isinstance(model, CompactSiga)
    return model


def one_hot_rows(columns: list[int], width: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(columns), width).float()[None]


@pytest.mark.parametrize("correlation", ["sq_elem", "dot"])
def test_orthogonal_loss_is_the_sum_over_pairs(correlation: str) -> None:
    beta = torch.rand(3, 5, 16, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([5, 3, 1])
    beta = beta * (torch.arange(5)[None] < lengths[:, None])[..., None]
    expected = 0.0
    for row in range(3):
        for i in range(int(lengths[row])):
            for j in range(i + 1, int(lengths[row])):
                product = beta[row, i] * beta[row, j]
                expected += float((product**2 if correlation == "sq_elem" else product).sum()) / int(lengths[row])
    config = replace(compat(), correlation=correlation)  # type: ignore[arg-type]
    assert float(orthogonal_loss(beta, lengths, config)) == pytest.approx(expected, rel=1e-5)
    assert float(orthogonal_loss(beta, lengths, replace(config, style="proper"))) == pytest.approx(expected / 3, rel=1e-5)


def test_orthogonal_loss_of_disjoint_rows_is_zero() -> None:
    assert float(orthogonal_loss(one_hot_rows([1, 4, 9], 16), torch.tensor([3]), LossConfig())) == 0


def test_difference_loss_prefers_attention_on_the_ink() -> None:
    ink = torch.zeros(1, 1, 32, 16)
    ink[..., 8:32, 4:8] = 1
    truth = replace(truth_of([[1, 2]], 16), pseudo_mask=ink)
    on, off = torch.zeros(1, 16), torch.zeros(1, 16)
    on[:, 4:8], off[:, 10:14] = 1, 1
    for config in (LossConfig(), compat()):
        assert float(difference_loss(on, ink, truth, config)) < float(difference_loss(off, ink, truth, config))
    assert float(difference_loss(on, ink, truth, LossConfig())) == pytest.approx(0, abs=1e-6)


def test_compat_segmentation_is_cross_entropy_of_softmaxed_logits() -> None:
    logits = torch.randn(2, 2, 4, 6, generator=torch.Generator().manual_seed(1))
    labels = (torch.rand(2, 1, 4, 6, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    likelihood = torch.where(labels[:, 0] > 0, logits.softmax(1)[:, 1], logits.softmax(1)[:, 0])
    expected = torch.log1p(torch.exp(1 - 2 * likelihood)).mean()
    ours = text_segmentation_loss(logits, labels, torch.ones(2), torch.ones(2, 6), compat(), late=False)
    assert float(ours) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("config", [LossConfig(), compat()])
def test_late_segmentation_drops_masks_of_inverted_polarity(config: LossConfig) -> None:
    labels = torch.zeros(2, 1, 8, 8)
    labels[:, :, 2:4] = 1
    logits = torch.stack([1 - 2 * labels[:, 0], 2 * labels[:, 0] - 1], 1) * 20
    logits[1] = -logits[1]  # the second crop's network sees the opposite everywhere
    right = text_segmentation_loss(logits[:1], labels[:1], torch.ones(1), torch.ones(1, 8), config, late=True)
    both = text_segmentation_loss(logits, labels, torch.ones(2), torch.ones(2, 8), config, late=True)
    assert float(both) == pytest.approx(float(right), abs=1e-6)
    assert float(text_segmentation_loss(logits, labels, torch.ones(2), torch.ones(2, 8), config, late=False)) > float(right) + 0.1
    none_left = text_segmentation_loss(logits[1:], labels[1:], torch.ones(1), torch.ones(1, 8), config, late=True)
    assert float(none_left) == 0


def test_dice_of_perfect_maps_is_nearly_zero_and_of_swapped_maps_nearly_one() -> None:
    labels = torch.zeros(1, 3, 8, 16)
    labels[:, 1, :, 2:6], labels[:, 2, :, 8:12] = 1, 1
    labels[:, 0] = 1 - labels[:, 1:].sum(1)
    perfect, swapped = labels * 50, labels[:, [0, 2, 1]] * 50
    assert float(dice_loss(perfect, labels, torch.tensor([2]))) < 0.01
    assert float(dice_loss(swapped, labels, torch.tensor([2]))) > 0.9


@pytest.mark.parametrize("form", ["ce27", "binary"])
def test_glyph_loss_falls_when_maps_match_the_labels(form: str) -> None:
    config = replace(LossConfig(), segmentation_form=form)  # type: ignore[arg-type]
    labels = torch.zeros(1, 3, 8, 16)
    labels[:, 1, :, 2:6], labels[:, 2, :, 8:12] = 1, 1
    labels[:, 0] = 1 - labels[:, 1:].sum(1)
    lengths, cells = torch.tensor([2]), torch.ones(1, 16)
    right = glyph_loss(labels * 9, labels, lengths, cells, config)
    flat = glyph_loss(torch.zeros_like(labels), labels, lengths, cells, config)
    wrong = glyph_loss(labels * -9, labels, lengths, cells, config)
    assert float(right) < float(flat) < float(wrong)


def test_ink_that_no_attention_covers_is_background_for_the_reference_and_ignored_by_us() -> None:
    labels = torch.zeros(1, 3, 2, 4)
    labels[:, 0, :, :2], labels[:, 1, :, 2] = 1, 1  # column 3 is ink of nobody
    maps = torch.zeros(1, 3, 2, 4)
    maps[:, 2, :, 3] = 9
    lengths, cells = torch.tensor([2]), torch.ones(1, 4)
    changed = maps.clone()
    changed[:, 2, :, 3] = -9
    difference = [
        float(glyph_loss(maps, labels, lengths, cells, config) - dice_loss(maps, labels, lengths))
        - float(glyph_loss(changed, labels, lengths, cells, config) - dice_loss(changed, labels, lengths))
        for config in (LossConfig(), compat())
    ]
    assert difference[0] == pytest.approx(0, abs=1e-5)
    assert difference[1] > 1


def test_recognition_counts_each_text_and_its_end_mark_only() -> None:
    targets, lengths = torch.tensor([[3, 1, 0, 0], [2, 0, 0, 0]]), torch.tensor([2, 1])
    logits = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1))
    before = recognition_loss(logits, targets, lengths)
    logits[0, 3], logits[1, 2:] = 100, -100  # behind the end marks
    assert torch.equal(recognition_loss(logits, targets, lengths), before)
    logits[1, 1, 0] -= 5  # the end mark itself
    assert float(recognition_loss(logits, targets, lengths)) > float(before)


def test_rows_behind_the_text_have_no_part_in_alignment() -> None:
    attention = torch.rand(2, 4, 16, generator=torch.Generator().manual_seed(1)).softmax(2)
    ink = (torch.rand(2, 1, 32, 64, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    truth = truth_of([[1, 2], [3]], 64)
    before = alignment_loss(attention, torch.ones(2, 16), ink, truth, LossConfig())
    attention[0, 2:], attention[1, 1:] = 1, 0
    torch.testing.assert_close(alignment_loss(attention, torch.ones(2, 16), ink, truth, LossConfig()), before)


def backward_of(name: str, texts: list[list[int]]) -> dict[str, float]:
    """The largest gradient per part of the network, of one term of the loss alone."""
    model = model_of(tiny())
    images, mask = crops([64] * len(texts), 64)
    silent = LossConfig(recognition=0.0, segmentation=0.0, alignment=0.0, alignment_late=0.0, glyph=0.0)
    config = replace(silent, **{name: 1.0})  # type: ignore[arg-type]
    truth = truth_of(texts, 64, mask)
    output = model.outputs(images, mask, truth.targets)
    total_loss(output, truth, config, 0.0).total.backward()  # type: ignore[no-untyped-call]
    reached: dict[str, float] = {}
    for key, parameter in model.named_parameters():
        part = key.split(".")[0]
        reached[part] = max(reached.get(part, 0.0), 0.0 if parameter.grad is None else float(parameter.grad.abs().max()))
    return reached


def test_alignment_trains_attention_alone_and_not_the_mask() -> None:
    reached = backward_of("alignment", [[1, 2, 3], [4, 4]])
    assert reached["aligned_decoder"] > 0
    assert reached["backbone"] > 0
    assert reached["trunk"] == reached["glyph"] == reached["head"] == reached["gates"] == 0


def test_segmentation_trains_the_trunk_and_not_the_decoders() -> None:
    reached = backward_of("segmentation", [[1, 2, 3], [4, 4]])
    assert reached["trunk"] > 0
    assert reached["backbone"] > 0
    assert reached["aligned_decoder"] == reached["glyph"] == reached["head"] == 0


def test_glyph_maps_train_trunk_and_backbone_and_not_the_attention_that_labels_them() -> None:
    reached = backward_of("glyph", [[1, 2, 3], [4, 4]])
    assert reached["glyph"] > 0
    assert reached["trunk"] > 0
    assert reached["aligned_decoder"] == reached["head"] == reached["gates"] == 0


def test_an_empty_text_trains_the_recognition_heads_alone() -> None:
    for name in ("segmentation", "alignment", "glyph"):
        assert max(backward_of(name, [[], []]).values()) == 0, name
    assert backward_of("recognition", [[], []])["head"] > 0


@pytest.mark.parametrize("style", ["proper", "compat"])
@pytest.mark.parametrize("count", [1, 2])
def test_total_is_the_sum_of_its_parts_and_finite(style: str, count: int) -> None:
    model = model_of(tiny())
    images, mask = crops([64, 40][:count], 64)
    truth = truth_of([[1, 2, 3], []][:count], 64, mask)
    config = LossConfig() if style == "proper" else compat()
    losses = total_loss(model.outputs(images, mask, truth.targets), truth, config, 0.5)
    assert torch.isfinite(losses.total)
    assert float(losses.total.detach()) == pytest.approx(float(torch.stack(list(losses.parts.values())).sum()), rel=1e-5)
    assert {"final", "aligned", "segmentation", "alignment", "maps_low", "maps_middle"} <= set(losses.parts)


def test_alignment_weight_drops_at_the_switch() -> None:
    model = model_of(tiny()).eval()
    images, mask = crops([64], 64)
    truth = truth_of([[1, 2, 3]], 64)
    output = model.outputs(images, mask, truth.targets)
    early, late = (total_loss(output, truth, LossConfig(), progress).parts["alignment"] for progress in (0.1, 0.2))
    assert float(late) == pytest.approx(0.3 * float(early), rel=1e-5)
