"""The weights, constants and rules of the losses; every number is the published one (specification, sections 2 to 7)."""

from dataclasses import dataclass
from typing import Literal

from siga_ocr.errors import UsageError

PseudoMaskKind = Literal["intensity", "relief", "auto"]


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What `losses.total_loss` sums, and how.

    `style` is `proper` (cross entropy on logits, means over the batch) or `compat` (as the reference computes: softmax twice, sums over the batch).
    Shares are parts of the whole schedule: 0.125 is 20,000 of the reference's 160,000 iterations.
    """

    style: Literal["proper", "compat"] = "proper"
    recognition: float = 1.0
    segmentation: float = 1.0  # L_ins
    alignment: float = 1.0  # L_dif + L_cor until `switch_share`
    alignment_late: float = 0.3  # and after it
    glyph: float = 1.0  # L_seg of each scale
    switch_share: float = 0.125  # where the alignment weight drops and the ignore rule sets in
    ignore_disagreement: float = 0.687  # proper: samples whose mask disagrees with the pseudo-mask on more pixels are dropped
    ignore_loss: float = 1.0  # compat: samples with a mean loss from here on are dropped
    correlation: Literal["sq_elem", "dot"] = "sq_elem"
    slope: float = 70.0  # of the sigmoid eta, at 32 columns
    shift: float = 0.1  # of the sigmoid eta, at 32 columns
    delta: float = 0.05  # attention above it belongs to a character, at 32 columns
    scale_with_columns: bool = True  # slope * N / 32, shift * 32 / N, delta * 32 / N with N the sample's own columns
    foreground_share: float = 0.4  # of a cell that must be foreground for the cell to be so
    segmentation_form: Literal["ce27", "binary"] = "ce27"
    map_weights: tuple[float, ...] = ()  # of the maps' channels in ce27, background first; those beyond the last weigh 1
    pseudo_mask: PseudoMaskKind = "auto"

    def __post_init__(self) -> None:
        weights = (self.recognition, self.segmentation, self.alignment, self.alignment_late, self.glyph)
        if min(weights) < 0:
            raise UsageError(f"Loss weights must not be negative, got {weights}.")
        if not 0 <= self.switch_share <= 1 or self.slope <= 0 or not 0 < self.delta < 1:
            raise UsageError("loss.switch_share must lie in 0..1, loss.slope above 0 and loss.delta in 0..1.")
        if any(weight < 0 for weight in self.map_weights):
            raise UsageError(f"loss.map_weights must not be negative, got {self.map_weights}.")


def compat() -> LossConfig:
    """The losses exactly as the reference implementation computes them for SIGA-R."""
    return LossConfig(style="compat", scale_with_columns=False, pseudo_mask="intensity")
