"""Pseudo-masks and glyph pseudo-labels: exact two-means, polarity from the border, nothing from nothing."""

import itertools

import numpy as np
import pytest
import torch

from siga_ocr.model.pseudo_label import glyph_pseudo_labels, local_contrast, text_pseudo_mask, two_means
from siga_ocr.recipe_losses import PseudoMaskKind

KINDS: tuple[PseudoMaskKind, ...] = ("intensity", "relief")


def picture(background: float, ink: float, width: int = 48, noise: float = 2.0) -> tuple[torch.Tensor, torch.Tensor]:
    """A grey crop with three upright strokes, and their mask: each [1, 1, 32, width]."""
    strokes = torch.zeros(1, 1, 32, width)
    for left in (8, 20, 34):
        strokes[..., 6:26, left : left + 4] = 1
    grey = background + (ink - background) * strokes
    grey += noise * torch.randn(grey.shape, generator=torch.Generator().manual_seed(1))
    return grey.clamp(0, 255), strokes


@pytest.mark.parametrize(("background", "ink"), [(200.0, 60.0), (40.0, 180.0)])
@pytest.mark.parametrize("kind", ["intensity", "auto"])
def test_both_polarities_give_the_strokes(background: float, ink: float, kind: PseudoMaskKind) -> None:
    grey, strokes = picture(background, ink)
    mask, weight = text_pseudo_mask(grey, torch.ones(1, 48), kind)
    assert torch.equal(mask, strokes)
    assert weight.tolist() == [1]


def test_two_means_is_the_global_optimum() -> None:
    values = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (1, 1, 6, 7)).astype(np.float32))
    upper, explained, varied = two_means(values, torch.ones_like(values))
    flat = values.flatten().double()

    def within(split: float) -> float:
        low, high = flat[flat <= split], flat[flat > split]
        return float(((low - low.mean()) ** 2).sum() + ((high - high.mean()) ** 2).sum())

    best = min(within(split) for split in sorted(set(flat.tolist()))[:-1])
    chosen = within(float(flat[upper.flatten() == 0].max()))
    assert chosen == pytest.approx(best)
    assert float(explained) == pytest.approx(1 - best / float(((flat - flat.mean()) ** 2).sum()), rel=1e-5)
    assert bool(varied)


@pytest.mark.parametrize("kind", ["intensity", "relief", "auto"])
def test_a_constant_crop_gives_an_empty_mask_and_no_weight(kind: PseudoMaskKind) -> None:
    mask, weight = text_pseudo_mask(torch.full((1, 1, 32, 48), 77.0), torch.ones(1, 48), kind)
    assert mask.abs().max() == 0
    assert weight.tolist() == [0]


def test_relief_sees_both_flanks_where_intensity_sees_one() -> None:
    strokes = torch.zeros(1, 1, 32, 48)
    grey = torch.full((1, 1, 32, 48), 120.0)
    for left in (8, 22, 36):
        strokes[..., 6:26, left : left + 6] = 1
        grey[..., 6:26, left : left + 3] = 220  # lit flank
        grey[..., 6:26, left + 3 : left + 6] = 20  # shaded flank
    scores = {}
    for kind in KINDS:
        mask, _ = text_pseudo_mask(grey, torch.ones(1, 48), kind)
        scores[kind] = float((mask * strokes).sum() / (mask + strokes).clamp(0, 1).sum())
    assert scores["relief"] > scores["intensity"] + 0.1


@pytest.mark.parametrize("kind", ["intensity", "relief", "auto"])
def test_padding_changes_nothing_and_stays_empty(kind: PseudoMaskKind) -> None:
    grey, _ = picture(200, 60)
    padded = torch.nn.functional.pad(grey, (0, 16), value=0.0)
    own = torch.nn.functional.pad(torch.ones(1, 48), (0, 16))
    alone, _ = text_pseudo_mask(grey, torch.ones(1, 48), kind)
    mask, _ = text_pseudo_mask(padded, own, kind)
    assert torch.equal(mask[..., :48], alone)
    assert mask[..., 48:].abs().max() == 0


def test_local_contrast_of_an_even_crop_is_nothing() -> None:
    assert local_contrast(torch.full((1, 1, 32, 48), 90.0), torch.ones(1, 1, 32, 48)).abs().max() < 1


def labels_of(columns: list[tuple[int, int]], steps: int, length: int) -> torch.Tensor:
    attention = torch.zeros(1, steps, 16)
    for t, (left, right) in enumerate(columns):
        attention[0, t, left:right] = 1 / (right - left)
    ink = torch.zeros(1, 1, 32, 64)
    ink[:, :, 8:24] = 1
    return glyph_pseudo_labels(attention, torch.tensor([length]), ink, (16, 32), torch.tensor([0.05]), 0.4)


def test_disjoint_attentions_that_cover_the_ink_share_every_cell_once() -> None:
    labels = labels_of([(0, 5), (5, 11), (11, 16)], 4, 3)
    sums = labels.sum(1)
    border = [column for edge in (10, 22) for column in (edge - 1, edge)]  # interpolation lets neighbours meet there
    inside = [column for column in range(32) if column not in border]
    assert sums[..., inside].min() == sums[..., inside].max() == 1
    assert sums.min() == 1


def test_steps_behind_the_text_and_the_end_mark_get_no_cell() -> None:
    labels = labels_of([(0, 5), (5, 11), (11, 16)], 4, 2)
    assert labels[:, 3:].abs().max() == 0
    assert labels[:, 1].max() == labels[:, 2].max() == 1


def test_labels_carry_no_gradient() -> None:
    attention = torch.rand(1, 3, 16, requires_grad=True)
    labels = glyph_pseudo_labels(attention, torch.tensor([2]), torch.ones(1, 1, 32, 64), (8, 16), torch.tensor([0.05]), 0.4)
    assert not labels.requires_grad
    assert list(itertools.chain(labels.shape)) == [1, 4, 8, 16]
