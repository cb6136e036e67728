"""Muon for matrices and kernels, AdamW for everything else, as one optimiser.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon) replaces the momentum of a matrix by the nearest matrix whose singular
values are all alike, so that rare directions are learned as fast as frequent ones. Its step is scaled to the size of AdamW's
(Liu et al., 2025, arXiv 2502.16982), so that one rate serves both.
"""

from collections.abc import Callable, Iterable, Sequence
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
def orthogonalised(matrices: Tensor) -> Tensor:
    """A matrix [a, b], or several [n, a, b], with the same singular vectors and all singular values near 1, by a Newton-Schulz iteration in
    bfloat16."""
    one, three, five = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    add = torch.addmm if matrices.ndim == 2 else torch.baddbmm
    x = (matrices.mT if tall else matrices).bfloat16().contiguous()
    x = x / (x.flatten(-2).norm(dim=-1)[..., None, None] + 1e-7)
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = add(x, add(gram, gram, gram, beta=three, alpha=five), x, beta=one)
    found: Tensor = (x.mT if tall else x).to(matrices.dtype)
    return found


def each_orthogonalised(matrices: Sequence[Tensor], *, at_once: bool) -> list[Tensor]:
    """Every matrix made orthogonal; `at_once` takes those of one shape together, for devices that wait longer for a product than it takes."""
    if not at_once:
        return [orthogonalised(matrix) for matrix in matrices]
    alike: dict[torch.Size, list[int]] = {}
    for number, matrix in enumerate(matrices):
        alike.setdefault(matrix.shape, []).append(number)
    found = list(matrices)
    for numbers in alike.values():
        for number, matrix in zip(numbers, orthogonalised(torch.stack([matrices[n] for n in numbers])), strict=True):
            found[number] = matrix
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
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters:
                continue
            changes = (self._inner_changes if group["inner"] else self._adamw_changes)(parameters, group)
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_sub_(parameters, changes, alpha=group["lr"])

    def _inner_changes(self, parameters: Sequence[nn.Parameter], group: dict[str, Any]) -> list[Tensor]:
        gradients = [_gradient(parameter) for parameter in parameters]
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        momenta = [self.state[parameter]["momentum"] for parameter in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
        ahead = torch._foreach_lerp(gradients, momenta, group["momentum"])  # Nesterov's
        flat = each_orthogonalised([change.flatten(1) for change in ahead], at_once=parameters[0].is_cuda)
        changes = [matrix.view(parameter.shape) for matrix, parameter in zip(flat, parameters, strict=True)]
        return list(torch._foreach_mul(changes, [ADAMW_SIZE * max(matrix.shape) ** 0.5 for matrix in flat]))

    def _adamw_changes(self, parameters: Sequence[nn.Parameter], group: dict[str, Any]) -> list[Tensor]:
        first, second = group["betas"]
        gradients = [_gradient(parameter) for parameter in parameters]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = torch.zeros(())
                state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
            state["step"] += 1
        states = [self.state[parameter] for parameter in parameters]
        means, squares = [state["exp_avg"] for state in states], [state["exp_avg_sq"] for state in states]
        steps = [float(state["step"]) for state in states]
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - second)
        deviations = torch._foreach_div(squares, [1 - second**step for step in steps])
        torch._foreach_sqrt_(deviations)
        torch._foreach_add_(deviations, group["epsilon"])
        changes = torch._foreach_div(means, [1 - first**step for step in steps])
        torch._foreach_div_(changes, deviations)
        return list(changes)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad
