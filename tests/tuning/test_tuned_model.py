"""Rules of what is put beside tuned weights: the start's graph as long as it reads them rightly, else one of their own, in integers if that does."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from siga_ocr.data.labels import Sample
from siga_ocr.data.render import render
from siga_ocr.engines import onnx_int8
from siga_ocr.engines.onnx import OnnxEngine
from siga_ocr.engines.onnx_network import network_graph
from siga_ocr.render_style import RenderStyle
from siga_ocr.store.folder import describe, layout
from siga_ocr.store.weights import path_of
from siga_ocr.tuning.tuned_model import Additions, complete

CPU = torch.device("cpu")


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Labelled crops, fewer than a calibration takes."""
    found = []
    for index in range(6):
        drawn = render(6, index, RenderStyle())
        Image.fromarray(np.asarray(drawn.image)).save(tmp_path / f"{index}.png")
        found.append(Sample(tmp_path / f"{index}.png", drawn.text))
    return found


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A start with its graph; and weights beside which nothing stands yet, which are the same."""
    start, staged = tmp_path / "start", tmp_path / "staged"
    for folder in (start, staged):
        shutil.copytree(path_of("code-small"), folder)
    for name in ("model.onnx", "calibration.json"):
        (staged / name).unlink()
    return start, staged


def spoil(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the start's graph cut nearly all that its integers should hold."""
    said = onnx.load(str(start / "model.onnx"), load_external_data=False).metadata_props
    monkeypatch.setattr(onnx_int8, "REACH", 0.3)
    graph = network_graph(describe(start).model, layout(start), "int8")
    graph.metadata_props.extend(said)
    (start / "model.onnx").write_bytes(graph.SerializeToString())


def test_the_starts_graph_goes_along(folders: tuple[Path, Path], samples: list[Sample]) -> None:
    start, staged = folders
    assert complete(staged, start, samples, CPU) == Additions(True, 0)
    assert (staged / "model.onnx").read_bytes() == (start / "model.onnx").read_bytes()


def test_a_graph_that_reads_the_new_weights_wrongly_is_made_anew(folders: tuple[Path, Path], samples: list[Sample]) -> None:
    start, staged = folders
    with pytest.MonkeyPatch.context() as patch:
        spoil(start, patch)
    assert complete(staged, start, samples, CPU).has_graph
    assert OnnxEngine(staged).facts.precision == "int8"
    assert (staged / "model.onnx").read_bytes() == (path_of("code-small") / "model.onnx").read_bytes()


def test_a_damaged_graph_and_crops_that_are_gone_cost_nothing(folders: tuple[Path, Path], samples: list[Sample]) -> None:
    start, staged = folders
    (start / "model.onnx").write_bytes(b"no graph")
    samples[0].path.unlink()
    assert complete(staged, start, samples, CPU).has_graph
    assert (staged / "model.onnx").read_bytes() == (path_of("code-small") / "model.onnx").read_bytes()


def test_where_integers_spoil_the_reading_the_graph_is_in_float32(
    folders: tuple[Path, Path], samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    start, staged = folders
    spoil(start, monkeypatch)
    assert complete(staged, start, samples, CPU).has_graph
    assert OnnxEngine(staged).facts.precision == "float32"
