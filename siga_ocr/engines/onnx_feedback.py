"""Decoding that feeds predictions back, as an ONNX loop: what `_greedy` and `_lock_step` of the networks do, a turn for each character."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from siga_ocr.engines.onnx_parts import Memory, Parts

HEAD = "head.decoder"


class Loop:
    """A loop over the characters: its body grows part by part, and so does what it hands on from one turn to the next."""

    def __init__(self, outer: Parts, encoded: str) -> None:
        """A loop within `outer`, over crops with these encoded columns [N, w, D]."""
        self.parts = outer.body()
        self._outer = outer
        self._encoded = encoded
        self._carried: list[onnx.ValueInfoProto] = []
        self._first: list[str] = []
        self._next: dict[str, str] = {}

    def character(self) -> str:
        """The ids [N] of the last characters, at first the mark of the beginning."""
        graph = self._outer.graph
        start = graph.constant(np.array(self._outer.config.charset.start, dtype=np.int64))
        return self._carry(TensorProto.INT64, graph.op("Expand", start, graph.op("Shape", self._encoded, start=0, end=1)))

    def state(self, size: int) -> str:
        """One state [1, N, size] of a recurrent cell, at first zero."""
        return self._carry(TensorProto.FLOAT, self._outer.zeros(self._encoded, size))

    def hand_on(self, name: str, value: str) -> None:
        """What a carried value is in the next turn."""
        self._next[name] = value

    def closed(self, shown: str) -> str:
        """End the body; what it shows in each turn, [N, ...], comes out as [T, N, ...]."""
        graph = self.parts.graph
        entries = [helper.make_tensor_value_info("step", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, [])]
        exits = [helper.make_tensor_value_info(graph.op("Identity", "go"), TensorProto.BOOL, [])]
        exits += [helper.make_tensor_value_info(self._next[one.name], one.type.tensor_type.elem_type, None) for one in self._carried]
        exits.append(helper.make_tensor_value_info(shown, TensorProto.FLOAT, None))
        body = helper.make_graph(graph.nodes, "turn", entries + self._carried, exits)
        return self._outer.graph.ops("Loop", ["steps", "", *self._first], len(self._first) + 1, body=body)[-1]

    def _carry(self, kind: int, first: str) -> str:
        name = f"carried{len(self._carried)}"
        self._carried.append(helper.make_tensor_value_info(name, kind, None))
        self._first.append(first)
        return name


@dataclass(frozen=True)
class Cell:
    """A decoder's recurrent cell, `weights` in the file, which takes the last character beside its input if it has a table of them."""

    loop: Loop
    decoder: str
    weights: str
    hidden: str
    memory: str

    @classmethod
    def of(cls, loop: Loop, decoder: str, weights: str, size: int) -> "Cell":
        """A cell with a state of its own."""
        return cls(loop, decoder, f"{decoder}.{weights}", loop.state(size), loop.state(size))

    def turn(self, entering: str, previous: str) -> str:
        """[N, I] and the last characters [N] -> the logits [N, K] of the next ones."""
        graph = self.loop.parts.graph
        embedded = graph.op("Gather", graph.weight(f"{self.decoder}.previous.table.weight"), previous)
        joined = graph.op("Unsqueeze", graph.op("Concat", entering, embedded, axis=-1), graph.integers(0))
        _, hidden, memory = graph.lstm(joined, [self.weights], state=(self.hidden, self.memory))
        self.loop.hand_on(self.hidden, hidden)
        self.loop.hand_on(self.memory, memory)
        return graph.linear(graph.op("Squeeze", hidden, graph.integers(0)), f"{self.decoder}.classify")


def fed_back(outer: Parts, encoded: str, column_mask: str, features: tuple[str, str]) -> str:
    """Encoded columns [N, w, D] and the glyph features [T, N, D] of both scales -> the logits [T, N, K]."""
    loop = Loop(outer, encoded)
    parts, bias = loop.parts, outer.bias(column_mask)
    glyphs = [parts.graph.op("Gather", feature, "step", axis=0) for feature in features]
    last = loop.character()
    if outer.config.architecture != "compact":
        fused = [
            _fusing(loop, f"fused_decoders.{k}", (outer.keys(encoded, f"fused_decoders.{k}"), bias, encoded), glyph) for k, glyph in enumerate(glyphs)
        ]
    else:
        name = "aligned_decoder"
        cell = Cell.of(loop, name, "cell", outer.config.attention_size)
        glimpse = _glimpse(parts, name, (outer.keys(encoded, name), bias, encoded), cell)
        cell.turn(glimpse, last)
        fused = [parts.gate(glimpse, glyph, f"gates.{k}") for k, glyph in enumerate(glyphs)]
    widened = parts.graph.linear(parts.gate(fused[0], fused[1], "head.gate"), "head.widen")
    logits = Cell.of(loop, HEAD, "rnn", outer.config.fusion_size).turn(widened, last)
    loop.hand_on(last, _likeliest(parts, logits))
    return loop.closed(logits)


def _fusing(loop: Loop, name: str, memory: Memory, glyph: str) -> str:
    """A decoder that fuses its glimpse with a glyph feature [N, D] and goes by its own last character: the fused feature."""
    last, cell = loop.character(), Cell.of(loop, name, "cell", loop.parts.config.attention_size)
    feature = loop.parts.gate(_glimpse(loop.parts, name, memory, cell), glyph, f"{name}.gate")
    loop.hand_on(last, _likeliest(loop.parts, cell.turn(feature, last)))
    return feature


def _glimpse(parts: Parts, name: str, memory: Memory, cell: Cell) -> str:
    return parts.graph.op("Squeeze", parts.glimpse(name, memory, cell.hidden), parts.graph.integers(1))


def _likeliest(parts: Parts, logits: str) -> str:
    return parts.graph.op("ArgMax", logits, axis=1, keepdims=0)
