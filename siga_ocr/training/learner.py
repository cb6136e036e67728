"""What computes the gradients of a batch, piece by piece, and averages them over the processes that share the step."""

from torch import Tensor, nn

from siga_ocr.model import SigaModel
from siga_ocr.recipe import TrainConfig
from siga_ocr.training.passes import Loss, Piece, TrainingPass
from siga_ocr.training.sharing import average_gradients


class Learner:
    """One process, alone or with partners; gradients stay its own until `average`."""

    def __init__(self, model: SigaModel, ctc_head: nn.Linear, config: TrainConfig) -> None:
        self._pass = TrainingPass(model, ctc_head, config)

    def learn(self, piece: Piece, progress: float) -> Loss:
        """Add the gradients of a piece, weighted by its share, at `progress` (0..1 of the schedule): its loss and parts, without gradients."""
        loss, parts = self._pass(piece, progress)
        (piece.share * loss).backward()
        return loss.detach(), parts

    def average(self, loss: Tensor) -> Tensor:
        """Make the gradients those of all processes together, where there are several: the mean of their losses.

        Raises:
            ProcessLost: one of them is not there any more.
        """
        return average_gradients(list(self._pass.parameters()), loss)
