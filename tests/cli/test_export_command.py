"""Rules of `siga-ocr export`, with a tiny network."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode


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
