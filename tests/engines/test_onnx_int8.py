"""Rules of residual blocks in integers: what they compute, on which processors, for which weights, and that a graph says so."""

import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file
from torch.nn import functional

from siga_ocr.crops import Crop
from siga_ocr.data.render import render
from siga_ocr.engines.engine import EngineFacts
from siga_ocr.engines.export import compare, export_onnx
from siga_ocr.engines.onnx import PRECISION_KEY, OnnxEngine
from siga_ocr.engines.onnx_graph import Graph
from siga_ocr.engines.onnx_int8 import REACH, WEIGHT_LEVELS, Int8Stage
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.model import build_model
from siga_ocr.reader import Reader
from siga_ocr.render_style import RenderStyle
from siga_ocr.store import checkpoint
from siga_ocr.store.folder import Precision, layout
from siga_ocr.store.weights import path_of, shipped
from tests.tiny import tiny, tiny_published

CHANNELS, COLUMNS = 6, 9
Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def rendered() -> list[Crop]:
    """Crops of the mixture."""
    return [Crop(render(5, index, RenderStyle()).image, str(index)) for index in range(24)]


def block_weights(generator: torch.Generator) -> dict[str, torch.Tensor]:
    """One residual block `b` whose normalisations say how what they give is spread, after a normalisation `n`."""

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    weights = {"b.enter.conv.weight": drawn(CHANNELS, CHANNELS, 1, 1), "b.conv.weight": drawn(CHANNELS, CHANNELS, 3, 3)}
    for norm in ("n", "b.enter.norm", "b.norm"):
        weights |= {f"{norm}.weight": drawn(CHANNELS).abs() + 0.1, f"{norm}.bias": drawn(CHANNELS)}
    for norm, fan_in in (("b.enter.norm", CHANNELS), ("b.norm", 9 * CHANNELS)):
        weights |= {f"{norm}.running_mean": drawn(CHANNELS), f"{norm}.running_var": 2 * fan_in * torch.ones(CHANNELS)}
    return weights


