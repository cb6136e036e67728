"""The last module: fused features of both scales -> the characters that are read (specification, section 6)."""

from torch import Tensor, nn

from siga_ocr.model.decoder import CharacterDecoder, DecoderSizes, State
from siga_ocr.model.gate import FusionGate


class FusionHead(nn.Module):
    """Gate over the two scales, a linear layer, dropout, and the final decoder, which takes what the linear layer gives."""

    def __init__(self, features: int, sizes: DecoderSizes, dropout: float) -> None:
        super().__init__()
        self.gate = FusionGate(features)
        self.widen = nn.Linear(features, sizes.inputs)
        self.dropout = nn.Dropout(dropout)
        self.decoder = CharacterDecoder(sizes)

    def forward(self, low: Tensor, middle: Tensor, previous: Tensor | None = None) -> Tensor:
        """Fused features [N, T, D] of Low and Middle -> logits [N, T, K]."""
        logits: Tensor = self.decoder(self.dropout(self.widen(self.gate(low, middle))), previous)
        return logits

    def step(self, low: Tensor, middle: Tensor, state: State, previous: Tensor | None) -> tuple[Tensor, State]:
        """One character: fused features [N, D] -> logits [N, K] and the new state."""
        return self.decoder.step(self.dropout(self.widen(self.gate(low, middle))), state, previous)
