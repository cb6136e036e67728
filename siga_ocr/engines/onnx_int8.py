"""Residual blocks in integers of eight bits: what the convolutions of a stage take and give, and their weights, quantised without any crop.

How far values reach is taken from the batch normalisation that they have passed, as Nagel et al. (Data-Free Quantization Through Weight
Equalization and Bias Correction, 2019) do: its bias is their mean, its weight their deviation. So all of it follows from the weights, is computed
when the graph is opened, and a graph goes with any weights of its layout.
"""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from siga_ocr.engines.onnx_graph import Graph

REACH = 6.0
"""Values are taken to lie within so many deviations around their mean; what lies beyond is cut. 5 and 7 read as well."""

WEIGHT_LEVELS = 63
"""Weights are rounded to -63..63: processors without instructions for it add two products in 16 bits, which 7 bits of weights never overflow."""

INPUT_LEVELS = 255
OUTPUT_LEVELS = 127
OUTPUT_ZERO = 128
"""What is rectified is 0..255 steps; what a block adds lies around 0, 127 steps to both sides of 128."""

SMALLEST = 1e-6


class Int8Blocks:
    """The residual blocks of one stage, all of one number of channels, in a graph; sums and what stands between the blocks stay float32."""

    def __init__(self, graph: Graph, mask: str, norm: str, names: Sequence[str]) -> None:
        """The blocks `names` on values [N, C, h, w] whose normalisation is `norm`, rectified; `mask` [N, 1, 1, w] is their columns'."""
        self._graph = graph
        self._names = names
        self._mask = graph.op("Cast", mask, to=TensorProto.BOOL)
        self._zero = graph.constant(np.array(0, dtype=np.uint8))
        self._middle = graph.constant(np.array(OUTPUT_ZERO, dtype=np.uint8))
        enter, leave = [f"{name}.enter.norm" for name in names], [f"{name}.norm" for name in names]
        self._between = self._steps(self._stacked(enter, "bias"), graph.op("Abs", self._stacked(enter, "weight")), INPUT_LEVELS)
        around, deviation = (graph.op("Abs", self._stacked(leave, part)) for part in ("bias", "weight"))
        self._leaving = self._steps(around, deviation, OUTPUT_LEVELS)
        sums = [norm, *leave[:-1]]  # what a block takes is the sum of all before it, means and variances add up
        mean = graph.op("CumSum", self._stacked(sums, "bias"), graph.constant(np.array(0)))
        weights = self._stacked(sums, "weight")
        variance = graph.op("CumSum", graph.op("Mul", weights, weights), graph.constant(np.array(0)))
        self._entering = self._steps(mean, graph.op("Sqrt", variance), INPUT_LEVELS)

    def stage(self, values: str) -> str:
        """Values [N, C, h, w] >= 0 -> what all blocks make of them."""
        for index in range(len(self._names)):
            values = self._block(values, index)
        return values

    def _block(self, values: str, index: int) -> str:
        graph, name, number = self._graph, self._names[index], self._graph.constant(np.array(index))
        entering, between, leaving = (graph.op("Gather", steps, number) for steps in (self._entering, self._between, self._leaving))
        levels = graph.op("QuantizeLinear", values, entering, self._zero)
        levels = self._convolved(levels, (entering, between), f"{name}.enter", self._zero, 0)  # which rectifies: no level lies below 0
        levels = graph.op("Where", self._mask, levels, self._zero)
        levels = self._convolved(levels, (between, leaving), name, self._middle, 1)
        return graph.op("Relu", graph.add(graph.op("DequantizeLinear", levels, leaving, self._middle), values))

    def _convolved(self, levels: str, steps: tuple[str, str], name: str, zero: str, padding: int) -> str:
        """Levels uint8 in steps of the first size -> those of the second size, around `zero`, of a convolution and its normalisation."""
        graph = self._graph
        entering, leaving = steps
        kernel, shift = graph.folded(f"{name}.conv", f"{name}.norm")  # [O, I, h, w], [O]
        widest = graph.op("ReduceMax", graph.op("Abs", kernel), graph.integers(1, 2, 3), keepdims=0)
        sizes = self._levelled(widest, WEIGHT_LEVELS)
        zeros = graph.constant(np.zeros(graph.size(f"{name}.conv.weight"), dtype=np.int8))
        weights = graph.op("QuantizeLinear", kernel, sizes, zeros, axis=0)
        bias = graph.op("Cast", graph.op("Round", graph.op("Div", shift, graph.op("Mul", entering, sizes))), to=TensorProto.INT32)
        return graph.op("QLinearConv", levels, entering, self._zero, weights, sizes, zeros, leaving, zero, bias, pads=[padding] * 4)

    def _steps(self, means: str, deviations: str, levels: int) -> str:
        """How large a step is if so many levels shall reach what lies within `REACH` deviations of the means: [blocks, C] -> [blocks]."""
        graph = self._graph
        reach = graph.add(means, graph.op("Mul", deviations, graph.number(REACH)))
        return self._levelled(graph.op("ReduceMax", reach, graph.integers(1), keepdims=0), levels)

    def _levelled(self, reach: str, levels: int) -> str:
        graph = self._graph
        return graph.op("Max", graph.op("Div", reach, graph.number(levels)), graph.number(SMALLEST))

    def _stacked(self, norms: Sequence[str], part: str) -> str:
        """The `part` of so many normalisations: [norms, C]."""
        graph = self._graph
        joined = graph.op("Concat", *(graph.weight(f"{norm}.{part}") for norm in norms), axis=0)
        return graph.op("Reshape", joined, graph.integers(len(norms), -1))
