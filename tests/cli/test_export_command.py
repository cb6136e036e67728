"""Rules of `siga-ocr export`, with a tiny network."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.store.files import sha256_of
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """A folder of two crops and a file that is none."""
    folder = tmp_path / "crops"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (30, 90, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    (folder / "text.png").write_text("no image")
    return folder


def test_a_model_folder_gets_its_graph_and_reads_with_it(tiny_model_folder: Path, tmp_path: Path, crops: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model_folder, model)
    result = CliRunner().invoke(app, ["export", str(model), "--format", "onnx", "--crops", str(crops)])
    assert result.exit_code == ExitCode.OK, result.output
    assert "2 crops read alike" in result.stderr
    assert "text.png is left out" in result.stderr
    assert result.stdout == ""
    read = CliRunner().invoke(app, ["read", str(crops / "0.png"), "--model", str(model), "--engine", "onnx", "--format", "jsonl"])
    assert read.exit_code == ExitCode.OK, read.output
    assert '"engine": "onnx"' in read.stdout.replace('":"', '": "')


def test_what_cannot_be_exported_is_said(tmp_path: Path, crops: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path / "absent"), "--crops", str(crops)])
    assert result.exit_code == ExitCode.MODEL
    assert "absent" in result.stderr


def test_a_model_of_the_store_stays_as_it_came(tiny_model_folder: Path, tmp_path: Path, crops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    assert CliRunner().invoke(app, ["models", "import", str(tiny_model_folder), "--name", "line3"]).exit_code == ExitCode.OK
    refused = CliRunner().invoke(app, ["export", "line3", "--crops", str(crops)])
    assert refused.exit_code == ExitCode.USAGE
    assert "kept as it came" in refused.stderr
    assert CliRunner().invoke(app, ["export", "line3", "-o", str(tmp_path / "copy" / "model.onnx"), "--crops", str(crops)]).exit_code == ExitCode.OK
    assert CliRunner().invoke(app, ["models", "verify", "line3"]).exit_code == ExitCode.OK


def test_weights_of_another_kind_of_number_are_named(tiny_model_folder: Path, tmp_path: Path, crops: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model_folder, model)
    tensors = {name: tensor.bfloat16() if tensor.is_floating_point() else tensor for name, tensor in load_file(model / WEIGHTS_NAME).items()}
    save_file(tensors, model / WEIGHTS_NAME)
    content = json.loads((model / CONFIG_NAME).read_text())
    (model / CONFIG_NAME).write_text(json.dumps(content | {"weights_sha256": sha256_of(model / WEIGHTS_NAME)}))
    result = CliRunner().invoke(app, ["export", str(model), "--crops", str(crops)])
    assert result.exit_code == ExitCode.USAGE
    assert "BF16" in result.stderr


def test_a_full_folder_for_temporary_files_is_named(tiny_model_folder: Path, tmp_path: Path, crops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("siga_ocr.engines.export.shutil.copyfile", full)
    result = CliRunner().invoke(app, ["export", str(tiny_model_folder), "-o", str(tmp_path / "copy" / "model.onnx"), "--crops", str(crops)])
    assert result.exit_code == ExitCode.DISK
    assert "TMPDIR" in result.stderr
