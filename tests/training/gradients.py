"""What a step left behind, to be compared."""

import torch

from siga_ocr.training.state import TrainingState


def gradients(state: TrainingState) -> list[torch.Tensor]:
    """A copy of every parameter's gradient, 0 where it has none."""
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in state.parameters]