def as_pytorch(weights: dict[str, torch.Tensor], values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What the block gives in float32."""

    def normalised(of: torch.Tensor, norm: str) -> torch.Tensor:
        mean, variance, weight, bias = (weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(of, mean, variance, weight, bias)

    entered = normalised(functional.conv2d(values, weights["b.enter.conv.weight"]), "b.enter.norm").relu() * mask
    return (normalised(functional.conv2d(entered, weights["b.conv.weight"], padding=1), "b.norm") + values).relu()


def session_of(folder: Path, weights: dict[str, torch.Tensor], shown: str = "") -> onnxruntime.InferenceSession:
    """The block as a graph on `values` [N, C, h, w] and `mask` [N, 1, 1, w]; `shown` is a kind of node whose first int8 outputs are given too."""
    save_file(weights, folder / "model.safetensors")
    graph = Graph(layout(folder))
    last = Int8Stage(graph, "mask", "n", ["b"]).stage("values")
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("values", "mask")]
    outputs = [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)]
    more = [node.output[0] for node in graph.nodes if node.op_type == shown and any(part.name == "axis" for part in node.attribute)]
    outputs += [helper.make_tensor_value_info(name, TensorProto.INT8, None) for name in more]
    whole = helper.make_graph(graph.nodes, "block", inputs, outputs, graph.stored)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])


def test_a_block_gives_what_it_gives_in_float32_but_for_its_steps(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    weights = block_weights(generator)
    spread = torch.randn((4, CHANNELS, 5, COLUMNS), generator=generator)
    values = (spread * weights["n.weight"][:, None, None] + weights["n.bias"][:, None, None]).relu()
    mask = torch.ones((4, 1, 1, COLUMNS))
    mask[1, ..., 5:] = 0
    found = session_of(tmp_path, weights).run(None, {"values": values.numpy(), "mask": mask.numpy()})[0]
    expected = as_pytorch(weights, values, mask).numpy()
    step = (weights["b.norm.bias"].abs() + REACH * weights["b.norm.weight"]).max().item() / 127
    apart = np.abs(found - expected)
    assert 0 < apart.mean() < step
    assert apart.max() < 8 * step
    assert expected.max() > 20 * step  # so that this says something


def test_what_stands_on_padding_changes_nothing(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(4)
    session = session_of(tmp_path, block_weights(generator))
    values, mask = torch.rand((1, CHANNELS, 5, COLUMNS), generator=generator).numpy(), np.ones((1, 1, 1, COLUMNS), np.float32)
    mask[..., 6:] = 0
    other = values.copy()
    other[..., 6:] = 7
    one, two = (session.run(None, {"values": some, "mask": mask})[0][..., :6] for some in (values, other))
    np.testing.assert_array_equal(one, two)


def test_no_two_products_overflow_sixteen_bits_on_any_processor(tmp_path: Path) -> None:
    weights = block_weights(torch.Generator().manual_seed(5))
    weights["b.conv.weight"][2] = 0  # a channel that is off has no size of its own
    zeros = {"values": np.zeros((1, CHANNELS, 2, 3), np.float32), "mask": np.ones((1, 1, 1, 3), np.float32)}
    levels = session_of(tmp_path, weights, "QuantizeLinear").run(None, zeros)[1:]
    assert [level.shape for level in levels] == [(CHANNELS, CHANNELS, 1, 1), (CHANNELS, CHANNELS, 3, 3)]
    assert all(level.dtype == np.int8 for level in levels)
    most = np.concatenate([np.abs(level.astype(int)).reshape(CHANNELS, -1).max(axis=1) for level in levels])
    assert sorted(most.tolist()) == [0] + [WEIGHT_LEVELS] * (2 * CHANNELS - 1)
    assert 2 * 255 * WEIGHT_LEVELS < 2**15


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_shipped_graphs_read_as_the_shipped_weights(name: str, rendered: list[Crop]) -> None:
    folder = path_of(name)
    graph = OnnxEngine(folder)
    assert graph.facts.precision == "int8"
    parity = compare(graph, TorchEngine.load(folder, "cpu"), rendered)
    assert parity.holds
    assert parity.confidence > 1e-5  # in float32 they are nearer


def test_a_graph_says_what_it_computes_with_and_so_does_every_reading(tiny_model_folder: Path, tmp_path: Path, rendered: list[Crop]) -> None:
    for precision in get_args(Precision):
        folder = tmp_path / precision
        shutil.copytree(tiny_model_folder, folder)
        assert export_onnx(folder, None, rendered[:2], precision).precision == precision
        assert OnnxEngine(folder).facts == EngineFacts("onnx", "cpu", precision, 16, 64)
        assert Reader.load(str(folder), "cpu").provenance.precision == precision
    assert export_onnx(tmp_path / "float32", None, rendered[:2]).precision == "int8"  # where none is asked for
    graph = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    next(entry for entry in graph.metadata_props if entry.key == PRECISION_KEY).value = "int7"
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(ModelError, match="'int7', which no graph of siga-ocr does"):
        OnnxEngine(folder)


def test_a_graph_from_before_there_was_a_choice_is_float32(tiny_model_folder: Path, tmp_path: Path, rendered: list[Crop]) -> None:
    folder = tmp_path / "old"
    shutil.copytree(tiny_model_folder, folder)
    export_onnx(folder, None, rendered[:2], "float32")
    graph = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    kept = [entry for entry in graph.metadata_props if entry.key != PRECISION_KEY]
    del graph.metadata_props[:]
    graph.metadata_props.extend(kept)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    assert OnnxEngine(folder).facts.precision == "float32"


def test_a_stage_may_have_no_block(tmp_path: Path, rendered: list[Crop]) -> None:
    for blocks in ((0, 0, 2), (1, 3, 0), (0, 0, 0)):
        folder = tmp_path / "".join(map(str, blocks))
        checkpoint.save(folder, build_model(tiny(blocks=blocks)).eval(), {}, float32=True)
        assert export_onnx(folder, None, rendered[:2], "int8").parity.holds


def test_networks_without_blocks_for_it_are_named(tmp_path: Path, rendered: list[Crop]) -> None:
    checkpoint.save(tmp_path, build_model(tiny_published()).eval(), {}, float32=True)
    with pytest.raises(UsageError, match="siga-r has no graph in int8, only compact: use float32"):
        export_onnx(tmp_path, None, rendered[:1], "int8")
    assert not (tmp_path / "model.onnx").exists()


def test_a_graph_that_integers_spoil_is_not_written(tmp_path: Path, rendered: list[Crop], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    shutil.copytree(path_of("code-small"), folder)
    (folder / "model.onnx").unlink()
    monkeypatch.setattr("siga_ocr.engines.onnx_int8.REACH", 0.3)  # cuts nearly all that is there
    with pytest.raises(ModelError, match=r"does not read as the network does.*use --precision float32"):
        export_onnx(folder, None, rendered)
    assert not (folder / "model.onnx").exists()
