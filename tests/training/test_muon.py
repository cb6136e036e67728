"""Muon: the step of a matrix has singular values that are all alike; everything else steps as AdamW does."""

import pytest
import torch
from torch import nn

from siga_ocr.training.muon import ADAMW_SIZE, Muon, each_orthogonalised, is_inner, orthogonalised


@pytest.mark.parametrize("shape", [(64, 64), (48, 200), (200, 48)])
def test_directions_stay_and_singular_values_become_alike(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(shape[0], min(shape)))
    right, _ = torch.linalg.qr(torch.randn(shape[1], min(shape)))
    matrix = left @ torch.diag(torch.logspace(0, -1.5, min(shape))) @ right.T
    found = orthogonalised(matrix)
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.4
    assert torch.nn.functional.cosine_similarity(found.flatten(), (left @ right.T).flatten(), 0) > 0.95


def test_matrices_of_one_shape_can_be_taken_at_once() -> None:
    torch.manual_seed(0)
    matrices = [torch.randn(shape) * size for shape, size in (((8, 24), 1.0), ((24, 8), 5.0), ((8, 24), 1e-3), ((24, 8), 1.0))]
    apart, together = (each_orthogonalised(matrices, at_once=at_once) for at_once in (False, True))
    for one, other in zip(apart, together, strict=True):
        assert one.shape == other.shape
        assert torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), 0) > 0.999
        assert float(other.norm()) == pytest.approx(float(one.norm()), rel=0.02)


def test_a_matrix_moves_by_about_as_much_as_with_adamw_whatever_its_gradient() -> None:
    for size in (1e-4, 1e3):
        torch.manual_seed(0)
        kernel = nn.Parameter(torch.zeros(32, 16, 3, 3))
        optimiser = Muon([{"params": [kernel], "inner": True, "lr": 0.01}], betas=(0.9, 0.99), epsilon=1e-8)
        kernel.grad = size * torch.randn(kernel.shape)
        optimiser.step()
        assert float(kernel.detach().square().mean().sqrt()) == pytest.approx(0.01 * ADAMW_SIZE, rel=0.25)


def test_the_rest_steps_as_adamw() -> None:
    torch.manual_seed(0)
    start = torch.randn(7)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    groups = [{"params": [ours], "weight_decay": 0.1, "lr": 0.01}]
    mine = Muon(groups, betas=(0.9, 0.99), epsilon=1e-8)
    adamw = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    for _ in range(5):
        ours.grad = torch.randn(7)
        theirs.grad = ours.grad.clone()
        mine.step()
        adamw.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_what_has_no_gradient_stays() -> None:
    still = nn.Parameter(torch.ones(4, 4))
    Muon([{"params": [still], "inner": True, "lr": 1.0, "weight_decay": 0.5}], betas=(0.9, 0.99), epsilon=1e-8).step()
    assert torch.equal(still, torch.ones(4, 4))


def test_a_closure_is_refused() -> None:
    with pytest.raises(ValueError, match="closure"):
        Muon([{"params": [nn.Parameter(torch.ones(2))]}], betas=(0.9, 0.99), epsilon=1e-8).step(lambda: 0.0)


def test_vectors_first_layers_and_those_that_give_logits_are_not_inner() -> None:
    kernel, vector = torch.ones(2, 2, 3, 3), torch.ones(2)
    assert is_inner("backbone.stage2.0.conv.weight", kernel)
    assert is_inner("encoder.units.0.forward_rnn.weight_hh_l0", torch.ones(8, 2))
    for name in ("backbone.stem.conv.weight", "head.decoder.classify.weight", "glyph.low.locate.weight", "aligned_decoder.score.weight"):
        assert not is_inner(name, kernel)
    assert not is_inner("backbone.stage2.0.conv.bias", vector)
