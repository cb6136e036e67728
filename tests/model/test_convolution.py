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
