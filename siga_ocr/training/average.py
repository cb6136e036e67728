"""The moving average of a network's weights: what is kept of a training run."""

import copy

import torch

from siga_ocr.model import SigaModel


class WeightAverage:
    """A copy of a network that follows it slowly: weights and statistics are averaged exponentially with `decay`.

    The first steps count more, so that random initial weights are soon forgotten.
    """

    def __init__(self, model: SigaModel, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: SigaModel, step: int) -> None:
        """Move towards `model` after its `step`-th step (from 0 on)."""
        share = 1.0 - min(self._decay, (1 + step) / (10 + step))
        followers = self.model.state_dict()
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                followers[name].lerp_(tensor, share)
            else:
                followers[name].copy_(tensor)
