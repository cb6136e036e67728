"""Rules of the graph: it reads as PyTorch does, without PyTorch, and only with the weights it belongs to."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from siga_ocr.config import ModelConfig, compact
from siga_ocr.crops import Crop
from siga_ocr.engines.engine import Engine, EngineOutput
from siga_ocr.engines.export import Parity, compare, export_onnx
from siga_ocr.engines.onnx import OnnxEngine
from siga_ocr.engines.onnx_network import BUILDERS
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.model import SigaModel, build_model
from siga_ocr.preprocess import Batch, to_batch
from siga_ocr.store import checkpoint
from tests.narrow import narrow
from tests.tiny import tiny, tiny_published

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def crops() -> list[Crop]:
    """Noise of several sizes, more than one batch."""
    return [Crop(RNG.integers(0, 256, (30, width, 3), dtype=np.uint8), str(width)) for width in range(12, 400, 20)]


@pytest.fixture(scope="module")
def folder(tiny_model_folder: Path, crops: list[Crop], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with its graph."""
    copy = tmp_path_factory.mktemp("exported") / "tiny"
    shutil.copytree(tiny_model_folder, copy)
    export_onnx(copy, None, crops, "float32")
    return copy


def batch_of(config: ModelConfig, *widths: int) -> Batch:
    return to_batch([RNG.integers(0, 256, (config.input.channels, config.input.height, width), dtype=np.uint8) for width in widths], config.input)


def assert_same(one: Engine, other: Engine, batch: Batch, steps: int) -> None:
    first, second = one.run(batch, steps), other.run(batch, steps)
    np.testing.assert_allclose(first.log_probabilities, second.log_probabilities, atol=1e-4)
    np.testing.assert_allclose(first.glyph_attention, second.glyph_attention, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 7, 21])
def test_any_batch_width_and_number_of_steps_gives_what_pytorch_gives(folder: Path, steps: int) -> None:
    one, other = OnnxEngine(folder), TorchEngine.load(folder, "cpu")
    for widths in ((4,), (64, 5, 33), (384, 100)):
        batch = batch_of(one.config, *widths)
        assert_same(one, other, batch, steps)
        np.testing.assert_allclose(one.foreground(batch), other.foreground(batch), atol=1e-5)


@pytest.mark.parametrize("changes", [{"glyph_bidirectional": True}, {"aligned_votes": True}, {"encoder_layers": 2, "glyph_kernels": (3, 1)}])
def test_networks_of_other_sizes_keep_their_meaning(tmp_path: Path, crops: list[Crop], changes: dict[str, object]) -> None:
    torch.manual_seed(1)
    checkpoint.save(tmp_path, build_model(tiny(**changes)), {}, float32=True)
    assert export_onnx(tmp_path, None, crops[:3], "float32").parity.holds


def test_no_weight_stands_in_the_graph(folder: Path) -> None:
    assert (folder / "model.onnx").stat().st_size < 100_000
    crop = Crop(np.zeros((32, 32, 3), dtype=np.uint8), "")
    assert export_onnx(folder, None, [crop], "float32").size == (folder / "model.onnx").stat().st_size


