"""Rules of `siga-ocr read --ray`."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.scale.parts import COMPLETE, PartFolder, PartFormat

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 600
"""Seconds for Ray to start, read and end: five on a machine that is idle, minutes on one that is busy."""


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `in/` of ten crops and one that is none."""
    (tmp_path / "in").mkdir()
    for number in range(10):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 60 + 10 * number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    (tmp_path / "in" / "text.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def timeless(lines: str) -> list[dict[str, object]]:
    return [{name: value for name, value in json.loads(line).items() if name not in ("read_at", "elapsed_ms")} for line in lines.splitlines()]


@needs_ray
def test_rows_are_those_of_the_plain_command_and_what_is_written_is_not_read_again(crops: Path, tiny_model_folder: Path) -> None:
    options = ["--model", str(tiny_model_folder), "--device", "cpu", "--mask", "9**"]
    plain = CliRunner().invoke(app, ["read", "in", "absent.png", *options])
    assert plain.exit_code == ExitCode.NOT_ALL
    rows = [json.loads(line) for line in plain.stdout.splitlines()]
    earlier = PartFolder(crops / "out", PartFormat.JSONL)
    earlier.path.mkdir()
    earlier.write(0, rows[4:7])
    before = earlier.part(0).read_bytes()
    command = [sys.executable, "-m", "siga_ocr", "read", "in", "absent.png", *options, "--ray", "local", "-o", "out", "--resume"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(crops)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (plain.exit_code, "", plain.stderr)
    assert earlier.part(0).read_bytes() == before
    assert sorted(path.name for path in earlier.path.iterdir() if path.name[0] != ".") == [COMPLETE, "part-000000.jsonl", "part-000001.jsonl"]
    every = timeless(plain.stdout)
    assert timeless(earlier.part(1).read_text()) == every[:4] + every[7:]


@needs_ray
@pytest.mark.usefixtures("crops")
def test_where_all_is_written_no_ray_is_needed(tiny_model_folder: Path) -> None:
    options = ["--model", str(tiny_model_folder), "--device", "cpu"]
    plain = CliRunner().invoke(app, ["read", "in", *options])
    parts = PartFolder(Path("out"), PartFormat.PARQUET)
    parts.path.mkdir()
    parts.write(4, [json.loads(line) for line in plain.stdout.splitlines()])
    again = CliRunner().invoke(app, ["read", "in", *options, "--ray", "local", "-o", "out", "--resume", "--format", "parquet"])
    assert (again.exit_code, again.stderr) == (plain.exit_code, plain.stderr)
    assert (parts.path / COMPLETE).exists()


@pytest.mark.usefixtures("crops")
@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--format", "parquet"], ExitCode.USAGE, "--ray"),
        (["--ray", "local"], ExitCode.USAGE, "--output DIR"),
        (["--ray", "local", "-o", "-"], ExitCode.USAGE, "--output DIR"),
        (["--ray", "local", "-o", "out", "--format", "csv"], ExitCode.USAGE, "not csv"),
        (["--ray", "local", "-o", "out", "--report", "page.html"], ExitCode.USAGE, "--report"),
        (["--ray", "local", "-o", "out", "--attention", "seen"], ExitCode.USAGE, "--attention"),
        (["--ray", "local", "-o", "out", "--workers", "2"], ExitCode.USAGE, "--threads"),
        (["--ray", "local", "-o", "out", "--device", "cuda:1"], ExitCode.USAGE, "--device cuda"),
        (["--ray", "local", "-o", "out", "--device", "gpu"], ExitCode.USAGE, "Unknown device"),
        (["--ray", "somewhere", "-o", "out"], ExitCode.USAGE, "somewhere"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(arguments: list[str], code: ExitCode, word: str) -> None:
    result = CliRunner().invoke(app, ["read", "in", *arguments])
    assert result.exit_code == code
    assert word in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()


@needs_ray
@pytest.mark.usefixtures("crops")
@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["in", "-o", "in/text.png"], ExitCode.USAGE, "is a file"),
        (["in", "-o", "in"], ExitCode.USAGE, "holds other things"),
        (["in", "-o", "absent/out"], ExitCode.DISK, "absent/out"),
        (["in", "-o", "out", "--model", "absent"], ExitCode.MODEL, "no model 'absent'"),
        (["empty", "-o", "out"], ExitCode.NO_INPUT, "No image in empty"),
        (["in", "-o", "out", "--ray", "127.0.0.1:1"], ExitCode.DEVICE, "127.0.0.1:1"),
    ],
)
def test_each_fault_has_its_exit_code_and_one_line(arguments: list[str], code: ExitCode, word: str) -> None:
    Path("empty").mkdir()
    result = CliRunner().invoke(app, ["read", "--ray", "local", *arguments])
    assert result.exit_code == code
    assert word in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()
