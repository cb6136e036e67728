"""SVTR-L and the ViT with their trunks as ONNX: `model/backbone/svtr.py`, `model/backbone/vit.py` and `model/segmenter.py` box by box.

Both read crops of one width, so that nothing has to be kept from looking at padding.
"""

import math

import numpy as np

from siga_ocr.engines.onnx_graph import Graph
from siga_ocr.engines.onnx_parts import Parts, Taps
from siga_ocr.model.backbone.svtr import LOCAL_BLOCKS, WINDOW
from siga_ocr.model.backbone.vit import PATCH, TAPS
from siga_ocr.model.transformer import EPSILON

NORM_EPSILON = 1e-5
GROUPS = 8


def svtr(parts: Parts, images: str) -> tuple[Taps, str]:
    """-> the taps and the columns [w, N, D]."""
    graph, config = parts.graph, parts.config
    rows, width = config.input.height // 4, config.input.widths[0] // 4
    fine = _gelu(graph, graph.convolution(images, "backbone.embed0.conv", "backbone.embed0.norm", pads=[1] * 4, strides=[2, 2]))
    embedded = _gelu(graph, graph.convolution(fine, "backbone.embed1.conv", "backbone.embed1.norm", pads=[1] * 4, strides=[2, 2]))
    tokens, first = graph.add(_tokens(graph, embedded), graph.weight("backbone.positions")), 0
    maps: list[str] = []
    for number, count in enumerate(config.blocks):
        if number:
            merged = _conv(graph, maps[-1], f"backbone.merge{number}.conv", pads=[1] * 4, strides=[2, 1])
            tokens, rows = _norm(graph, _tokens(graph, merged), f"backbone.merge{number}.norm", NORM_EPSILON), -(-rows // 2)
        for index in range(count):
            bias = _window(graph, rows, width) if first + index < LOCAL_BLOCKS else ""
            tokens = _block(graph, tokens, f"backbone.stages.{number}.blocks.{index}", config.head_size, bias)
        first += count
        maps.append(_map(graph, tokens, rows))
    level = _map(graph, _norm(graph, tokens, "backbone.norm", EPSILON), rows)
    collapsed = _conv(graph, graph.op("ReduceMean", level, graph.integers(2), keepdims=1), "backbone.collapse")
    columns = graph.op("Squeeze", graph.op("HardSwish", collapsed), graph.integers(2))  # [N, D, w]
    return (fine, maps[0], maps[1]), graph.op("Transpose", columns, perm=[2, 0, 1])


def svtr_trunk(parts: Parts, taps: Taps) -> tuple[str, str]:
    """-> O1 and O2."""
    graph = parts.graph
    coarse = parts.unit(parts.unit(taps[2], "trunk.enter"), "trunk.coarse")
    higher = graph.convolution(coarse, "trunk.up_middle.conv", "trunk.up_middle.norm", "ConvTranspose", pads=[1] * 4, strides=[2, 1])
    joined = graph.op("Concat", graph.op("Relu", higher), taps[1], axis=1)
    return parts.unit(parts.unit(joined, "trunk.join_middle"), "trunk.refine_middle"), coarse


def svtr_area(parts: Parts, trunk: str, fine: str) -> str:
    """O1 and P0 -> the probability of text [N, H, W]."""
    joined = parts.graph.op("Concat", parts.up(trunk, "trunk.up_fine"), fine, axis=1)
    return parts.text_share(parts.up(parts.unit(joined, "trunk.join_fine"), "trunk.up_full"))


def vit(parts: Parts, images: str) -> tuple[list[str], str]:
    """-> five taps, of blocks 2, 4, 6, 8 and the last, and the columns [w, N, D]."""
    graph, config = parts.graph, parts.config
    rows = config.input.height // PATCH
    tokens = _tokens(graph, _conv(graph, images, "backbone.embed", strides=[PATCH, PATCH]))
    count = graph.op("Concat", graph.op("Shape", images, start=0, end=1), graph.integers(1, config.channels[0]), axis=0)
    tokens = graph.op("Concat", graph.op("Expand", graph.weight("backbone.class_token"), count), tokens, axis=1)
    tokens = graph.add(tokens, graph.weight("backbone.positions"))
    taps: list[str] = []
    for number in range(1, config.blocks[0] + 1):
        tokens = _block(graph, tokens, f"backbone.blocks.{number - 1}", config.head_size, "")
        if number in TAPS:
            taps.append(_without_class(graph, _norm(graph, tokens, f"backbone.tap_norms.{len(taps)}", NORM_EPSILON), rows))
    taps.append(_without_class(graph, _norm(graph, tokens, "backbone.last_norm", NORM_EPSILON), rows))
    return taps, parts.neck(_conv(graph, taps[-1], "backbone.narrow", pads=[0, 1, 0, 1], strides=[2, 1]))


def vit_trunk(parts: Parts, taps: list[str]) -> tuple[str, str]:
    """-> O1 and O2."""
    graph = parts.graph
    heads = [parts.unit(parts.unit(taps[1 + k], f"trunk.heads.{k}.gather", (1, 1)), f"trunk.heads.{k}.refine") for k in range(2)]
    coarse = graph.op("Concat", *heads, axis=1)
    entered = parts.up(parts.unit(taps[0], "trunk.enter"), "trunk.up_entered")
    joined = graph.op("Concat", parts.up(coarse, "trunk.up_middle"), entered, axis=1)
    return parts.unit(joined, "trunk.join_middle", (1, 1)), coarse


def vit_described(parts: Parts, taps: list[str]) -> tuple[str, str]:
    """What glyph attention pools on the scales Low and Middle."""
    return parts.up(taps[3], "glyph.low.describe"), _conv(parts.graph, taps[4], "glyph.middle.describe.conv", group=GROUPS)


def vit_area(parts: Parts, trunk: str) -> str:
    """O1 -> the probability of text [N, H, W]."""
    return parts.text_share(parts.unit(parts.up(trunk, "trunk.up_fine"), "trunk.refine_fine"))


def _block(graph: Graph, tokens: str, name: str, head: int, bias: str) -> str:
    """One transformer block on tokens [N, L, D]."""
    tokens = graph.add(tokens, _attention(graph, _norm(graph, tokens, f"{name}.norm1", EPSILON), f"{name}.attention", head, bias))
    wide = _gelu(graph, graph.linear(_norm(graph, tokens, f"{name}.norm2", EPSILON), f"{name}.expand"))
    return graph.add(tokens, graph.linear(wide, f"{name}.contract"))


def _attention(graph: Graph, tokens: str, name: str, head: int, bias: str) -> str:
    """[N, L, D] -> [N, L, D]; the bias [L, L] says who sees whom."""
    split = graph.op("Reshape", graph.linear(tokens, f"{name}.qkv"), graph.integers(0, 0, 3, -1, head))
    query, key, value = graph.ops("Split", [graph.op("Transpose", split, perm=[2, 0, 3, 1, 4])], 3, axis=0, num_outputs=3)  # [1, N, heads, L, head]
    energy = graph.op("MatMul", graph.op("Mul", query, graph.number(1 / math.sqrt(head))), graph.op("Transpose", key, perm=[0, 1, 2, 4, 3]))
    seen = graph.op("MatMul", graph.op("Softmax", graph.add(energy, bias) if bias else energy, axis=4), value)
    joined = graph.op("Transpose", graph.op("Squeeze", seen, graph.integers(0)), perm=[0, 2, 1, 3])
    return graph.linear(graph.op("Reshape", joined, graph.integers(0, 0, -1)), f"{name}.proj")


def _window(graph: Graph, rows: int, columns: int) -> str:
    """0 where one token lies in the window around another, else minus infinity: [L, L]."""
    places = np.indices((rows, columns)).reshape(2, -1)
    near = []
    for place, reach in zip(places, WINDOW, strict=True):
        here = graph.constant(place.astype(np.int64))
        apart = graph.op("Abs", graph.op("Sub", graph.op("Unsqueeze", here, graph.integers(1)), here))
        near.append(graph.op("LessOrEqual", apart, graph.constant(np.array(reach // 2, dtype=np.int64))))
    return graph.op("Where", graph.op("And", *near), graph.number(0), graph.number(-np.inf))


def _gelu(graph: Graph, values: str) -> str:
    half = graph.op("Mul", values, graph.number(0.5))
    return graph.op("Mul", half, graph.add(graph.op("Erf", graph.op("Mul", values, graph.number(math.sqrt(0.5)))), graph.number(1)))


def _norm(graph: Graph, tokens: str, name: str, epsilon: float) -> str:
    return graph.op("LayerNormalization", tokens, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"), axis=-1, epsilon=epsilon)


def _conv(graph: Graph, values: str, name: str, **attributes: list[int] | int) -> str:
    """A convolution without normalisation."""
    bias = [graph.weight(f"{name}.bias")] if graph.has(f"{name}.bias") else []
    return graph.op("Conv", values, graph.weight(f"{name}.weight"), *bias, **attributes)


def _tokens(graph: Graph, values: str) -> str:
    """[N, D, h, w] -> [N, h w, D]."""
    return graph.op("Transpose", graph.op("Reshape", values, graph.integers(0, 0, -1)), perm=[0, 2, 1])


def _map(graph: Graph, tokens: str, rows: int) -> str:
    """[N, h w, D] -> [N, D, h, w]."""
    return graph.op("Reshape", graph.op("Transpose", tokens, perm=[0, 2, 1]), graph.integers(0, 0, rows, -1))


def _without_class(graph: Graph, tokens: str, rows: int) -> str:
    """[N, 1 + h w, D] -> [N, D, h, w]."""
    return _map(graph, graph.columns(tokens, 1, graph.integers(1), graph.integers(2**31)), rows)
