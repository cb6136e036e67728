"""The published networks go through the commands like any other: trained, read with, drawn, scored, fine-tuned."""

import csv
import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from siga_ocr.cli.main import app
from siga_ocr.config import Architecture
from siga_ocr.errors import ExitCode
from siga_ocr.model import build_model
from siga_ocr.store import checkpoint
from tests.narrow import narrow

TEXTS = ("A1B2", "77", "k0x", "9C", *(f"{number}A{11 - number}" for number in range(8)))


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Twelve labelled crops, some of them in capitals."""
    folder = tmp_path / "crops"
    folder.mkdir()
    for text in TEXTS:
        crop = np.full((32, 24 * len(text) + 8, 3), 210, dtype=np.uint8)
        cv2.putText(crop, text, (6, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{text}.png"), crop)
    (folder / "labels.csv").write_text("file,text\n" + "".join(f"{text}.png,{text}\n" for text in TEXTS))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--device", "cpu"])


def recipe(kind: Architecture, crops: Path, path: Path) -> Path:
    """Two steps of a narrow network on the crops."""
    model = narrow(kind)
    sizes = {key: value for key, value in asdict(model).items() if isinstance(value, int | tuple) and key not in ("rectify", "feedback")}
    lines = ['steps = 2\nbatch = 4\nprecision = "float32"', f'[model]\npreset = "{kind}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in sizes.items()]
    lines += ["trunk = { " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in asdict(model.trunk).items()) + " }"]
    lines += [f'[[sources]]\nkind = "labelled"\npath = "{crops}"']
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("kind", ["siga-r", "siga-s", "siga-t"])
def test_a_network_is_trained_read_with_drawn_and_scored(kind: Architecture, crops: Path, tmp_path: Path) -> None:
    trained = run("train", recipe(kind, crops, tmp_path / "small.toml"), "--out", tmp_path / "run", "--workers", 0, "--threads", 1)
    assert trained.exit_code == ExitCode.OK, trained.output
    assert "12 crops; 0 rows dropped" in trained.output
    model = tmp_path / "run" / "model"
    assert checkpoint.describe(model).model == narrow(kind)
    read = run("read", crops, "-r", "--format", "csv", "--model", model, "--attention", tmp_path / "seen", "--quiet")
    assert read.exit_code == ExitCode.OK, read.output
    rows = list(csv.DictReader(read.stdout.splitlines()))
    assert len(rows) == len(TEXTS)
    assert all(len(row["text"]) <= 25 for row in rows)
    assert len(list((tmp_path / "seen").rglob("*.png"))) == len(TEXTS)
    scored = run("evaluate", "--data", crops, "--model", model, "--json", "-")
    assert scored.exit_code == ExitCode.OK, scored.output
    assert json.loads(scored.stdout)["exact"]["count"] == len(TEXTS)


def test_a_published_network_is_fine_tuned(crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siga_ocr.training.machine.core_count", lambda: 1)
    monkeypatch.setattr("siga_ocr.tuning.base_set.COUNT", 6)
    torch.manual_seed(0)
    checkpoint.save(tmp_path / "start", build_model(narrow("siga-t")).eval(), {}, float32=True)
    start = checkpoint.load(tmp_path / "start").state_dict()
    out = tmp_path / "tuned"
    tuned = run("finetune", "--data", crops, "--model", tmp_path / "start", "-o", out, "--steps", 2, "--batch-size", 4)
    assert tuned.exit_code in (ExitCode.OK, ExitCode.NOT_ALL), tuned.output
    for folder in out.rglob("config.json"):
        assert checkpoint.describe(folder.parent).model == narrow("siga-t")
    weights = [checkpoint.load(folder.parent).state_dict() for folder in out.rglob("config.json")]
    assert weights
    assert all(any(not torch.equal(found[name], start[name]) for name in start) for found in weights)
