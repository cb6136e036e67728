"""ONNX Runtime takes a graph's weights from the model's safetensors file, halves on disk and float32 at work, and the number of steps is an input."""

import json
import struct
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file

COLUMNS, SIZE = 5, 4


def external(name: str, header: dict[str, dict[str, list[int]]], start: int) -> onnx.TensorProto:
    """An initialiser whose bytes are those of the tensor `name` inside the safetensors file."""
    tensor = TensorProto(name=f"{name}.stored", data_type=TensorProto.FLOAT16, dims=header[name]["shape"])
    tensor.data_location = TensorProto.EXTERNAL
    begin, end = header[name]["data_offsets"]
    for key, value in (("location", "model.safetensors"), ("offset", str(start + begin)), ("length", str(end - begin))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def recurrence() -> onnx.GraphProto:
    """One step: state @ recurrent + input, squashed; it gives the state on and out."""
    state = helper.make_tensor_value_info("state", TensorProto.FLOAT, [None, SIZE])
    nodes = [
        helper.make_node("MatMul", ["state", "recurrent"], ["turned"]),
        helper.make_node("Add", ["turned", "entered"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["next"]),
        helper.make_node("Identity", ["next"], ["shown"]),
        helper.make_node("Identity", ["go"], ["go_on"]),
    ]
    return helper.make_graph(
        nodes,
        "step",
        [helper.make_tensor_value_info("t", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), state],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [None, SIZE]),
            helper.make_tensor_value_info("shown", TensorProto.FLOAT, [None, SIZE]),
        ],
    )


def graph_on(weights: Path) -> onnx.ModelProto:
    raw = weights.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    names = ("enter", "recurrent")
    nodes = [helper.make_node("Cast", [f"{name}.stored"], [name], to=TensorProto.FLOAT) for name in names]
    nodes += [
        helper.make_node("MatMul", ["x", "enter"], ["entered"]),
        helper.make_node("Sub", ["entered", "entered"], ["zero"]),
        helper.make_node("Loop", ["steps", "", "zero"], ["last", "states"], body=recurrence()),
    ]
    graph = helper.make_graph(
        nodes,
        "steps",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, COLUMNS]), helper.make_tensor_value_info("steps", TensorProto.INT64, [])],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, [None, None, SIZE])],
        [external(name, header, 8 + length) for name in names],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_weights_come_from_the_safetensors_and_steps_from_the_caller(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = {"enter": torch.randn(COLUMNS, SIZE).half(), "recurrent": torch.randn(SIZE, SIZE).half()}
    save_file(weights, tmp_path / "model.safetensors")
    (tmp_path / "model.onnx").write_bytes(graph_on(tmp_path / "model.safetensors").SerializeToString())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    x = torch.randn(3, COLUMNS)
    for steps in (1, 4):
        states = session.run(None, {"x": x.numpy(), "steps": np.array(steps)})[0]
        state, expected = torch.zeros(3, SIZE), []
        for _ in range(steps):
            state = torch.tanh(state @ weights["recurrent"].float() + x @ weights["enter"].float())
            expected.append(state.numpy())
        np.testing.assert_allclose(states, np.stack(expected), atol=1e-5)
    assert not any(len(tensor.raw_data) for tensor in onnx.load(tmp_path / "model.onnx", load_external_data=False).graph.initializer)
