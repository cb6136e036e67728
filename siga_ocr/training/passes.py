"""One pass of training through the network and its auxiliary CTC head, down to the loss: what is wrapped where several processes share a step."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from siga_ocr.losses import Truth, total_loss
from siga_ocr.model import SigaModel
from siga_ocr.recipe import TrainConfig

Loss = tuple[Tensor, dict[str, Tensor]]
"""The loss, which carries the gradient, and its weighted parts by name."""


@dataclass(frozen=True)
class Piece:
    """Rows of a batch on their device: `images` [N, C, H, W] and their `truth`, what `share` of the batch they are, whether they are its last."""

    images: Tensor
    truth: Truth
    share: float
    is_last: bool


class TrainingPass(nn.Module):
    """The loss of a piece at `progress` (0..1 of the schedule); without a CTC head it is for the time when CTC is over."""

    def __init__(self, model: SigaModel, ctc_head: nn.Linear | None, config: TrainConfig) -> None:
        super().__init__()
        self.model, self.ctc_head = model, ctc_head
        self._config = config

    def forward(self, piece: Piece | None, progress: float) -> Loss:
        """All terms, or CTC alone while the recipe says so; for no piece a loss whose gradients are 0, for every parameter that has one already."""
        if piece is None:
            return torch.stack([0 * parameter.sum() for parameter in self.parameters() if parameter.grad is not None]).sum(), {}
        terms = self._ctc_alone if progress < self._config.ctc.alone else self._all_terms
        return terms(piece.images, piece.truth, progress)

    def _all_terms(self, images: Tensor, truth: Truth, progress: float) -> Loss:
        """The full loss, and CTC while its weight lasts: the sum and its parts."""
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self._config.precision == "bf16"):
            output = self.model.outputs(images, truth.mask, truth.targets)
        losses = total_loss(output, truth, self._config.loss, progress)
        weight = self._config.ctc.weight_at(progress)
        if self.ctc_head is None or weight == 0:
            return losses.total, losses.parts
        ctc = weight * ctc_loss(self.ctc_head(output.encoded.float()), output.column_mask, truth)
        return losses.total + ctc, losses.parts | {"ctc": ctc.detach()}

    def _ctc_alone(self, images: Tensor, truth: Truth, progress: float) -> Loss:
        """Only the encoder's columns: decoders and maps learn nothing from features that say nothing yet, and cost half of a step.

        Up to `ctc.even` the characters are taken as evenly spaced, which clean crops bear out well enough to leave CTC's plateau within minutes.
        """
        assert self.ctc_head is not None
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self._config.precision == "bf16"):
            encoded, column_mask = self.model.encode(images, truth.mask)
        even = progress < self._config.ctc.even
        loss = even_loss if even else ctc_loss
        value = self._config.ctc.weight * loss(self.ctc_head(encoded.float()), column_mask, truth)
        return value, {"even" if even else "ctc": value.detach()}


def even_loss(logits: Tensor, column_mask: Tensor, truth: Truth) -> Tensor:
    """Cross entropy of logits [N, w, K] as if a text's characters shared its columns evenly; only the middle of each share counts.

    A batch without any text gives 0.
    """
    columns = torch.arange(logits.shape[1], device=logits.device)[None]
    place = (columns + 0.5) * truth.lengths[:, None] / column_mask.sum(1, keepdim=True)
    character = place.long().clamp_max(truth.targets.shape[1] - 1)
    counted = ((place - place.floor() - 0.5).abs() < 0.3) & (column_mask > 0) & (truth.lengths[:, None] > 0)
    total = F.cross_entropy(logits[counted], truth.targets.gather(1, character)[counted], reduction="sum")
    return total / counted.sum().clamp_min(1)


def ctc_loss(logits: Tensor, column_mask: Tensor, truth: Truth) -> Tensor:
    """Connectionist temporal classification of logits [N, w, K] on the encoder's columns, per character; class 0 is the blank."""
    probabilities = torch.log_softmax(logits, 2).transpose(0, 1)
    columns = column_mask.sum(1).long()
    each = F.ctc_loss(probabilities, truth.targets, columns, truth.lengths, reduction="none", zero_infinity=True)
    return (each / truth.lengths.clamp_min(1)).mean()
