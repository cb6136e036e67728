"""The losses of the warm-up look at a crop's own columns alone and are numbers for every text."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from siga_ocr.losses import Truth
from siga_ocr.training.passes import ctc_loss, even_loss

CLASSES = 5

Loss = Callable[[Tensor, Tensor, Truth], Tensor]


def truth(*texts: list[int], width: int = 12) -> Truth:
    lengths = torch.tensor([len(text) for text in texts])
    targets = torch.zeros(len(texts), int(lengths.max()) + 1, dtype=torch.long)
    for row, text in enumerate(texts):
        targets[row, : len(text)] = torch.tensor(text)
    pixels = torch.zeros(len(texts), 1, 4, 4 * width)
    return Truth(targets, lengths, pixels, torch.ones(len(texts)), torch.ones(len(texts), 4 * width))


def saying(*classes: list[int]) -> Tensor:
    """Logits that are sure of one class in each column."""
    return 20.0 * torch.nn.functional.one_hot(torch.tensor(classes), CLASSES).float()


def test_evenly_spaced_characters_are_right_for_the_even_loss() -> None:
    columns = torch.ones(1, 12)
    right = saying([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    assert even_loss(right, columns, truth([1, 2, 3, 4])) < 1e-6
    assert even_loss(right, columns, truth([4, 3, 2, 1])) > 10


def test_ctc_takes_any_spacing() -> None:
    columns = torch.ones(1, 12)
    assert ctc_loss(saying([0, 1, 0, 0, 0, 0, 2, 2, 0, 2, 0, 0]), columns, truth([1, 2, 2])) < 1e-6
    assert ctc_loss(saying([0, 1, 0, 0, 0, 0, 2, 2, 2, 2, 0, 0]), columns, truth([1, 2, 2])) > 1


@pytest.mark.parametrize("loss", [even_loss, ctc_loss])
def test_padding_changes_nothing(loss: Loss) -> None:
    torch.manual_seed(0)
    logits, columns = torch.randn(2, 12, CLASSES), torch.ones(2, 12)
    columns[1, 8:] = 0
    other = logits.clone()
    other[1, 8:] = 9.0
    texts = truth([1, 2, 3], [4, 1])
    assert torch.equal(loss(logits, columns, texts), loss(other, columns, texts))


@pytest.mark.parametrize("loss", [even_loss, ctc_loss])
def test_no_text_and_too_long_a_text_give_finite_gradients(loss: Loss) -> None:
    logits = torch.randn(3, 6, CLASSES, requires_grad=True)
    columns = torch.ones(3, 6)
    columns[2, 2:] = 0
    value = loss(logits, columns, truth([], [1, 2, 3, 4, 1, 2, 3, 4], [3, 3, 3], width=6))
    value.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", [even_loss, ctc_loss])
def test_a_batch_without_any_text_gives_a_number(loss: Loss) -> None:
    logits = torch.randn(2, 6, CLASSES, requires_grad=True)
    value = loss(logits, torch.ones(2, 6), truth([], [], width=6))
    value.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
