"""How weights are changed in training: the optimiser and its schedule, and the auxiliary head of the warm-up."""

from dataclasses import dataclass
from typing import Literal

from siga_ocr.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """The optimiser and its schedule: a warm-up from `rate * begin` to `rate`, then half a cosine down to `rate * floor`.

    Adam is AdamW without `weight_decay`; muon is Muon for the matrices and kernels between layers, AdamW for the rest.
    """

    kind: Literal["adamw", "adadelta", "muon"] = "adamw"
    rate: float = 1e-3
    floor: float = 0.02  # share of `rate` that is left at the end
    betas: tuple[float, float] = (0.9, 0.99)  # of adamw, also within muon
    rho: float = 0.95  # of adadelta
    epsilon: float = 1e-8
    weight_decay: float = 0.01  # of matrices and kernels; vectors (biases, norms) have none
    decay_all: bool = False  # weight decay of vectors too
    warm_up: int = 300  # steps
    begin: float = 0.0  # share of `rate` that the warm-up begins above
    warm_up_form: Literal["linear", "cosine"] = "linear"
    clip_norm: float = 2.0  # 0: gradients are not clipped
    average_decay: float = 0.999  # of the moving average of the weights, which is what is kept

    def __post_init__(self) -> None:
        if self.rate <= 0 or not 0 <= self.floor <= 1 or not 0 <= self.begin <= 1 or self.clip_norm < 0:
            raise UsageError("optimiser.rate must be above 0, clip_norm not negative, optimiser.floor and begin in 0..1.")
        if not 0 <= self.average_decay < 1 or self.warm_up < 0 or self.weight_decay < 0:
            raise UsageError("optimiser.average_decay must lie in 0..1 (1 excluded), warm_up and weight_decay must not be negative.")
        if self.epsilon <= 0 or not all(0 <= value < 1 for value in (*self.betas, self.rho)):
            raise UsageError("optimiser.epsilon must be above 0, betas and rho must lie in 0..1 (1 excluded).")


@dataclass(frozen=True, kw_only=True)
class CtcConfig:
    """The auxiliary CTC head that wakes the encoder, in shares of the schedule.

    Until `even` it takes characters as evenly spaced, until `alone` it is the only loss, until `hold` it has its full `weight`,
    at `until` it is gone.
    """

    weight: float = 1.0
    even: float = 0.0
    alone: float = 0.0
    hold: float = 0.1
    until: float = 0.2

    def __post_init__(self) -> None:
        if self.weight < 0 or not 0 <= self.even <= self.alone <= self.hold <= self.until <= 1:
            raise UsageError("ctc.weight must not be negative, and 0 <= ctc.even <= ctc.alone <= ctc.hold <= ctc.until <= 1.")

    def weight_at(self, progress: float) -> float:
        """The weight at `progress` (0..1 of the schedule)."""
        if progress < self.hold:
            return self.weight
        if progress >= self.until:
            return 0.0
        return self.weight * (self.until - progress) / (self.until - self.hold)
