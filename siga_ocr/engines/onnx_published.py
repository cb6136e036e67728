"""SIGA-R, SIGA-S and SIGA-T as ONNX: `model/siga.py` box by box, with the rectifier and ResNet-45."""

import numpy as np

from siga_ocr.engines.onnx_feedback import fed_back
from siga_ocr.engines.onnx_parts import Parts, Taps
from siga_ocr.engines.onnx_transformers import svtr, svtr_area, svtr_trunk, vit, vit_area, vit_described, vit_trunk
from siga_ocr.model.rectifier import POINTS, spline

STAGES = 4
"""Convolutions of the rectifier; the last has no pooling behind it."""


Glyphs = tuple[str, str]
"""Of one scale: the attention [N, T, h w] and the features [T, N, D]."""


def siga_r(parts: Parts) -> None:
    """Add every box, from the inputs to the outputs."""
    taps, columns = _backbone(parts, _straightened(parts))
    encoded = parts.encoder(columns, parts.column_mask())  # [N, w, D]
    trunk, every = parts.trunk(taps, encoded), _positions(parts)
    _read(parts, encoded, parts.glyphs("low", trunk[0], taps[1], every), parts.glyphs("middle", trunk[1], taps[2], every))
    parts.foreground(lambda inner: inner.text_area(trunk[0], taps[0]))


def siga_s(parts: Parts) -> None:
    """The same with SVTR-L, whose two scales have columns of the same width."""
    taps, columns = svtr(parts, _straightened(parts))
    encoded = parts.encoder(columns, parts.column_mask())
    trunk, scales = svtr_trunk(parts, taps), []
    for name, looks, tap, kernel in zip(("low", "middle"), trunk, taps[1:], parts.config.glyph_kernels, strict=True):
        attention = parts.located(name, looks, parts.masks.quarter, _positions(parts))
        scales.append((attention, parts.ordered(name, attention, parts.unit(tap, f"glyph.{name}.describe", (kernel // 2, kernel // 2)))))
    _read(parts, encoded, *scales)
    parts.foreground(lambda inner: svtr_area(inner, trunk[0], taps[0]))


def siga_t(parts: Parts) -> None:
    """The same with the ViT and its five taps."""
    taps, columns = vit(parts, _straightened(parts))
    encoded = parts.encoder(columns, parts.column_mask())
    trunk, masks, scales = vit_trunk(parts, taps), (parts.masks.half, parts.masks.quarter), []
    for name, looks, mask, described in zip(("low", "middle"), trunk, masks, vit_described(parts, taps), strict=True):
        attention = parts.located(name, looks, mask, _positions(parts))
        scales.append((attention, parts.ordered(name, attention, described)))
    _read(parts, encoded, *scales)
    parts.foreground(lambda inner: vit_area(inner, trunk[0]))


def _positions(parts: Parts) -> str:
    """All of them, whatever `steps` says: glyph features look both ways."""
    return parts.graph.constant(np.array(parts.config.max_steps, dtype=np.int64))


def _read(parts: Parts, encoded: str, low: Glyphs, middle: Glyphs) -> None:
    """What both scales show becomes the outputs."""
    graph = parts.graph
    parts.shown_attention(graph.columns(low[0], 1, graph.integers(0), graph.op("Reshape", "steps", graph.integers(1))))
    parts.shown_logits(fed_back(parts, encoded, parts.column_mask(), (low[1], middle[1])))


def _straightened(parts: Parts) -> str:
    """The crop resampled so that the control points come to lie on its borders, or as it is: [N, C, H, W]."""
    graph, config = parts.graph, parts.config
    if not config.rectify:
        return "images"
    values = "images"
    for index in range(STAGES):
        values = graph.op("Relu", graph.convolution(values, f"rectifier.convolutions.{index}", f"rectifier.norms.{index}", pads=[1] * 4))
        values = graph.op("MaxPool", values, kernel_shape=[2, 2], strides=[2, 2]) if index < STAGES - 1 else values
    hidden = graph.op("Relu", graph.linear(graph.op("ReduceMean", values, graph.integers(2, 3), keepdims=0), "rectifier.hidden"))
    points = graph.op("Reshape", graph.linear(hidden, "rectifier.locate"), graph.integers(0, POINTS, 2))
    height, width = config.input.height, config.input.widths[0]
    inverse, basis = (constant.numpy() for constant in spline(height, width))
    bent = graph.op("MatMul", graph.constant(inverse[:, :POINTS]), points)  # the other three columns meet zeros
    grid = graph.op("Reshape", graph.op("MatMul", graph.constant(basis), bent), graph.integers(0, height, width, 2))
    return graph.op("GridSample", "images", grid, mode="bilinear", padding_mode="border", align_corners=1)


def _backbone(parts: Parts, images: str) -> tuple[Taps, str]:
    """-> the taps and the columns [w, N, D]."""
    graph, masks, depth = parts.graph, parts.masks, parts.config.blocks
    half, quarter = (masks.half, masks.half), (masks.quarter, masks.quarter)
    fine = parts.kept(parts.unit(images, "backbone.stem", (1, 1)), masks.full)
    one = parts.stage(fine, "backbone.layer1", (masks.full, masks.half), depth[0], 2)
    low = parts.kept(parts.stage(one, "backbone.layer2", half, depth[1]), masks.half)
    three = parts.stage(low, "backbone.layer3", (masks.half, masks.quarter), depth[2], 2)
    middle = parts.kept(parts.stage(three, "backbone.layer4", quarter, depth[3]), masks.quarter)
    deep = parts.kept(parts.stage(middle, "backbone.layer5", quarter, depth[4]), masks.quarter)
    deep = graph.op("MaxPool", deep, kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 0, 1])
    return (fine, low, middle), parts.neck(deep)
