"""The compact network as ONNX: `model/compact.py` box by box."""

import onnx
from onnx import TensorProto, helper

from siga_ocr.engines.onnx_feedback import fed_back
from siga_ocr.engines.onnx_int8 import Int8Stage
from siga_ocr.engines.onnx_parts import Memory, Parts, Taps

DECODER = "aligned_decoder"


def compact(parts: Parts) -> None:
    """Add every box, from the inputs to the outputs."""
    graph = parts.graph
    taps, columns = _backbone(parts)
    column_mask = parts.column_mask()
    encoded = parts.encoder(columns, column_mask)  # [N, w, D]
    trunk = parts.trunk(taps, encoded)
    attention, first = parts.glyphs("low", trunk[0], taps[1], "steps")
    parts.shown_attention(attention)
    features = first, parts.glyphs("middle", trunk[1], taps[2], "steps")[1]
    if parts.config.feedback:
        logits = fed_back(parts, encoded, column_mask, features)
    else:
        glimpses, hidden = _glimpses(parts, encoded, column_mask)  # [T, N, D], [T, N, H]
        low, middle = (parts.gate(glimpses, feature, f"gates.{k}") for k, feature in enumerate(features))
        outputs = graph.lstm(graph.linear(parts.gate(low, middle, "head.gate"), "head.widen"), ["head.decoder.rnn"])[0]
        logits = graph.linear(graph.op("Squeeze", outputs, graph.integers(1)), "head.decoder.classify")
        if parts.config.aligned_votes:
            logits = _joint(parts, logits, graph.linear(hidden, f"{DECODER}.classify"))
    parts.shown_logits(logits)
    parts.foreground(lambda inner: inner.text_area(trunk[0], taps[0]))


def _backbone(parts: Parts) -> tuple[Taps, str]:
    """-> the taps and the columns [w, N, D]. The first stage has few channels and many columns: integers would bring it little."""
    masks, blocks = parts.masks, parts.config.blocks
    fine = parts.kept(parts.unit("images", "backbone.stem", (1, 1)), masks.full)
    low = parts.stage(parts.unit(fine, "backbone.down1", (1, 1), (2, 2)), "backbone.stage1", (masks.half, masks.half), blocks[0])
    low = parts.kept(low, masks.half)
    middle = _stage(parts, parts.unit(low, "backbone.down2", (1, 1), (2, 2)), 2)
    middle = parts.kept(middle, masks.quarter)
    deep = _stage(parts, parts.unit(middle, "backbone.down3", (1, 1), (2, 1)), 3)
    columns = parts.unit(deep, "backbone.collapse")  # one kernel covers all rows of a column
    return (fine, low, middle), parts.graph.op("Transpose", parts.graph.op("Squeeze", columns, parts.graph.integers(2)), perm=[2, 0, 1])


def _stage(parts: Parts, values: str, number: int) -> str:
    """The second or the third stage, in the graph's precision."""
    name, mask, count = f"backbone.stage{number}", parts.masks.quarter, parts.config.blocks[number - 1]
    if parts.int8 and count:
        return Int8Stage(parts.graph, mask, f"backbone.down{number}.norm", [f"{name}.{index}" for index in range(count)]).stage(values)
    return parts.stage(values, name, (mask, mask), count)


def _joint(parts: Parts, first: str, second: str) -> str:
    """The logarithm of the mean of two predictions, but for a constant: the greater logarithm, and what the smaller one adds to it."""
    graph = parts.graph
    one, other = (graph.op("LogSoftmax", logits, axis=2) for logits in (first, second))
    apart = graph.op("Abs", graph.op("Sub", one, other))
    return graph.add(graph.op("Max", one, other), graph.op("Softplus", graph.op("Neg", apart)))


def _glimpses(parts: Parts, encoded: str, column_mask: str) -> tuple[str, str]:
    """What the attention decoder looks at, step by step, and its states: [T, N, D] and [T, N, H]."""
    memory = (parts.keys(encoded, DECODER), parts.bias(column_mask), encoded)
    zero = parts.zeros(encoded, parts.config.attention_size)
    body = _step(parts.body(), memory)
    _, _, glimpses, hidden = parts.graph.ops("Loop", ["steps", "", zero, zero], 4, body=body)
    return glimpses, hidden


def _step(parts: Parts, memory: Memory) -> onnx.GraphProto:
    """One step of the attention decoder as the body of a loop: states [1, N, H] in and out, the glimpse [N, D] and the state [N, H]."""
    graph = parts.graph
    glimpse = parts.glimpse(DECODER, memory, "hidden")
    entering = graph.op("Transpose", glimpse, perm=[1, 0, 2])
    _, hidden, cell = graph.lstm(entering, [f"{DECODER}.cell"], state=("hidden", "cell"))
    shown, go_on = graph.op("Squeeze", glimpse, graph.integers(1)), graph.op("Identity", "go")
    state = graph.op("Squeeze", hidden, graph.integers(0))

    def value(label: str, kind: int, shape: list[int] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(label, kind, shape)

    entries = [value("step", TensorProto.INT64, []), value("go", TensorProto.BOOL, [])]
    entries += [value(label, TensorProto.FLOAT, None) for label in ("hidden", "cell")]
    exits = [value(go_on, TensorProto.BOOL, []), *(value(label, TensorProto.FLOAT, None) for label in (hidden, cell, shown, state))]
    return helper.make_graph(graph.nodes, "step", entries, exits)
