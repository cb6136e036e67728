"""ReLU and the mask of padded columns in one: what comes out and the gradient are those of both, one after the other."""

import pytest
import torch

from siga_ocr.model.convolution import rectified


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_value_and_gradient_are_those_of_relu_times_the_mask(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    features = torch.randn(3, 4, 5, 6, dtype=kind, requires_grad=True)
    mask = (torch.arange(6)[None] < torch.tensor([[6], [3], [1]])).float()[:, None, None]
    weights = torch.randn(3, 4, 5, 6, dtype=kind)
    (expected,) = torch.autograd.grad((torch.relu(features) * mask.to(kind) * weights).sum(), features)
    out = rectified(features * 1, mask)
    assert torch.equal(out, torch.relu(features) * mask.to(kind))
    (found,) = torch.autograd.grad((out * weights).sum(), features)
    assert torch.equal(found, expected)
    assert float(expected.abs().sum()) > 0


@pytest.mark.parametrize("width", [6, 303])  # the second is no bfloat16 number
def test_only_columns_that_are_padded_somewhere_are_looked_at(width: int) -> None:
    features = torch.ones(2, 1, 1, width + 2, dtype=torch.bfloat16)
    mask = (torch.arange(width + 2)[None] < torch.tensor([[width + 2], [width]])).float()[:, None, None]
    assert torch.equal(rectified(features, mask), mask.bfloat16())
    assert torch.equal(rectified(features * 0 + 1, mask * 0), features * 0)
