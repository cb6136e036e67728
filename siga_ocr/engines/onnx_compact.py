"""The compact network as an ONNX graph: `model/compact.py` box by box, the reading path and the text foreground."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from siga_ocr.config import ModelConfig
from siga_ocr.engines.onnx_graph import Graph
from siga_ocr.errors import UsageError
from siga_ocr.store.folder import StoredTensor

OPSET = 18
IR_VERSION = 9


@dataclass(frozen=True)
class Masks:
    """The column masks [N, 1, 1, w] at full, half and quarter width."""

    full: str
    half: str
    quarter: str

    @classmethod
    def of(cls, graph: Graph) -> "Masks":
        """From the input `mask`."""
        full = graph.op("Unsqueeze", "mask", graph.integers(1, 2))
        begin, end, axis = graph.integers(0), graph.integers(2**31), graph.integers(3)
        return cls(full, *(graph.op("Slice", full, begin, end, axis, graph.integers(step)) for step in (2, 4)))


def compact_graph(config: ModelConfig, tensors: dict[str, StoredTensor]) -> onnx.ModelProto:
    """`images` float32 [N, C, H, W], `mask` float32 [N, W], `steps` int64, `explain` bool -> `log_probabilities` [N, T, K], `glyph_attention`
    [N, T, h, w], and `foreground` [N, H, W], which is empty unless `explain` asks for it.

    Raises:
        UsageError: the network is another one, or feeds its predictions back.
    """
    if config.architecture != "compact" or config.feedback:
        raise UsageError("Only compact networks without feedback can be exported: read with this one in PyTorch.")
    whole = Graph(tensors)
    network = _Network(config, whole, Masks.of(whole))
    outputs = network.build()
    graph = helper.make_graph(
        network.graph.nodes,
        "siga-ocr",
        [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", config.input.channels, config.input.height, "W"]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N", "W"]),
            helper.make_tensor_value_info("steps", TensorProto.INT64, []),
            helper.make_tensor_value_info("explain", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        network.graph.stored,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="siga-ocr")


class _Network:
    """One graph and what its parts share."""

    def __init__(self, config: ModelConfig, graph: Graph, masks: Masks) -> None:
        self.graph = graph
        self._config = config
        self._masks = masks

    def build(self) -> list[tuple[str, list[str | int]]]:
        """Add every box; the outputs' names and shapes."""
        graph, masks = self.graph, self._masks
        fine, low, middle, columns = self._backbone()
        column_mask = graph.op("Squeeze", masks.quarter, graph.integers(1, 2))  # [N, w]
        encoded = self._encoder(columns, column_mask)  # [N, w, D]
        trunk_low, trunk_middle = self._trunk(low, middle, encoded)
        features = []
        for scale, trunk, tap, mask in (("low", trunk_low, low, masks.half), ("middle", trunk_middle, middle, masks.quarter)):
            attention, feature = self._glyphs(f"glyph.{scale}", trunk, tap, mask)
            features.append(feature)
            if scale == "low":
                rows = graph.integers(0, 0, self._config.input.height // 2, -1)
                graph.nodes.append(helper.make_node("Reshape", [attention, rows], ["glyph_attention"]))
        glimpses = self._glimpses(encoded, column_mask)  # [T, N, D]
        self._read(*(self._gate(glimpses, feature, f"gates.{k}") for k, feature in enumerate(features)))
        self._foreground(trunk_low, fine)
        height = self._config.input.height
        return [
            ("log_probabilities", ["N", "T", self._config.charset.class_count]),
            ("glyph_attention", ["N", "T", height // 2, "w"]),
            ("foreground", ["n", "h", "W or 0"]),
        ]

    def _backbone(self) -> tuple[str, str, str, str]:
        """-> the taps P0, P1, P2 and the columns [w, N, D]."""
        masks, blocks = self._masks, self._config.blocks
        fine = self._kept(self._unit("images", "backbone.stem", 3), masks.full)
        low = self._stage(self._unit(fine, "backbone.down1", 3, (2, 2)), "backbone.stage1", masks.half, blocks[0])
        low = self._kept(low, masks.half)
        middle = self._stage(self._unit(low, "backbone.down2", 3, (2, 2)), "backbone.stage2", masks.quarter, blocks[1])
        middle = self._kept(middle, masks.quarter)
        deep = self._stage(self._unit(middle, "backbone.down3", 3, (2, 1)), "backbone.stage3", masks.quarter, blocks[2])
        columns = self._unit(deep, "backbone.collapse", 0)
        return fine, low, middle, self.graph.op("Transpose", self.graph.op("Squeeze", columns, self.graph.integers(2)), perm=[2, 0, 1])

    def _unit(self, values: str, name: str, kernel: int, strides: tuple[int, int] = (1, 1)) -> str:
        """Convolution, normalisation, ReLU; a `kernel` of 0 covers all rows of one column without padding."""
        out = self.graph.convolution(values, f"{name}.conv", f"{name}.norm", pads=[kernel // 2] * 4, strides=strides)
        return self.graph.op("Relu", out)

    def _up(self, values: str, name: str) -> str:
        return self.graph.op("Relu", self.graph.convolution(values, f"{name}.conv", f"{name}.norm", "ConvTranspose", pads=[1] * 4, strides=[2, 2]))

    def _kept(self, values: str, mask: str) -> str:
        """Zero on the padding. The network does this after every convolution; it matters only before one that mixes columns, and each time costs."""
        return self.graph.op("Mul", values, mask)

    def _stage(self, values: str, name: str, mask: str, count: int) -> str:
        """Residual blocks that keep channels and size; anything may stand on the padding of what comes in and goes out."""
        for index in range(count):
            block = f"{name}.{index}"
            entered = self._kept(self._unit(values, f"{block}.enter", 1), mask)
            out = self.graph.convolution(entered, f"{block}.conv", f"{block}.norm", pads=[1] * 4)
            values = self.graph.op("Relu", self.graph.add(out, values))
        return values

    def _encoder(self, columns: str, column_mask: str) -> str:
        """Columns [w, N, D] -> [N, w, D], zero on padding."""
        graph = self.graph
        lengths = graph.op("Cast", graph.op("ReduceSum", column_mask, graph.integers(1), keepdims=0), to=TensorProto.INT32)
        for layer in range(self._config.encoder_layers):
            columns = self._recurrent(columns, f"encoder.units.{layer}", lengths)
        return graph.op("Mul", graph.op("Transpose", columns, perm=[1, 0, 2]), graph.op("Unsqueeze", column_mask, graph.integers(2)))

    def _recurrent(self, sequence: str, name: str, lengths: str = "") -> str:
        """[L, N, I] -> [L, N, O]."""
        graph = self.graph
        names = [f"{name}.{part}" for part in ("forward_rnn", "backward_rnn") if graph.has(f"{name}.{part}.weight_ih_l0")]
        outputs = graph.op("Transpose", graph.lstm(sequence, names, lengths)[0], perm=[0, 2, 1, 3])
        return graph.linear(graph.op("Reshape", outputs, graph.integers(0, 0, -1)), f"{name}.linear")

    def _trunk(self, low: str, middle: str, encoded: str) -> tuple[str, str]:
        """-> O1 and O2."""
        graph, masks = self.graph, self._masks
        entered = self._unit(middle, "trunk.enter", 1)
        if graph.has("trunk.context.weight"):
            context = graph.op("Transpose", graph.linear(encoded, "trunk.context"), perm=[0, 2, 1])
            entered = graph.add(entered, graph.op("Unsqueeze", context, graph.integers(2)))
        coarse = self._kept(self._unit(self._kept(entered, masks.quarter), "trunk.coarse", 3), masks.quarter)
        joined = graph.op("Concat", self._up(coarse, "trunk.up_middle"), low, axis=1)
        return self._unit(self._unit(joined, "trunk.join_middle", 1), "trunk.refine_middle", 1), coarse

    def _glyphs(self, name: str, trunk: str, tap: str, mask: str) -> tuple[str, str]:
        """-> attention [N, T, h w] and features [T, N, D] of one scale."""
        graph = self.graph
        maps = graph.op("Conv", trunk, graph.weight(f"{name}.locate.weight"), graph.weight(f"{name}.locate.bias"))
        wanted = graph.columns(maps, 1, graph.integers(1), graph.add(graph.op("Reshape", "steps", graph.integers(1)), graph.integers(1)))
        shown = graph.op("Where", graph.op("Cast", mask, to=TensorProto.BOOL), wanted, graph.number(-np.inf))
        attention = graph.op("Softmax", graph.op("Reshape", shown, graph.integers(0, 0, -1)), axis=2)
        kernel = self._config.glyph_kernels[0 if name.endswith("low") else 1]
        described = graph.op("Reshape", self._unit(tap, f"{name}.describe", kernel), graph.integers(0, 0, -1))
        pooled = graph.op("MatMul", attention, graph.op("Transpose", described, perm=[0, 2, 1]))  # [N, T, C]
        return attention, self._recurrent(graph.op("Transpose", pooled, perm=[1, 0, 2]), f"{name}.order")

    def _glimpses(self, encoded: str, column_mask: str) -> str:
        """What the attention decoder looks at, step by step: [T, N, D]."""
        graph, name = self.graph, "aligned_decoder"
        keys = graph.linear(encoded, f"{name}.key")
        bias = graph.op("Where", graph.op("Cast", column_mask, to=TensorProto.BOOL), graph.number(0), graph.number(-np.inf))
        rows = graph.op("Shape", encoded, start=0, end=1)
        size = graph.op("Concat", graph.integers(1), rows, graph.integers(self._config.attention_size), axis=0)
        zero = graph.op("Expand", graph.number(0), size)
        body = _step(graph.body(), name, (keys, bias, encoded))
        return graph.ops("Loop", ["steps", "", zero, zero], 3, body=body)[2]

    def _gate(self, first: str, second: str, name: str) -> str:
        graph = self.graph
        share = graph.op("Sigmoid", graph.linear(graph.op("Concat", first, second, axis=-1), f"{name}.weigh"))
        other = graph.op("Tanh", second)
        return graph.add(other, graph.op("Mul", share, graph.op("Sub", graph.op("Tanh", first), other)))

    def _read(self, low: str, middle: str) -> None:
        """Fused features [T, N, D] of both scales -> the log-probabilities."""
        graph = self.graph
        outputs = graph.lstm(graph.linear(self._gate(low, middle, "head.gate"), "head.widen"), ["head.decoder.rnn"])[0]
        logits = graph.linear(graph.op("Squeeze", outputs, graph.integers(1)), "head.decoder.classify")
        turned = graph.op("Transpose", logits, perm=[1, 0, 2])
        graph.nodes.append(helper.make_node("LogSoftmax", [turned], ["log_probabilities"], axis=2))

    def _foreground(self, trunk: str, fine: str) -> None:
        """The text area where it is asked for, else nothing: reading does not need it."""
        inner = _Network(self._config, self.graph.body(), self._masks)
        shown = inner.text_area(trunk, fine)
        nothing = self.graph.body()
        empty = nothing.op("Identity", self.graph.constant(np.zeros((0, 0, 0), dtype=np.float32)))
        branches = {
            f"{name}_branch": helper.make_graph(graph.nodes, name, [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, [None] * 3)])
            for name, graph, out in (("then", inner.graph, shown), ("else", nothing, empty))
        }
        self.graph.nodes.append(helper.make_node("If", ["explain"], ["foreground"], **branches))

    def text_area(self, trunk: str, fine: str) -> str:
        """O1 and P0 -> the probability of text [N, H, W], 0 on padding."""
        graph, mask = self.graph, self._masks.full
        joined = graph.op("Concat", self._up(self._kept(trunk, self._masks.half), "trunk.up_fine"), fine, axis=1)
        out = self._unit(joined, "trunk.join_fine", 1)
        logits = graph.op("Conv", out, graph.weight("trunk.classify.weight"), graph.weight("trunk.classify.bias"))
        text = graph.op("Gather", graph.op("Softmax", logits, axis=1), graph.constant(np.array(1, dtype=np.int64)), axis=1)
        return graph.op("Mul", text, graph.op("Squeeze", mask, graph.integers(1)))


def _step(graph: Graph, name: str, memory: tuple[str, str, str]) -> onnx.GraphProto:
    """One step of the attention decoder as the body of a loop: states [1, N, H] in and out, and the glimpse [N, D]."""
    keys, bias, encoded = memory
    query = graph.op("Unsqueeze", graph.linear(graph.op("Squeeze", "hidden", graph.integers(0)), f"{name}.query"), graph.integers(1))
    energy = graph.linear(graph.op("Tanh", graph.add(keys, query)), f"{name}.score")  # [N, w, 1]
    attention = graph.op("Softmax", graph.add(graph.op("Squeeze", energy, graph.integers(2)), bias), axis=1)
    glimpse = graph.op("MatMul", graph.op("Unsqueeze", attention, graph.integers(1)), encoded)  # [N, 1, D]
    entering = graph.op("Transpose", glimpse, perm=[1, 0, 2])
    _, hidden, cell = graph.lstm(entering, [f"{name}.cell"], state=("hidden", "cell"))
    shown, go_on = graph.op("Squeeze", glimpse, graph.integers(1)), graph.op("Identity", "go")

    def value(label: str, kind: int, shape: list[int] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(label, kind, shape)

    entries = [value("step", TensorProto.INT64, []), value("go", TensorProto.BOOL, [])]
    entries += [value(label, TensorProto.FLOAT, None) for label in ("hidden", "cell")]
    exits = [value(go_on, TensorProto.BOOL, []), *(value(label, TensorProto.FLOAT, None) for label in (hidden, cell, shown))]
    return helper.make_graph(graph.nodes, "step", entries, exits)
