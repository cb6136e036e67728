"""A checkpoint of the authors becomes a model folder, whole; what is no such checkpoint is refused, names what is wrong, and runs nothing."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.config import Architecture
from siga_ocr.errors import ExitCode, ModelError
from siga_ocr.model import build_model
from siga_ocr.store.foreign import network
from siga_ocr.store.official import converted
from siga_ocr.store.official_names import official_name
from tests.narrow import narrow

SMALL: list[Architecture] = ["siga-r", "siga-s"]
BLOCKS = {"siga-r": "model_one.FeatureExtraction.ConvNet.layer1.0.bn1.weight", "siga-s": "model_one.FeatureExtraction.blocks1.0.mixer.qkv.weight"}


def states(kind: Architecture) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Ours, and the same as a checkpoint of the authors has it."""
    torch.manual_seed(0)
    ours = build_model(narrow(kind)).state_dict()
    return ours, {f"module.{official_name(name, kind)}": tensor for name, tensor in ours.items()}


@pytest.mark.parametrize("kind", SMALL)
def test_every_tensor_finds_its_place_and_what_nothing_uses_is_dropped(kind: Architecture) -> None:
    ours, theirs = states(kind)
    assert f"module.{BLOCKS[kind]}" in theirs
    theirs["module.model_two.downsampler.bias"] = torch.zeros(3)
    theirs["module.model_one.Transformation.GridGenerator.inv_delta_C"] = torch.zeros(23, 23)
    found = converted(theirs, ours, kind)
    assert found.keys() == ours.keys()
    assert all(torch.equal(found[name], ours[name]) for name in ours)


def test_missing_unknown_and_misshapen_keys_are_named() -> None:
    ours, theirs = states("siga-r")
    without = {name: tensor for name, tensor in theirs.items() if "layer1.0.bn1.weight" not in name}
    with pytest.raises(ModelError, match=r"lacks model_one\.FeatureExtraction\.ConvNet\.layer1\.0\.bn1\.weight\. Is it one of siga-r"):
        converted(without, ours, "siga-r")
    with pytest.raises(ModelError, match=r"does not have: mgp_str\.cls_token"):
        converted(theirs | {"module.mgp_str.cls_token": torch.zeros(1)}, ours, "siga-r")
    with pytest.raises(ModelError, match=r"another shape for model_two\.pw\.bias"):
        converted(theirs | {"module.model_two.pw.bias": torch.zeros(1)}, ours, "siga-r")
    with pytest.raises(ModelError, match=r"lacks .* and \d+ more"):
        converted({}, ours, "siga-r")


def test_counters_of_normalisation_may_be_missing() -> None:
    ours, theirs = states("siga-r")
    found = converted({name: tensor for name, tensor in theirs.items() if "num_batches" not in name}, ours, "siga-r")
    assert found.keys() == ours.keys()


def test_the_classes_of_siga_t_are_put_into_our_order() -> None:
    config = narrow("siga-t")
    ours = build_model(config).state_dict()
    theirs = {official_name(name, "siga-t"): tensor for name, tensor in ours.items()}
    place = torch.arange(38.0)
    theirs["mgp_str.generator.generator.bias"] = place
    for name in [name for name in theirs if name.endswith("char_embeddings.weight")]:
        theirs[name] = torch.arange(39.0)[:, None].expand(39, config.embedding_size)
    found = converted(theirs, ours, "siga-t")
    assert found["head.decoder.classify.bias"].tolist() == [*range(1, 38), 0]  # end, characters, start
    assert found["head.decoder.previous.table.weight"][:, 0].tolist() == [*range(1, 38), 0]


class Touches:
    """What unpickles to a command."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"net": {"module.x": "words"}}, "is no plain tensor"),
        ({"net": {"module.x": torch.zeros(2, 2).to_sparse()}}, "is no plain tensor"),
        ({"net": {}}, "holds no network"),
        ([torch.zeros(2)], "holds no network"),
        ({"net": {"x": torch.zeros(1).expand(10**12)}}, "is no plain tensor"),
    ],
    ids=["words", "sparse", "empty", "list", "one number many times"],
)
def test_what_is_no_checkpoint_of_the_authors_is_refused(content: object, named: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "file.pth")
    with pytest.raises(ModelError, match=named):
        network(tmp_path / "file.pth")


def test_a_checkpoint_of_another_network_leaves_nothing(tmp_path: Path) -> None:
    torch.save({"net": {"module.x": torch.zeros(2)}}, tmp_path / "file.pth")
    result = CliRunner().invoke(app, ["models", "convert", str(tmp_path / "file.pth"), "--arch", "siga-r", "-o", str(tmp_path / "out")])
    assert result.exit_code == ExitCode.MODEL
    assert "lacks" in result.output
    assert not (tmp_path / "out").exists()


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    file, touched = tmp_path / "file.pth", tmp_path / "touched"
    torch.save({"net": {"module.x": Touches(touched)}}, file)
    result = CliRunner().invoke(app, ["models", "convert", str(file), "--arch", "siga-s", "-o", str(tmp_path / "out")])
    assert result.exit_code == ExitCode.MODEL
    assert "opened safely" in result.output
    assert "posix.system" in result.output or "nt.system" in result.output
    assert "weights_only" not in result.output  # no advice to open it otherwise
    assert not touched.exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"PK\x03\x04 nothing", b"no pickle at all" * 50])
def test_files_that_are_damaged_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"file\.pth"):
        network(tmp_path / "file.pth")


def test_numbers_of_another_kind_and_infinities_are_named() -> None:
    ours, theirs = states("siga-r")
    for wrong in (torch.full_like(theirs["module.model_two.pw.bias"], torch.nan), theirs["module.model_two.pw.bias"] > 0):
        with pytest.raises(ModelError, match=r"no finite numbers of the right kind in model_two\.pw\.bias"):
            converted(theirs | {"module.model_two.pw.bias": wrong}, ours, "siga-r")
    with pytest.raises(ModelError, match=r"twice, with and without module\.: model_two\.pw\.bias"):
        converted(theirs | {"model_two.pw.bias": theirs["module.model_two.pw.bias"]}, ours, "siga-r")


def test_a_model_that_is_there_stays(tiny_model_folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["models", "convert", str(tmp_path / "none.pth"), "--arch", "siga-t", "-o", str(tiny_model_folder)])
    assert result.exit_code == ExitCode.USAGE
    assert "holds a model already" in result.output
    missing = CliRunner().invoke(app, ["models", "convert", str(tmp_path / "none.pth"), "--arch", "siga-t", "-o", str(tmp_path / "out")])
    assert missing.exit_code == ExitCode.MODEL
    assert "cannot be read" in missing.output
