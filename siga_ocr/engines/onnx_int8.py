"""Residual blocks in integers of eight bits: what the convolutions of a stage take and give, and their weights, quantised without any crop.

How far values reach is taken from the batch normalisation that they have passed, as Nagel et al. (Data-Free Quantization Through Weight
Equalization and Bias Correction, 2019) do: its bias is their mean, its weight their deviation. So all of it follows from the weights, is computed
when the graph is opened, and a graph goes with any weights of its layout.
"""

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

    def __init__(self, graph: Graph, mask: str, norm: str) -> None:
        """Blocks on values [N, C, h, w] whose normalisation is `norm`, rectified; `mask` [N, 1, 1, w] is their columns'."""
        self._graph = graph
        self._mask = graph.op("Cast", mask, to=TensorProto.BOOL)
        self._zero = graph.constant(np.array(0, dtype=np.uint8))
        self._middle = graph.constant(np.array(OUTPUT_ZERO, dtype=np.uint8))
        self._mean = graph.weight(f"{norm}.bias")
        self._variance = self._square(graph.weight(f"{norm}.weight"))

    def block(self, values: str, name: str) -> str:
        """Values [N, C, h, w] >= 0 -> what the block `name` makes of them."""
        graph = self._graph
        entering = self._step(self._mean, graph.op("Sqrt", self._variance), INPUT_LEVELS)
        mean, deviation = graph.weight(f"{name}.enter.norm.bias"), graph.op("Abs", graph.weight(f"{name}.enter.norm.weight"))
        between = self._step(mean, deviation, INPUT_LEVELS)
        mean, deviation = graph.weight(f"{name}.norm.bias"), graph.op("Abs", graph.weight(f"{name}.norm.weight"))
        leaving = self._step(graph.op("Abs", mean), deviation, OUTPUT_LEVELS)

        levels = graph.op("QuantizeLinear", values, entering, self._zero)
        levels = self._convolved(levels, (entering, between), f"{name}.enter", self._zero, 0)  # which rectifies: no level lies below 0
        levels = graph.op("Where", self._mask, levels, self._zero)
        levels = self._convolved(levels, (between, leaving), name, self._middle, 1)
        self._mean = graph.add(self._mean, mean)
        self._variance = graph.add(self._variance, self._square(deviation))
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

    def _step(self, mean: str, deviation: str, levels: int) -> str:
        """How large a step is if so many levels shall reach what lies within `REACH` deviations [C] of its mean [C]: a scalar."""
        graph = self._graph
        reach = graph.add(mean, graph.op("Mul", deviation, graph.number(REACH)))
        return self._levelled(graph.op("ReduceMax", reach, keepdims=0), levels)

    def _levelled(self, reach: str, levels: int) -> str:
        graph = self._graph
        return graph.op("Max", graph.op("Div", reach, graph.number(levels)), graph.number(SMALLEST))

    def _square(self, values: str) -> str:
        return self._graph.op("Mul", values, values)
