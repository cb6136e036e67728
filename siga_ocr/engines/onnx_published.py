"""SIGA-R as ONNX: `model/siga.py` box by box, with its rectifier and ResNet-45."""

import numpy as np

from siga_ocr.engines.onnx_feedback import fed_back
from siga_ocr.engines.onnx_parts import Parts, Taps
from siga_ocr.model.rectifier import POINTS, spline

STAGES = 4
"""Convolutions of the rectifier; the last has no pooling behind it."""


def published(parts: Parts) -> None:
    """Add every box, from the inputs to the outputs."""
    graph, config = parts.graph, parts.config
    taps, columns = _backbone(parts, _straightened(parts) if config.rectify else "images")
    column_mask = parts.column_mask()
    encoded = parts.encoder(columns, column_mask)  # [N, w, D]
    trunk = parts.trunk(taps, encoded)
    every = graph.constant(np.array(config.max_steps, dtype=np.int64))  # positions, whatever `steps` says: features look both ways
    attention, low = parts.glyphs("low", trunk[0], taps[1], every)
    middle = parts.glyphs("middle", trunk[1], taps[2], every)[1]
    parts.shown_attention(graph.columns(attention, 1, graph.integers(0), graph.op("Reshape", "steps", graph.integers(1))))
    parts.shown_logits(fed_back(parts, encoded, column_mask, (low, middle)))
    parts.foreground(trunk[0], taps[0])


def _straightened(parts: Parts) -> str:
    """The crop resampled so that the control points come to lie on its borders: [N, C, H, W]."""
    graph, config = parts.graph, parts.config
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
    deep = parts.kept(parts.stage(deep, "backbone.layer6", quarter, 2), masks.quarter)
    deep = parts.stage(parts.unit(deep, "backbone.conv6", (1, 1)), "backbone.layer7", quarter, 1)
    deep = parts.unit(parts.kept(deep, masks.quarter), "backbone.conv7_1", (0, 1), (2, 1))
    deep = parts.unit(parts.kept(deep, masks.quarter), "backbone.conv7_2", (0, 1))  # [N, D, 1, w]
    columns = graph.op("ReduceMean", deep, graph.integers(2), keepdims=0)
    return (fine, low, middle), graph.op("Transpose", columns, perm=[2, 0, 1])
