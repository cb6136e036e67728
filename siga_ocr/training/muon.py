"""Muon for matrices and kernels, AdamW for everything else, as one optimiser.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon) replaces the momentum of a matrix by the nearest matrix whose singular
values are all alike, so that rare directions are learned as fast as frequent ones. Its step is scaled to the size of AdamW's
(Liu et al., 2025, arXiv 2502.16982), so that one rate serves both.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration that Jordan et al. fitted: five rounds bring singular values from 0.01..1 to about 0.7..1.2."""
ROUNDS = 5
ADAMW_SIZE = 0.2
"""The root of the mean square of an AdamW update, in units of the rate (Liu et al., section 2.2)."""

ORDINARY = ("classify", "locate", "score", "stem")
"""Parts of names of matrices that stay with AdamW: those that give logits, and the first layer, whose input is one grey level."""


def is_inner(name: str, parameter: Tensor) -> bool:
    """Whether a network's parameter of this name is for Muon: a matrix or kernel between layers of features."""
    return parameter.ndim >= 2 and not any(part in name for part in ORDINARY)


@torch.no_grad()
def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix [a, b] with the same singular vectors and all singular values near 1, by a Newton-Schulz iteration in bfloat16."""
    one, three, five = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16().contiguous()
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=three, alpha=five), x, beta=one)
    found: Tensor = (x.T if tall else x).to(matrix.dtype)
    return found


class Muon(torch.optim.Optimizer):
    """Groups with `inner` take Muon's step, others AdamW's; each group has `lr` and `weight_decay`."""

    def __init__(self, groups: Iterable[dict[str, Any]], *, betas: tuple[float, float], epsilon: float, momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "inner": False, "betas": betas, "epsilon": epsilon, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step with the gradients that are there; parameters without one stay as they are."""
        if closure is not None:
            raise ValueError("Muon takes no closure: compute the gradients first.")
        for group in self.param_groups:
            change = self._inner_change if group["inner"] else self._adamw_change
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.sub_(change(parameter, group), alpha=group["lr"])

    def _inner_change(self, parameter: nn.Parameter, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        assert parameter.grad is not None
        state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
        ahead = torch.lerp(parameter.grad, state["momentum"], group["momentum"])  # Nesterov's
        flat = orthogonalised(ahead.flatten(1))
        change: Tensor = flat.view(parameter.shape) * (ADAMW_SIZE * max(flat.shape) ** 0.5)
        return change

    def _adamw_change(self, parameter: nn.Parameter, group: dict[str, Any]) -> Tensor:
        state, (first, second) = self.state[parameter], group["betas"]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        assert parameter.grad is not None
        state["step"] += 1
        state["exp_avg"].lerp_(parameter.grad, 1 - first)
        state["exp_avg_sq"].mul_(second).addcmul_(parameter.grad, parameter.grad, value=1 - second)
        step = float(state["step"])
        deviation = (state["exp_avg_sq"] / (1 - second**step)).sqrt_().add_(group["epsilon"])
        change: Tensor = state["exp_avg"] / (1 - first**step) / deviation
        return change
