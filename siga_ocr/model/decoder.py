"""Decoders: the implicit attention decoder, and the plain recurrent one for features that are already one per character."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from siga_ocr.model.gate import FusionGate

State = tuple[Tensor, Tensor]
"""Hidden and cell state, each [N, H]."""


@dataclass(frozen=True)
class Memory:
    """What attention looks at: `encoded` [N, w, D], its projection `keys` [N, w, H], and `bias` [N, w], 0 or minus infinity on padding."""

    encoded: Tensor
    keys: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Decoded:
    """`attention` [N, T, w] (rows sum to 1), `features` [N, T, D] (glimpses, gated with glyph features if there are any), `logits` [N, T, K]."""

    attention: Tensor
    features: Tensor
    logits: Tensor


class PreviousCharacter(nn.Module):
    """Joins the embedding of the previous character to a decoder's input; without feedback it passes the input on."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.table = nn.Embedding(classes + 1, size) if size else None

    def forward(self, features: Tensor, previous: Tensor | None) -> Tensor:
        """[..., D] and ids [...] -> [..., D + size]."""
        if self.table is None or previous is None:
            return features
        return torch.cat([features, self.table(previous).to(features.dtype)], dim=-1)


@dataclass(frozen=True, kw_only=True)
class DecoderSizes:
    """`embedding` is 0 for a decoder without feedback; `start_is_class` gives the start mark a logit, after those of all `classes`."""

    inputs: int
    hidden: int
    classes: int
    embedding: int
    start_is_class: bool = False

    @property
    def logits(self) -> int:
        """How many logits a step has."""
        return self.classes + self.start_is_class


class AttentionDecoder(nn.Module):
    """Additive attention and an LSTM cell (specification, section 1.4); with a gate it fuses each glimpse with a glyph feature (section 6)."""

    def __init__(self, sizes: DecoderSizes, *, gated: bool) -> None:
        super().__init__()
        self.key = nn.Linear(sizes.inputs, sizes.hidden, bias=False)
        self.query = nn.Linear(sizes.hidden, sizes.hidden)
        self.score = nn.Linear(sizes.hidden, 1, bias=False)
        self.gate = FusionGate(sizes.inputs) if gated else None
        self.previous = PreviousCharacter(sizes.classes, sizes.embedding)
        self.cell = nn.LSTMCell(sizes.inputs + sizes.embedding, sizes.hidden)
        self.classify = nn.Linear(sizes.hidden, sizes.logits)

    def remember(self, encoded: Tensor, column_mask: Tensor) -> Memory:
        """The parts of the attention that are the same at every step."""
        bias = torch.zeros_like(column_mask).masked_fill(column_mask == 0, float("-inf"))
        return Memory(encoded, self.key(encoded), bias)

    def begin(self, encoded: Tensor) -> State:
        """The zero state for a batch."""
        zero = encoded.new_zeros(encoded.shape[0], self.cell.hidden_size)
        return zero, zero

    def step(self, memory: Memory, state: State, previous: Tensor | None, glyph: Tensor | None) -> tuple[Tensor, Tensor, State]:
        """One character: -> attention [N, w], its glimpse or fused feature [N, D], the new state."""
        energy = self.score(torch.tanh(memory.keys + self.query(state[0])[:, None]))[..., 0]
        attention = torch.softmax(energy.float() + memory.bias, dim=1)
        feature = torch.bmm(attention[:, None].to(memory.encoded.dtype), memory.encoded)[:, 0]
        if self.gate is not None and glyph is not None:
            feature = self.gate(feature, glyph)
        return attention, feature, self.cell(self.previous(feature, previous), state)

    def forward(self, encoded: Tensor, column_mask: Tensor, steps: int, previous: Tensor | None = None, glyphs: Tensor | None = None) -> Decoded:
        """All steps, teacher forced by `previous` [N, T] if it is given; `glyphs` [N, T, D] go into the gate."""
        memory, state = self.remember(encoded, column_mask), self.begin(encoded)
        attention, features, hidden = [], [], []
        for t in range(steps):
            given = None if previous is None else previous[:, t]
            weights, feature, state = self.step(memory, state, given, None if glyphs is None else glyphs[:, t])
            attention.append(weights)
            features.append(feature)
            hidden.append(state[0])
        logits = self.classify(torch.stack(hidden, 1))
        return Decoded(torch.stack(attention, 1), torch.stack(features, 1), logits)


class CharacterDecoder(nn.Module):
    """An LSTM over one feature a character and a classifier (specification, section 6)."""

    def __init__(self, sizes: DecoderSizes) -> None:
        super().__init__()
        self.previous = PreviousCharacter(sizes.classes, sizes.embedding)
        self.rnn = nn.LSTM(sizes.inputs + sizes.embedding, sizes.hidden, batch_first=True)
        self.classify = nn.Linear(sizes.hidden, sizes.logits)

    def forward(self, features: Tensor, previous: Tensor | None = None) -> Tensor:
        """[N, T, D] and, where predictions are fed back, the previous ids [N, T] -> logits [N, T, K]."""
        hidden, _ = self.rnn(self.previous(features, previous))
        logits: Tensor = self.classify(hidden)
        return logits

    def begin(self, features: Tensor) -> State:
        """The zero state [1, N, H] for a batch of features [N, ...]."""
        zero = features.new_zeros(1, features.shape[0], self.rnn.hidden_size)
        return zero, zero

    def step(self, feature: Tensor, state: State, previous: Tensor | None) -> tuple[Tensor, State]:
        """One character: [N, D] -> logits [N, K] and the new state."""
        hidden, state = self.rnn(self.previous(feature, previous)[:, None], state)
        return self.classify(hidden[:, 0]), state


def shifted(targets: Tensor, start: int) -> Tensor:
    """Teacher forcing: the id before each target, [N, T] -> [N, T], beginning with `start`."""
    first = torch.full_like(targets[:, :1], start)
    return torch.cat([first, targets[:, :-1]], dim=1)
