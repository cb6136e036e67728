"""A network of any kind as an ONNX model: its inputs, its outputs, and the graph between them."""

from collections.abc import Callable

import onnx
from onnx import TensorProto, helper

from siga_ocr.config import ModelConfig
from siga_ocr.engines.onnx_compact import compact
from siga_ocr.engines.onnx_graph import Graph
from siga_ocr.engines.onnx_parts import Masks, Parts, attention_rows
from siga_ocr.engines.onnx_published import siga_r, siga_s, siga_t
from siga_ocr.errors import UsageError
from siga_ocr.store.folder import Precision, StoredTensor

OPSET = 18
IR_VERSION = 9
HAVE_INT8 = ("compact",)
"""Architectures whose residual blocks can be computed in integers of eight bits."""

BUILDERS: dict[str, Callable[[Parts], None]] = {"compact": compact, "siga-r": siga_r, "siga-s": siga_s, "siga-t": siga_t}


def network_graph(config: ModelConfig, tensors: dict[str, StoredTensor], precision: Precision = "float32") -> onnx.ModelProto:
    """`images` float32 [N, C, H, W], `mask` float32 [N, W], `steps` int64, `explain` bool -> `log_probabilities` [N, T, K], `glyph_attention`
    [N, T, h, w], and `foreground` [N, H, W], which is empty unless `explain` asks for it. W is free where the network keeps the aspect ratio.

    Raises:
        UsageError: there is no graph for networks of this architecture, or none in this precision.
    """
    build, whole = BUILDERS.get(config.architecture), Graph(tensors)
    if build is None:
        raise UsageError(f"{config.architecture} cannot be exported, only {' and '.join(BUILDERS)}: read with this network in PyTorch.")
    if precision == "int8" and config.architecture not in HAVE_INT8:
        raise UsageError(f"{config.architecture} has no graph in int8, only {' and '.join(HAVE_INT8)}: use float32.")
    build(Parts(config, whole, Masks.of(whole), int8=precision == "int8"))
    height, width = config.input.height, "W" if config.input.keep_aspect else config.input.widths[0]
    outputs: list[tuple[str, list[str | int]]] = [
        ("log_probabilities", ["N", "T", config.charset.class_count]),
        ("glyph_attention", ["N", "T", attention_rows(config), "w"]),
        ("foreground", ["n", "h", "W or 0"]),
    ]
    graph = helper.make_graph(
        whole.nodes,
        "siga-ocr",
        [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", config.input.channels, height, width]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N", width]),
            helper.make_tensor_value_info("steps", TensorProto.INT64, []),
            helper.make_tensor_value_info("explain", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        whole.stored,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="siga-ocr")
