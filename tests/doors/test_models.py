"""The door for models: a folder or an archive of a stranger is a model or an error that names it, and nothing in it leads out of it."""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import strategies as st
from onnx import TensorProto

from siga_ocr.config import ModelConfig
from siga_ocr.engines.engine import EngineOutput, numbers
from siga_ocr.engines.onnx import OnnxEngine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import ModelError, UsageError
from siga_ocr.model import build_model
from siga_ocr.parsing import build
from siga_ocr.preprocess import to_batch
from siga_ocr.store import calibration, checkpoint, importing
from siga_ocr.store.card import facts, score_tables
from siga_ocr.store.files import check
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME, describe, graph_key, layout
from tests.doors.edits import VALUES, edited, revalued
from tests.doors.trial import outcome, timed, try_door, watched, within
from tests.narrow import narrow
from tests.tiny import tiny

SHIPPED = Path(__file__).parents[2] / "models" / "code-small"
MEMORY = 2**31


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model folder with a calibration and a card."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("whole") / "model"
    checkpoint.save(folder, build_model(tiny()).eval(), {"steps": 1})
    measured = calibration.Calibration(
        format=1, weights_sha256=describe(folder).weights_sha256, temperature=1.5, crops=9, wrong=1, calibration_error=0.1, promises=()
    )
    (folder / "calibration.json").write_bytes(calibration.serialised(measured))
    (folder / "README.md").write_text("| accuracy |\n| --- |\n| 1 |\n")
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it that may be spoilt, in bounds."""
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    shutil.copytree(whole, tmp_path / "model")
    with watched(tmp_path), within(MEMORY):
        yield tmp_path / "model"


def ask(folder: Path) -> None:
    """All that is ever asked of a folder: an answer, or an error that names it."""
    outcome(lambda: check(folder, str(folder)), str(folder))
    loaded = outcome(lambda: checkpoint.load(folder), str(folder))
    assert loaded is None or all(bool(torch.isfinite(tensor).all()) for tensor in loaded.state_dict().values())
    outcome(lambda: calibration.temperature_of(folder), str(folder))
    outcome(lambda: graph_key(folder), str(folder))
    row = facts("name", "here", "", folder)
    assert row.parameters >= 0
    assert isinstance(score_tables(folder), list)


def rewritten(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder


def test_configurations_describe_a_network_or_are_refused(folder: Path) -> None:
    whole = json.loads((folder / CONFIG_NAME).read_bytes())

    def holds(value: object) -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogatepass")
        ask(rewritten(folder, CONFIG_NAME, content))

    sizes = {"channels": [4, 8, 8, 8, 10**9]}
    known = [b"", b"[" * 10**5, b'{"a":' * 10**5, b"1" * 5000, b" " * 2**21, b"\xff", whole | {"model": whole["model"] | sizes}]
    known += [whole | {"model": whole["model"] | {"characters": "a" * 500_000}}, whole | {"model": whole["model"] | {"characters": "0\x1b"}}]
    try_door(st.one_of(revalued(whole), edited([json.dumps(whole).encode()])), holds, 120, known)


@pytest.mark.parametrize("start", [tiny(), narrow("siga-r"), narrow("siga-s"), narrow("siga-t")], ids=lambda config: config.architecture)
def test_every_configuration_that_is_taken_can_be_built(start: ModelConfig) -> None:
    def holds(value: object) -> None:
        config = outcome(lambda: build(ModelConfig, value, "model"))
        if config is not None:
            with torch.device("meta"):
                assert build_model(config).state_dict()

    spread = st.sampled_from([key for key, value in asdict(start).items() if isinstance(value, int) and not isinstance(value, bool)])
    small = st.tuples(spread, st.sampled_from((0, 1, 2, 3, 7, 16, 4096))).map(lambda one: json.loads(json.dumps(asdict(start))) | dict([one]))
    try_door(st.one_of(revalued(json.loads(json.dumps(asdict(start)))), small), holds, 40)


def test_calibrations_are_used_or_refused(folder: Path) -> None:
    whole = json.loads((folder / "calibration.json").read_bytes())
    whole["promises"] = [{"max_error": 0.01, "threshold": 0.5, "coverage": 0.9, "accepted": 9, "wrong": 0}]

    def holds(value: object) -> None:
        rewritten(folder, "calibration.json", json.dumps(value).encode("utf-8", "surrogatepass"))
        found = outcome(lambda: calibration.read(folder), str(folder))
        assert found is None or 0.01 <= found.temperature <= 100
        outcome(lambda: calibration.threshold_for(str(folder), 0.05), "")

    try_door(revalued(whole), holds, 120, [whole])


def sealed(folder: Path, weights: bytes) -> Path:
    """The folder with these weights, and a configuration that vouches for them."""
    config = json.loads((folder / CONFIG_NAME).read_bytes()) | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    rewritten(folder, CONFIG_NAME, json.dumps(config).encode())
    return rewritten(folder, WEIGHTS_NAME, weights)


def test_weights_are_those_of_the_network_or_refused(folder: Path) -> None:
    whole = (folder / WEIGHTS_NAME).read_bytes()
    size = int.from_bytes(whole[:8], "little")
    head, body = json.loads(whole[8 : 8 + size]), whole[8 + size :]

    def headed(value: object) -> bytes:
        content = json.dumps(value).encode("utf-8", "surrogatepass")
        return len(content).to_bytes(8, "little") + content + body

    name = next(name for name, entry in head.items() if name != "__metadata__" and entry["dtype"] == "F16" and len(entry["shape"]) == 1)

    def with_entry(**changes: object) -> bytes:
        return headed(head | {name: head[name] | changes})

    nan = bytearray(whole)
    place = 8 + size + head[name]["data_offsets"][0]
    nan[place : place + 2] = b"\xff\xff"
    known = [bytes(nan), b"", b"\xff" * 8, headed([]), headed({}), headed(head) + b"more", with_entry(dtype="F8_E8M0"), with_entry(dtype="C64")]
    known += [
        with_entry(shape=[10**12]),
        with_entry(shape=["a"]),
        with_entry(shape=[-1]),
        with_entry(data_offsets=[0, 2**62]),
        with_entry(dtype=["F16"]),
    ]
    known += [(2**63).to_bytes(8, "little") + whole[8:], (2**26).to_bytes(8, "little") + b"[" * 10**5]
    near = 8 + size
    some = st.one_of(edited([whole], [0, 8, near]), st.tuples(st.sampled_from(sorted(head)), VALUES).map(lambda one: headed(head | dict([one]))))
    try_door(some, lambda content: ask(sealed(folder, content)), 80, known)
    with pytest.raises(ModelError, match="no finite numbers"):
        checkpoint.load(sealed(folder, bytes(nan)))
    ask(sealed(folder, whole))
    assert checkpoint.load(folder).config == tiny()


def test_folders_with_links_pipes_and_folders_in_the_place_of_files_are_refused(folder: Path) -> None:
    import os

    for name in (CONFIG_NAME, WEIGHTS_NAME, "calibration.json", "README.md"):
        kept = (folder / name).read_bytes()
        for put in (
            lambda path: os.mkfifo(path),
            lambda path: path.mkdir(),
            lambda path: path.symlink_to("/dev/zero"),
            lambda path: path.symlink_to(path),
        ):
            (folder / name).unlink()
            put(folder / name)
            timed(ask, folder)
            _remove(folder / name)
            rewritten(folder, name, kept)
    ask(folder)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


def archive(folder: Path, names: Callable[[str], str], compression: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression=compression) as packed:
        for path in sorted(folder.iterdir()):
            packed.writestr(names(path.name), path.read_bytes())
        packed.writestr("../../escaped.txt", "out")
        packed.writestr("/tmp/siga-ocr-escaped.txt", "out")
    return stream.getvalue()


def test_archives_are_models_or_refused_and_nothing_leaves_the_store(folder: Path, tmp_path: Path) -> None:
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    packed = [archive(folder, lambda name: f"m/{name}", kind) for kind in kinds]
    outside = archive(folder, lambda name: f"../out/{name}", kinds[0])

    def holds(content: bytes) -> None:
        (tmp_path / "stick.zip").write_bytes(content)
        entry = outcome(lambda: importing.bring(tmp_path / "stick.zip", "stick"), "")
        assert entry is None or not entry.damage()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "model", "stick.zip"]
        assert {path.name for path in (tmp_path / "home").iterdir()} <= {"incoming", "models", "names"}

    try_door(edited(packed, [max(len(content) - 400, 0) for content in packed]), holds, 80, [*packed, outside])
    with pytest.raises(ModelError, match="outside its folder"):
        importing.bring(_written(tmp_path / "stick.zip", outside), "stick")


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def shipped_graph() -> Any:
    return onnx.load(str(SHIPPED / "model.onnx"), load_external_data=False)


@pytest.fixture
def graphed(tmp_path: Path) -> Path:
    """A copy of the model that is shipped, whose graph may be spoilt."""
    shutil.copytree(SHIPPED, tmp_path / "small")
    (tmp_path / "secret.bin").write_bytes(bytes(2**20))
    return tmp_path / "small"


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "sub/../../secret.bin", "link.bin", "model.safetensors/../../secret.bin"])
def test_a_graph_that_names_another_file_is_refused(graphed: Path, location: str) -> None:
    (graphed / "link.bin").symlink_to(graphed.parent / "secret.bin")
    graph = shipped_graph()
    stored = next(one for one in graph.graph.initializer if one.data_location == TensorProto.EXTERNAL)
    next(part for part in stored.external_data if part.key == "location").value = location
    rewritten(graphed, "model.onnx", graph.SerializeToString())
    with pytest.raises(ModelError, match=r"names other files than model\.safetensors"):
        OnnxEngine(graphed)


def test_a_graph_that_spells_the_place_of_its_weights_in_another_order_is_refused(graphed: Path) -> None:
    graph = shipped_graph()
    stored = next(one for one in graph.graph.initializer if one.data_location == TensorProto.EXTERNAL)
    content = graph.SerializeToString()
    before = b"\x0a\x08location\x12\x11model.safetensors"
    assert content.count(before) > 1
    assert stored.name
    rewritten(graphed, "model.onnx", content.replace(before, b"\x12\x11model.safetensors\x0a\x08location", 1))
    with pytest.raises(ModelError, match="names other files"):
        OnnxEngine(graphed)


def test_graphs_that_give_no_numbers_or_something_else_are_refused(graphed: Path) -> None:
    OnnxEngine(graphed)
    for spoil in (_gives_nan, _gives_another_shape, _has_no_output):
        graph = shipped_graph()
        spoil(graph.graph)
        rewritten(graphed, "model.onnx", graph.SerializeToString())
        with pytest.raises(ModelError, match=r"model\.onnx"):
            _run(graphed)
    for content in (b"", b"\xff" * 99, (SHIPPED / "model.onnx").read_bytes()[:20_000]):
        with pytest.raises(ModelError, match=r"model\.onnx"):
            OnnxEngine(rewritten(graphed, "model.onnx", content))


def _run(folder: Path) -> None:
    engine = OnnxEngine(folder)
    engine.run(to_batch([np.zeros((1, 32, 64), dtype=np.uint8)], engine.config.input), 4)


def _renamed(graph: Any, name: str) -> str:
    """Let the node that gives an output give something else, so that another can give it."""
    for node in graph.node:
        for place, given in enumerate(node.output):
            if given == name:
                node.output[place] = f"{name}_before"
    return f"{name}_before"


def _gives_nan(graph: Any) -> None:
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(np.nan, dtype=np.float32), "nothing"))
    graph.node.append(onnx.helper.make_node("Add", [_renamed(graph, "log_probabilities"), "nothing"], ["log_probabilities"]))


def _gives_another_shape(graph: Any) -> None:
    graph.node.append(onnx.helper.make_node("Transpose", [_renamed(graph, "log_probabilities")], ["log_probabilities"], perm=[1, 0, 2]))


def _has_no_output(graph: Any) -> None:
    del graph.output[0]


def test_layouts_of_large_numbers_are_no_layouts(folder: Path) -> None:
    head = json.dumps({"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}).encode()
    rewritten(folder, WEIGHTS_NAME, len(head).to_bytes(8, "little") + head + bytes(4))
    with pytest.raises(ModelError, match="no safetensors file"):
        layout(folder)
    with pytest.raises(UsageError, match="finite"):
        build(ModelConfig, {"dropout": float("nan")}, "model")


def test_a_graph_that_says_the_place_of_its_weights_twice_reads_no_other_file(graphed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(graphed)
    shutil.copyfile(graphed / "model.safetensors", graphed / "other.bin")
    graph = shipped_graph()
    stored = next(one for one in graph.graph.initializer if one.data_location == TensorProto.EXTERNAL)
    place = next(part for part in stored.external_data if part.key == "location")
    last = b"\x12\x09other.bin"  # of a value that stands twice the last one counts
    place.value = "model.safetensors" + "?" * len(last)
    content = graph.SerializeToString()
    before = b"\x12" + bytes([len(place.value)]) + place.value.encode()
    assert content.count(before) == 1
    rewritten(graphed, "model.onnx", content.replace(before, b"\x12\x11model.safetensors" + last))
    with pytest.raises(ModelError, match="cannot be used"):
        OnnxEngine(graphed)


def test_weights_may_be_a_link_to_another_folder(graphed: Path) -> None:
    shutil.move(graphed / "model.safetensors", graphed.parent / "elsewhere.bin")
    (graphed / "model.safetensors").symlink_to(graphed.parent / "elsewhere.bin")
    assert OnnxEngine(graphed).facts.precision == "int8"


@pytest.mark.parametrize("sign", ["\x1b]0;title\x07", "\n", "\ud800"])
def test_a_revision_is_a_line_of_text(folder: Path, sign: str) -> None:
    content = json.loads((folder / CONFIG_NAME).read_text())
    (folder / CONFIG_NAME).write_text(json.dumps(content | {"revision": f"1{sign}2"}))
    with pytest.raises(ModelError, match="no line of text"):
        describe(folder)


def test_weights_that_overflow_are_refused_by_both_engines() -> None:
    fine = np.zeros((1, 2, 3), dtype=np.float32)
    for spoilt in (EngineOutput(fine * np.nan, fine[None]), EngineOutput(fine, fine[None] * np.nan)):
        with pytest.raises(ModelError, match="gives no numbers"):
            numbers(spoilt, "model.onnx")


def test_a_network_of_too_large_weights_gives_an_error(folder: Path) -> None:
    model = checkpoint.load(folder)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(3e38 * weight.sign())
    crop = np.random.default_rng(0).integers(0, 255, (1, 32, 64), dtype=np.uint8)
    with pytest.raises(ModelError, match="gives no numbers"):
        TorchEngine(model, torch.device("cpu")).run(to_batch([crop], tiny().input), 4)
