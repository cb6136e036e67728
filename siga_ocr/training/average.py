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
        followers, leaders = self.model.state_dict(), model.state_dict()
        moving = [name for name, tensor in leaders.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([followers[name] for name in moving], [leaders[name] for name in moving], share)
        for name in leaders.keys() - set(moving):
            followers[name].copy_(leaders[name])
