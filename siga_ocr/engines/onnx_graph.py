"""Building ONNX graphs whose weights stay in a safetensors file: nodes, constants, and the layers of a network from them."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from siga_ocr.errors import UsageError
from siga_ocr.parsing import shown
from siga_ocr.store.folder import WEIGHTS_NAME, StoredTensor

KINDS = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT, "I64": TensorProto.INT64}
NORM_EPSILON = 1e-5  # of batch normalisation, PyTorch's default
NORM_PARTS = ("running_var", "weight", "bias", "running_mean")


class Graph:
    """A graph that grows node by node; values are named by strings.

    What depends on weights alone (casts, folded normalisation, gates in another order) is written as nodes too: ONNX Runtime computes it once
    when it opens the graph, so that the graph holds no weights of its own.
    """

    def __init__(self, tensors: Mapping[str, StoredTensor], outer: "Graph | None" = None) -> None:
        """A graph on the tensors of a weights' file; the body of a loop leaves all that depends on weights alone to the `outer` graph."""
        self._tensors = tensors
        self._outermost: Graph = outer._outermost if outer else self
        self._numbers: count[int] = outer._numbers if outer else count()
        self._known: dict[str, str] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []

    def body(self) -> "Graph":
        """An empty graph for the body of a loop in this one."""
        return Graph(self._tensors, self)

    def ops(self, kind: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Add a node and name its outputs."""
        names = [f"v{next(self._numbers)}" for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and name it."""
        return self.ops(kind, inputs, 1, **attributes)[0]

    def constant(self, values: npt.NDArray[np.generic]) -> str:
        """A small array that stands in the graph itself."""
        if self._outermost is not self:
            return self._outermost.constant(values)
        key = f"{values.dtype}{values.shape}{values.tolist()}"
        if key not in self._known:
            self._known[key] = f"c{next(self._numbers)}"
            self.stored.append(numpy_helper.from_array(values, self._known[key]))
        return self._known[key]

    def integers(self, *values: int) -> str:
        """A list of int64."""
        return self.constant(np.array(values, dtype=np.int64))

    def integer(self, value: int) -> str:
        """An int64 scalar."""
        return self.constant(np.array(value, dtype=np.int64))

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(np.array(value, dtype=np.float32))

    def has(self, name: str) -> bool:
        """Whether the weights' file holds a tensor of this name."""
        return name in self._tensors

    def weight(self, name: str) -> str:
        """A tensor of the weights' file, as float32."""
        return self.weights([name])

    def weights(self, names: Sequence[str]) -> str:
        """Tensors of the weights' file, all of one type, as float32, joined along their first dimension."""
        if self._outermost is not self:
            return self._outermost.weights(names)
        key, kind = " ".join(names), self._tensors[names[0]].kind
        if key not in self._known:
            for name in names:
                self._store(name)
            joined = names[0] if len(names) == 1 else self.op("Concat", *names, axis=0)
            self._known[key] = joined if kind == "F32" else self.op("Cast", joined, to=TensorProto.FLOAT)
        return self._known[key]

    def _store(self, name: str) -> None:
        """Let the graph take a tensor from the weights' file, once."""
        if any(stored.name == name for stored in self.stored):
            return
        tensor = self._tensors[name]
        if tensor.kind not in KINDS:
            raise UsageError(f"{name} is stored as {shown(tensor.kind)}: a graph takes {', '.join(KINDS)}. Save the model's weights in one of these.")
        stored = TensorProto(name=name, data_type=KINDS[tensor.kind], dims=tensor.shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", WEIGHTS_NAME), ("offset", str(tensor.begin)), ("length", str(tensor.end - tensor.begin))):
            stored.external_data.add(key=key, value=value)
        self.stored.append(stored)

    def add(self, *values: str) -> str:
        """The sum of two or more values."""
        total = values[0]
        for value in values[1:]:
            total = self.op("Add", total, value)
        return total

    def columns(self, values: str, axis: int, begin: str, end: str) -> str:
        """The part `begin`..`end` along an axis; both are lists of one int64."""
        return self.op("Slice", values, begin, end, self.integers(axis))

    def linear(self, values: str, name: str) -> str:
        """[..., I] -> [..., O] with the weights `name`."""
        product = self.op("MatMul", values, self._outermost.op("Transpose", self.weight(f"{name}.weight"), perm=[1, 0]))
        return self.add(product, self.weight(f"{name}.bias")) if self.has(f"{name}.bias") else product

    def convolution(self, values: str, name: str, norm: str, kind: str = "Conv", **attributes: Any) -> str:
        """A convolution with the batch normalisation that follows it folded into its weights."""
        kernel, shift = self.folded([name], [norm], self.integers(-1, 1, 1, 1) if kind == "Conv" else self.integers(1, -1, 1, 1))
        return self.op(kind, values, kernel, shift, **attributes)

    def folded(self, names: Sequence[str], norms: Sequence[str], along: str = "") -> tuple[str, str]:
        """The kernels and the biases of convolutions and the batch normalisations after them, one below the other: [O, ...], [O].

        `along` is the shape of what each output is scaled by. Either all of several have a bias of their own or none.
        """
        variance, weight, bias, mean = (self.weights([f"{norm}.{part}" for norm in norms]) for part in NORM_PARTS)
        scale = self.op("Div", weight, self.op("Sqrt", self.op("Add", variance, self.number(NORM_EPSILON))))
        shift = self.op("Sub", bias, self.op("Mul", mean, scale))
        if self.has(f"{names[0]}.bias"):
            shift = self.add(shift, self.op("Mul", self.weights([f"{name}.bias" for name in names]), scale))
        kernels = self.weights([f"{name}.weight" for name in names])
        return self.op("Mul", kernels, self.op("Reshape", scale, along or self.integers(-1, 1, 1, 1))), shift

    def size(self, name: str) -> int:
        """The first dimension of a tensor of the weights' file."""
        return self._tensors[name].shape[0]

    def lstm(self, values: str, names: Sequence[str], lengths: str = "", state: tuple[str, str] = ("", "")) -> list[str]:
        """[L, N, I] -> outputs [L, D, N, H], last hidden and cell state [D, N, H]; D is 2 where a second name gives the backward direction.

        With `lengths` int32 [N] both directions keep to each row's own part.
        """
        entering, recurrent, bias, more = (self._gates([f"{name}.{part}" for name in names]) for part in self._parts(names[0]))
        hidden = self._tensors[f"{names[0]}.{self._parts(names[0])[1]}"].shape[1]
        inputs = [values, entering, recurrent, self._outermost.op("Concat", bias, more, axis=1), lengths, *state]
        return self.ops("LSTM", inputs, 3, hidden_size=hidden, direction="bidirectional" if len(names) == 2 else "forward")

    def _parts(self, name: str) -> tuple[str, str, str, str]:
        """The names of an LSTM's or an LSTM cell's four tensors."""
        end = "_l0" if self.has(f"{name}.weight_ih_l0") else ""
        return f"weight_ih{end}", f"weight_hh{end}", f"bias_ih{end}", f"bias_hh{end}"

    def _gates(self, names: Sequence[str]) -> str:
        """Tensors [4 H, ...] of each direction as one [D, 4 H, ...], gates in ONNX's order (i, o, f, c) instead of PyTorch's (i, f, c, o)."""
        if self._outermost is not self:
            return self._outermost._gates(names)
        directions = []
        for name in names:
            enter, forget, cell, out = self.ops("Split", [self.weight(name)], 4, axis=0, num_outputs=4)
            directions.append(self.op("Unsqueeze", self.op("Concat", enter, out, forget, cell, axis=0), self.integers(0)))
        return self.op("Concat", *directions, axis=0) if len(directions) > 1 else directions[0]