def test_a_graph_goes_with_new_weights_of_the_same_network_and_no_others(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(5)
    own = checkpoint.describe(folder).model
    same, other = tmp_path / "same", tmp_path / "other"
    for target, config in ((same, own), (other, tiny())):
        checkpoint.save(target, build_model(config), {})
        shutil.copyfile(folder / "model.onnx", target / "model.onnx")
    assert_same(OnnxEngine(same), TorchEngine.load(same, "cpu"), batch_of(own, 90), 5)
    with pytest.raises(ModelError):
        OnnxEngine(other)


def test_a_graph_of_another_layout_is_named(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    config = json.loads((other / "config.json").read_text())
    config["model"]["dropout"] = 0.25  # changes no shape
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="does not belong to the weights"):
        OnnxEngine(other)


def test_damage_is_the_models_fault(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot be used"):
        OnnxEngine(broken)
    content = bytearray((broken / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (broken / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="sha256"):
        OnnxEngine(broken)


def sharpened(config: ModelConfig) -> SigaModel:
    """A network of random weights, its statistics and its last rectifying layer too, that predicts one character here and another there."""
    torch.manual_seed(2)
    model = build_model(config)
    for name, values in (*model.named_parameters(), *model.named_buffers()):
        with torch.no_grad():
            if name.endswith(("classify.weight", "table.weight")):
                values.mul_(20)
            elif "decoder" in name and ".weight_" in name:
                values.mul_(5)
            elif name.endswith("running_mean") or "rectifier.locate.weight" in name:
                values.normal_(0, 0.05)
            elif name.endswith("running_var"):
                values.uniform_(0.5, 1.5)
    return model.eval()


@pytest.mark.parametrize(
    "config",
    [
        tiny(feedback=True),
        tiny_published(),
        tiny_published(rectify=False),
        tiny_published(rectify=False, input=replace(compact().input, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)),
        narrow("siga-s", max_length=6, blocks=(1, 9, 1)),
        narrow("siga-s", max_length=6, blocks=(1, 1, 1), rectify=False),
        narrow("siga-t", max_length=6),
    ],
    ids=["compact", "siga-r", "not straightened", "of any width", "siga-s", "siga-s, local", "siga-t"],
)
def test_networks_that_feed_back_read_as_in_pytorch(tmp_path: Path, crops: list[Crop], config: ModelConfig) -> None:
    checkpoint.save(tmp_path, sharpened(config), {}, float32=True)
    assert export_onnx(tmp_path, None, crops, "float32").parity.holds
    one, other = OnnxEngine(tmp_path), TorchEngine.load(tmp_path, "cpu")
    own = config.input.widths[0]
    widths = ((4,), (64, 5, 33), (384, 100)) if config.input.keep_aspect else ((own,), (own,) * 3)
    for some in widths:
        batch = batch_of(config, *some)
        for steps in (1, 3, config.max_steps):
            assert_same(one, other, batch, steps)
            assert one.run(batch, steps).glyph_attention.shape[1] == steps
        shift = 2e-3 if config.rectify else 1e-4  # on noise a hair's breadth between two sampling grids is seen in a pixel
        np.testing.assert_allclose(one.foreground(batch), other.foreground(batch) * batch.mask[:, None], atol=shift)
    ids = one.run(batch, config.max_steps).log_probabilities.argmax(axis=2)
    assert len(np.unique(ids)) > 1


def test_an_architecture_without_a_graph_is_named(tiny_model_folder: Path, crops: list[Crop], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BUILDERS, "compact")
    with pytest.raises(UsageError, match="compact cannot be exported, only siga-r"):
        export_onnx(tiny_model_folder, None, crops)


def test_a_graph_that_reads_otherwise_is_not_written(tiny_model_folder: Path, tmp_path: Path, crops: list[Crop]) -> None:
    class Leaning(TorchEngine):
        leaning_to = 1

        def run(self, batch: Batch, steps: int) -> EngineOutput:
            output = super().run(batch, steps)
            output.log_probabilities[:, :, self.leaning_to] += 5
            return output

    one, other = (Leaning.load(tiny_model_folder, "cpu") for _ in range(2))
    other.leaning_to = 2
    found = compare(one, other, crops)
    assert not found.holds
    assert found.differing == len(crops)
    target = tmp_path / "out" / "graph.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siga_ocr.engines.export.compare", lambda *_: found)
        with pytest.raises(ModelError, match="does not read as the network"):
            export_onnx(tiny_model_folder, target, crops)
    assert not target.parent.exists()


def test_a_graph_elsewhere_takes_the_weights_along(tiny_model_folder: Path, tmp_path: Path, crops: list[Crop]) -> None:
    export_onnx(tiny_model_folder, tmp_path / "out" / "model.onnx", crops[:2])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.onnx", "model.safetensors"]
    OnnxEngine(tmp_path / "out")


def test_without_crops_nothing_is_claimed(tiny_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no crop"):
        export_onnx(tiny_model_folder, tmp_path / "model.onnx", [])
    assert Parity(1, 0, 2e-3, 0.0).holds is False


def test_reading_on_a_cpu_imports_neither_torch_nor_opencv_nor_pydantic(folder: Path) -> None:
    program = f"""
import sys, numpy
from siga_ocr import Reader
reader = Reader.load({str(folder)!r}, device="cpu")
assert next(reader.read([numpy.zeros((30, 90, 3), numpy.uint8)])).status == "ok"
assert (reader.provenance.engine, reader.provenance.device) == ("onnx", "cpu")
print([name for name in ("torch", "cv2", "pydantic", "onnx", "tqdm", "huggingface_hub") if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
