"""Rules of a model folder: what is saved is what is loaded, and every fault is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from siga_ocr.config import ModelConfig, compact
from siga_ocr.errors import DiskError, ModelError
from siga_ocr.store import checkpoint


class StandIn(nn.Module):
    """The smallest network with each kind of weight."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.part = nn.Sequential(nn.Linear(3, config.charset.class_count), nn.BatchNorm1d(config.charset.class_count))


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "build_model", StandIn)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = StandIn(compact())
    model.part(torch.randn(8, 3) * 1e6)  # variances beyond float16
    checkpoint.save(tmp_path / "model", model, {"steps": 3})  # type: ignore[arg-type]
    return tmp_path / "model"


def test_what_is_saved_is_loaded(folder: Path) -> None:
    torch.manual_seed(0)
    twin = StandIn(compact())
    twin.part(torch.randn(8, 3) * 1e6)
    model = checkpoint.load(folder)
    assert not model.training
    assert model.config == compact()
    assert checkpoint.describe(folder).training == {"steps": 3}
    for name, tensor in model.state_dict().items():
        original = twin.state_dict()[name]
        stored = original if "part.1" in name else original.half().float()
        assert tensor.dtype == original.dtype
        assert torch.equal(tensor, stored), name


def test_float32_keeps_every_bit(tmp_path: Path) -> None:
    model = StandIn(compact())
    checkpoint.save(tmp_path, model, {}, float32=True)  # type: ignore[arg-type]
    loaded = checkpoint.load(tmp_path).state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in model.state_dict().items())


def test_saving_again_replaces_and_leaves_nothing_else(folder: Path) -> None:
    (folder / "README.md").write_text("card")
    checkpoint.save(folder, StandIn(ModelConfig()), {})  # type: ignore[arg-type]
    assert checkpoint.load(folder).config == ModelConfig()
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]


def test_a_failed_save_leaves_the_old_model_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(DiskError, match="No space left"):
            checkpoint.save(folder, StandIn(ModelConfig()), {})  # type: ignore[arg-type]
    assert checkpoint.load(folder).config == compact()
    assert len(list(folder.iterdir())) == 2


def edit(**changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return apply


def edit_model(**changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        model = json.loads((folder / "config.json").read_text())["model"]
        edit(model=model | changes)(folder)

    return apply


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)


FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "config.json").unlink(), "no model folder"),
    (lambda folder: (folder / "config.json").write_text("{"), "JSON"),
    (lambda folder: (folder / "config.json").write_text("[]"), "format None"),
    (edit(format=2), "format 2"),
    (edit(weights_sha256=None), "weights_sha256"),
    (edit(model=None), "model: "),
    (edit_model(max_length="forty"), r"model\.max_length"),
    (edit_model(max_length=0), "max_length must lie"),
    (edit_model(max_lenght=4), r"model\.max_lenght"),
    (edit_model(input={"hight": 32}), r"model\.input\.hight"),
    (edit_model(characters="ab"), "another shape"),
    (lambda folder: (folder / "model.safetensors").unlink(), "No such file"),
    (flip_a_bit, "sha256"),
]


@pytest.mark.parametrize(("break_it", "message"), FAULTS)
def test_every_fault_is_named(folder: Path, break_it: Callable[[Path], object], message: str) -> None:
    break_it(folder)
    with pytest.raises(ModelError, match=message):
        checkpoint.load(folder)


@pytest.mark.parametrize("message", ["lacks part.2.bias, part.2.weight", "holds unknown part.2.bias"])
def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    larger = StandIn(compact())
    larger.part.append(nn.Linear(95, 2))
    saved, built = (StandIn(compact()), larger) if message.startswith("lacks") else (larger, StandIn(compact()))
    checkpoint.save(tmp_path, saved, {})  # type: ignore[arg-type]
    monkeypatch.setattr(checkpoint, "build_model", lambda _: built)
    with pytest.raises(ModelError, match=message):
        checkpoint.load(tmp_path)
