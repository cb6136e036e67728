"""The boxes that all networks share, as ONNX: `model/` part by part, the reading path and the text foreground."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper

from siga_ocr.config import ModelConfig
from siga_ocr.engines.onnx_graph import Graph

Taps = tuple[str, str, str]
"""What a backbone hands on: P0, P1 and P2, each zero on padding."""

Memory = tuple[str, str, str]
"""What attention looks at: its keys [N, w, H], the bias [N, w] that keeps it off padding, and the encoded columns [N, w, D]."""


def attention_rows(config: ModelConfig) -> int:
    """How many rows the shown glyph attention has, which is that of the scale Low."""
    return config.input.height // (4 if config.architecture == "siga-s" else 2)


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


class Parts:
    """Adds parts of a network to one graph, the whole or the body of a loop."""

    def __init__(self, config: ModelConfig, graph: Graph, masks: Masks, *, int8: bool = False) -> None:
        """`int8`: residual blocks in integers, where the network's builder has them."""
        self.config = config
        self.int8 = int8
        self.graph = graph
        self.masks = masks

    def body(self) -> "Parts":
        """The same for an empty graph within this one."""
        return Parts(self.config, self.graph.body(), self.masks, int8=self.int8)

    def column_mask(self) -> str:
        """The mask of the columns that the encoder sees: [N, w]."""
        return self.graph.op("Squeeze", self.masks.quarter, self.graph.integers(1, 2))

    def unit(self, values: str, name: str, padding: tuple[int, int] = (0, 0), strides: tuple[int, int] = (1, 1)) -> str:
        """Convolution, normalisation, ReLU."""
        out = self.graph.convolution(values, f"{name}.conv", f"{name}.norm", pads=[*padding, *padding], strides=strides)
        return self.graph.op("Relu", out)

    def up(self, values: str, name: str) -> str:
        """The same to twice the size."""
        return self.graph.op("Relu", self.graph.convolution(values, f"{name}.conv", f"{name}.norm", "ConvTranspose", pads=[1] * 4, strides=[2, 2]))

    def kept(self, values: str, mask: str) -> str:
        """Zero on the padding. The network does this after every convolution; it matters only before one that mixes columns, and each time costs."""
        return self.graph.op("Mul", values, mask)

    def stage(self, values: str, name: str, masks: tuple[str, str], count: int, stride: int = 1) -> str:
        """Residual blocks, of which the first one may change channels and size, with the mask of what comes in and of what goes out.

        Anything may stand on the padding of both.
        """
        graph = self.graph
        for index in range(count):
            block, step = f"{name}.{index}", stride if index == 0 else 1
            entered = self.kept(self.unit(values, f"{block}.enter"), masks[min(index, 1)])
            strides = {"strides": [step, step]} if step > 1 else {}
            out = graph.convolution(entered, f"{block}.conv", f"{block}.norm", "Conv", pads=[1] * 4, **strides)
            if graph.has(f"{block}.shortcut.0.weight"):
                values = graph.convolution(values, f"{block}.shortcut.0", f"{block}.shortcut.1", strides=[step, step])
            values = graph.op("Relu", graph.add(out, values))
        return values

    def neck(self, deep: str) -> str:
        """The stages that ResNet-45 and the ViT end in: [N, D, 4, w] -> columns [w, N, D]."""
        graph, mask = self.graph, self.masks.quarter
        deep = self.kept(self.stage(deep, "backbone.layer6", (mask, mask), 2), mask)
        deep = self.stage(self.unit(deep, "backbone.conv6", (1, 1)), "backbone.layer7", (mask, mask), 1)
        deep = self.unit(self.kept(deep, mask), "backbone.conv7_1", (0, 1), (2, 1))
        deep = self.unit(self.kept(deep, mask), "backbone.conv7_2", (0, 1))  # [N, D, 1, w]
        return graph.op("Transpose", graph.op("ReduceMean", deep, graph.integers(2), keepdims=0), perm=[2, 0, 1])

    def encoder(self, columns: str, column_mask: str) -> str:
        """Columns [w, N, D] -> [N, w, D], zero on padding."""
        graph = self.graph
        lengths = graph.op("Cast", graph.op("ReduceSum", column_mask, graph.integers(1), keepdims=0), to=TensorProto.INT32)
        for layer in range(self.config.encoder_layers):
            columns = self.recurrent(columns, f"encoder.units.{layer}", lengths)
        return graph.op("Mul", graph.op("Transpose", columns, perm=[1, 0, 2]), graph.op("Unsqueeze", column_mask, graph.integers(2)))

    def recurrent(self, sequence: str, name: str, lengths: str = "") -> str:
        """[L, N, I] -> [L, N, O]."""
        graph = self.graph
        names = [f"{name}.{part}" for part in ("forward_rnn", "backward_rnn") if graph.has(f"{name}.{part}.weight_ih_l0")]
        outputs = graph.op("Transpose", graph.lstm(sequence, names, lengths)[0], perm=[0, 2, 1, 3])
        return graph.linear(graph.op("Reshape", outputs, graph.integers(0, 0, -1)), f"{name}.linear")

    def trunk(self, taps: Taps, encoded: str) -> tuple[str, str]:
        """-> O1 and O2."""
        graph, masks = self.graph, self.masks
        _, low, middle = taps
        entered = self.unit(middle, "trunk.enter")
        if graph.has("trunk.context.weight"):
            context = graph.op("Transpose", graph.linear(encoded, "trunk.context"), perm=[0, 2, 1])
            entered = graph.add(entered, graph.op("Unsqueeze", context, graph.integers(2)))
        coarse = self.kept(self.unit(self.kept(entered, masks.quarter), "trunk.coarse", (1, 1)), masks.quarter)
        joined = graph.op("Concat", self.up(coarse, "trunk.up_middle"), low, axis=1)
        return self.unit(self.unit(joined, "trunk.join_middle"), "trunk.refine_middle"), coarse

    def glyphs(self, scale: str, trunk: str, tap: str, steps: str) -> tuple[str, str]:
        """The glyphs of `low` or `middle`, so many `steps` (a scalar): -> the attention [N, T, h w] and the features [T, N, D]."""
        is_low = scale == "low"
        around = self.config.glyph_kernels[0 if is_low else 1] // 2
        attention = self.located(scale, trunk, self.masks.half if is_low else self.masks.quarter, steps)
        return attention, self.ordered(scale, attention, self.unit(tap, f"glyph.{scale}.describe", (around, around)))

    def located(self, scale: str, trunk: str, mask: str, steps: str) -> str:
        """Where each character is: the attention [N, T, h w] of a scale with this column mask."""
        graph, name = self.graph, f"glyph.{scale}"
        maps = graph.op("Conv", trunk, graph.weight(f"{name}.locate.weight"), graph.weight(f"{name}.locate.bias"))
        wanted = graph.columns(maps, 1, graph.integers(1), graph.add(graph.op("Reshape", steps, graph.integers(1)), graph.integers(1)))
        shown = graph.op("Where", graph.op("Cast", mask, to=TensorProto.BOOL), wanted, graph.number(-np.inf))
        return graph.op("Softmax", graph.op("Reshape", shown, graph.integers(0, 0, -1)), axis=2)

    def ordered(self, scale: str, attention: str, described: str) -> str:
        """What each character looks like there, given the described tap [N, C, h, w]: [T, N, D]."""
        graph = self.graph
        cells = graph.op("Transpose", graph.op("Reshape", described, graph.integers(0, 0, -1)), perm=[0, 2, 1])
        pooled = graph.op("MatMul", attention, cells)  # [N, T, C]
        return self.recurrent(graph.op("Transpose", pooled, perm=[1, 0, 2]), f"glyph.{scale}.order")

    def shown_attention(self, attention: str) -> None:
        """[N, T, h w] of the scale Low becomes the output."""
        rows = self.graph.integers(0, 0, attention_rows(self.config), -1)
        self.graph.nodes.append(helper.make_node("Reshape", [attention, rows], ["glyph_attention"]))

    def gate(self, first: str, second: str, name: str) -> str:
        """Two features [..., D] -> the one that is trusted, element by element."""
        graph = self.graph
        share = graph.op("Sigmoid", graph.linear(graph.op("Concat", first, second, axis=-1), f"{name}.weigh"))
        other = graph.op("Tanh", second)
        return graph.add(other, graph.op("Mul", share, graph.op("Sub", graph.op("Tanh", first), other)))

    def keys(self, encoded: str, name: str) -> str:
        """The attention's view of the columns."""
        return self.graph.linear(encoded, f"{name}.key")

    def bias(self, column_mask: str) -> str:
        """0 on a crop's own columns, minus infinity on padding."""
        graph = self.graph
        return graph.op("Where", graph.op("Cast", column_mask, to=TensorProto.BOOL), graph.number(0), graph.number(-np.inf))

    def zeros(self, encoded: str, size: int) -> str:
        """The state of a recurrent cell before the first step: [1, N, size]."""
        graph = self.graph
        rows = graph.op("Shape", encoded, start=0, end=1)
        return graph.op("Expand", graph.number(0), graph.op("Concat", graph.integers(1), rows, graph.integers(size), axis=0))

    def glimpse(self, name: str, memory: Memory, hidden: str) -> str:
        """What the attention decoder looks at, given its state [1, N, H]: [N, 1, D]."""
        graph = self.graph
        keys, bias, encoded = memory
        query = graph.op("Unsqueeze", graph.linear(graph.op("Squeeze", hidden, graph.integers(0)), f"{name}.query"), graph.integers(1))
        energy = graph.linear(graph.op("Tanh", graph.add(keys, query)), f"{name}.score")  # [N, w, 1]
        attention = graph.op("Softmax", graph.add(graph.op("Squeeze", energy, graph.integers(2)), bias), axis=1)
        return graph.op("MatMul", graph.op("Unsqueeze", attention, graph.integers(1)), encoded)

    def shown_logits(self, logits: str) -> None:
        """[T, N, K] becomes the output, without the logit of the start mark if there is one."""
        graph, classes = self.graph, self.config.charset.class_count
        if self.config.start_is_class:
            logits = graph.columns(logits, 2, graph.integers(0), graph.integers(classes))
        turned = graph.op("Transpose", logits, perm=[1, 0, 2])
        self.graph.nodes.append(helper.make_node("LogSoftmax", [turned], ["log_probabilities"], axis=2))

    def foreground(self, area: Callable[["Parts"], str]) -> None:
        """The text's `area` where it is asked for, else nothing: reading does not need it."""
        inner = self.body()
        shown = area(inner)
        nothing = self.graph.body()
        empty = nothing.op("Identity", self.graph.constant(np.zeros((0, 0, 0), dtype=np.float32)))
        branches = {
            f"{name}_branch": helper.make_graph(graph.nodes, name, [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, [None] * 3)])
            for name, graph, out in (("then", inner.graph, shown), ("else", nothing, empty))
        }
        self.graph.nodes.append(helper.make_node("If", ["explain"], ["foreground"], **branches))

    def text_area(self, trunk: str, fine: str) -> str:
        """O1 and P0 -> the probability of text [N, H, W], 0 on padding."""
        joined = self.graph.op("Concat", self.up(self.kept(trunk, self.masks.half), "trunk.up_fine"), fine, axis=1)
        return self.text_share(self.unit(joined, "trunk.join_fine"))

    def text_share(self, out: str) -> str:
        """The same from the trunk's last features."""
        graph, mask = self.graph, self.masks.full
        logits = graph.op("Conv", out, graph.weight("trunk.classify.weight"), graph.weight("trunk.classify.bias"))
        text = graph.op("Gather", graph.op("Softmax", logits, axis=1), graph.constant(np.array(1, dtype=np.int64)), axis=1)
        return graph.op("Mul", text, graph.op("Squeeze", mask, graph.integers(1)))
