"""Residual blocks in integers of eight bits: what the convolutions of a stage take and give, and their weights, quantised without any crop.

How far values reach is taken from the batch normalisation that they have passed, as Nagel et al. (Data-Free Quantization Through Weight
Equalization and Bias Correction, 2019) do: its bias is their mean, its weight their deviation. So all of it follows from the weights, is computed
when the graph is opened, and a graph goes with any weights of its layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from siga_ocr.engines.onnx_graph import Graph

REACH = 6.0
"""Values are taken to lie within so many deviations around their mean; what lies beyond is cut. 5 and 7 stay as near to float32, 4 and 10 do not."""

WEIGHT_LEVELS = 63
"""Weights are rounded to -63..63: processors without instructions for it add two products in 16 bits, which 7 bits of weights never overflow."""

INPUT_LEVELS = 255
OUTPUT_LEVELS = 127
OUTPUT_ZERO = 128
"""What is rectified is 0..255 steps; what a block adds lies around 0, 127 steps to both sides of 128."""

SMALLEST = 1e-6


@dataclass(frozen=True)
class _Convolutions:
    """The convolutions at one place of all blocks of a stage, one entry a block: weights int8, the size of their steps and the bias in steps,
    int32, all [O, ...] or [O]; what they give in steps of so much (a scalar)."""

    weights: Sequence[str]
    sizes: Sequence[str]
    biases: Sequence[str]
    leaving: Sequence[str]


class Int8Stage:
    """The residual blocks of one stage, all of one number of channels, in a graph; sums and what stands between the blocks stay float32.

    What is computed from weights is computed for all blocks at once: a graph opens the faster the fewer nodes it has.
    """

    def __init__(self, graph: Graph, mask: str, norm: str, names: Sequence[str]) -> None:
        """The blocks `names` on values [N, C, h, w] whose normalisation is `norm`, rectified; `mask` [N, 1, 1, w] is their columns'."""
        self._graph = graph
        self._count, self._channels = len(names), graph.size(f"{norm}.bias")
        self._mask = graph.op("Cast", mask, to=TensorProto.BOOL)
        self._zero, self._middle = (graph.constant(np.array(level, dtype=np.uint8)) for level in (0, OUTPUT_ZERO))
        self._zeros = graph.constant(np.zeros(self._channels, dtype=np.int8))

        enters, leaves = [f"{name}.enter" for name in names], list(names)
        means, deviations = self._spread([f"{name}.norm" for name in enters])
        between = self._steps(means, deviations, INPUT_LEVELS)
        means, deviations = self._spread([f"{name}.norm" for name in leaves])
        leaving = self._steps(graph.op("Abs", means), deviations, OUTPUT_LEVELS)
        means, deviations = self._spread([norm, *(f"{name}.norm" for name in leaves[:-1])])
        variances = graph.op("CumSum", graph.op("Mul", deviations, deviations), graph.integer(0))
        means = graph.op("CumSum", means, graph.integer(0))  # what a block takes is the sum of all before it
        entering = self._steps(means, graph.op("Sqrt", variances), INPUT_LEVELS)

        self._entering = self._each(entering)
        self._enters = self._convolutions(enters, entering, between)
        self._leaves = self._convolutions(leaves, between, leaving)

    def stage(self, values: str) -> str:
        """Values [N, C, h, w] >= 0 -> what all blocks make of them."""
        graph = self._graph
        for index, entering in enumerate(self._entering):
            levels = graph.op("QuantizeLinear", values, entering, self._zero)
            levels = self._convolved(levels, entering, self._enters, index, self._zero, 0)  # which rectifies: no level lies below 0
            levels = graph.op("Where", self._mask, levels, self._zero)
            levels = self._convolved(levels, self._enters.leaving[index], self._leaves, index, self._middle, 1)
            added = graph.op("DequantizeLinear", levels, self._leaves.leaving[index], self._middle)
            values = graph.op("Relu", graph.add(added, values))
        return values

    def _convolved(self, levels: str, entering: str, some: _Convolutions, index: int, zero: str, padding: int) -> str:
        """Levels uint8 in steps `entering` -> levels around `zero` of the convolution of block `index` and its normalisation."""
        weights, leaving = (some.weights[index], some.sizes[index], self._zeros), (some.leaving[index], zero)
        return self._graph.op("QLinearConv", levels, entering, self._zero, *weights, *leaving, some.biases[index], pads=[padding] * 4)

    def _convolutions(self, names: Sequence[str], entering: str, leaving: str) -> _Convolutions:
        """Normalisations folded into kernels, and both quantised, for steps [blocks] that come in and go out."""
        graph = self._graph
        kernels, shifts = graph.folded([f"{name}.conv" for name in names], [f"{name}.norm" for name in names])  # [blocks O, I, h, w], [blocks O]
        widest = graph.op("ReduceMax", graph.op("Abs", kernels), graph.integers(1, 2, 3), keepdims=0)
        sizes = self._levelled(widest, WEIGHT_LEVELS)
        zeros = graph.constant(np.zeros(self._count * self._channels, dtype=np.int8))
        weights = graph.op("QuantizeLinear", kernels, sizes, zeros, axis=0)
        products = graph.op("Mul", graph.op("Unsqueeze", entering, graph.integers(1)), graph.op("Reshape", sizes, graph.integers(self._count, -1)))
        levels = graph.op("Round", graph.op("Div", shifts, graph.op("Reshape", products, graph.integers(-1))))
        biases = graph.op("Cast", levels, to=TensorProto.INT32)
        return _Convolutions(self._parted(weights), self._parted(sizes), self._parted(biases), self._each(leaving))

    def _spread(self, norms: Sequence[str]) -> tuple[str, str]:
        """Means and deviations of what so many normalisations give: [norms, C] each."""
        graph, shape = self._graph, self._graph.integers(len(norms), -1)
        means, weights = (graph.op("Reshape", graph.weights([f"{norm}.{part}" for norm in norms]), shape) for part in ("bias", "weight"))
        return means, graph.op("Abs", weights)

    def _steps(self, means: str, deviations: str, levels: int) -> str:
        """How large a step is if so many levels shall reach what lies within `REACH` deviations of the means: [blocks, C] -> [blocks]."""
        graph = self._graph
        reach = graph.add(means, graph.op("Mul", deviations, graph.number(REACH)))
        return self._levelled(graph.op("ReduceMax", reach, graph.integers(1), keepdims=0), levels)

    def _levelled(self, reach: str, levels: int) -> str:
        graph = self._graph
        return graph.op("Max", graph.op("Div", reach, graph.number(levels)), graph.number(SMALLEST))

    def _each(self, steps: str) -> list[str]:
        """[blocks] -> scalars."""
        return [self._graph.op("Gather", steps, self._graph.integer(index)) for index in range(self._count)]

    def _parted(self, values: str) -> list[str]:
        """[blocks O, ...] -> [O, ...] of each block."""
        return self._graph.ops("Split", [values], self._count, axis=0, num_outputs=self._count)
