"""Rules of `siga-ocr watch`, end to end with a tiny network."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode


def wait_then_kill(path: Path, number: int) -> None:
    """Send a signal to this process when a record is there, or after a while."""
    for _ in range(200):
        if path.exists() and path.read_bytes().endswith(b"\n"):
            break
        threading.Event().wait(0.1)
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, ExitCode.OK), (signal.SIGINT, ExitCode.INTERRUPTED)])
def test_a_signal_ends_it_cleanly_with_all_that_was_read(tiny_model_folder: Path, tmp_path: Path, number: int, code: ExitCode) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (60, 20)).save(tmp_path / "in" / "a.png")
    path = tmp_path / "out.jsonl"
    killer = threading.Thread(target=wait_then_kill, args=(path, number))
    killer.start()
    options = ["--settle", "0", "--model", str(tiny_model_folder), "--device", "cpu"]
    done = CliRunner().invoke(app, ["watch", str(tmp_path / "in"), "-o", str(path), *options])
    killer.join()
    assert done.exit_code == code, done.output
    (record,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert record["file"] == str(tmp_path / "in" / "a.png")
    assert record["size"] == (tmp_path / "in" / "a.png").stat().st_size
    assert done.stdout == ""


def test_a_folder_that_is_not_there_is_no_input(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["watch", str(tmp_path / "none"), "-o", str(tmp_path / "out.jsonl")])
    assert done.exit_code == ExitCode.NO_INPUT
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("output", "said"), [("-", "not to stdout"), ("pipe", "no regular file"), ("in", "no regular file"), ("none/out", "folder that is there")]
)
def test_records_go_to_a_regular_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "pipe")
    done = CliRunner().invoke(app, ["watch", "in", "-o", output])
    assert done.exit_code == ExitCode.USAGE
    assert said in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "pipe"]


def test_regions_angles_and_formats_are_those_of_read(tiny_model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (60, 20)).save(tmp_path / "in" / "a.png")
    path = tmp_path / "out.jsonl"
    killer = threading.Thread(target=wait_then_kill, args=(path, signal.SIGTERM))
    killer.start()
    rules = ["--roi", "0,0,30,20", "--orientation", "90", "--mask", "99", "--min-margin", "1000", "--n-best", "2"]
    common = ["--settle", "0", "--model", str(tiny_model_folder), "--device", "cpu"]
    done = CliRunner().invoke(app, ["watch", str(tmp_path / "in"), "-o", str(path), *rules, *common])
    killer.join()
    assert done.exit_code == ExitCode.OK, done.output
    record = json.loads(path.read_text())
    assert (record["width"], record["height"], record["orientation"], record["status"]) == (20, 30, 90, "review")
    assert record["text"].isdecimal()
    assert (len(record["text"]), len(record["n_best"])) == (2, 2)
