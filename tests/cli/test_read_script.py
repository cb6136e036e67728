"""`siga-ocr read` as shell scripts and stations use it: a process of its own, pipes, kills, full disks."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siga_ocr.errors import ExitCode

ROOT = Path(__file__).parent.parent.parent
SAMPLES = sorted((ROOT / "docs" / "samples").glob("*.png"))
MANY = 200
PATIENCE = 300
"""Seconds for a process of its own on a machine that is busy with other work."""


def start(folder: Path, *arguments: str, before: Callable[[], None] | None = None, out: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "siga_ocr", "read", "--device", "cpu", *arguments]
    pipe = subprocess.PIPE

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts with interrupts ignored, and hands that on
        if before is not None:
            before()

    return subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=out, stderr=pipe, preexec_fn=prepare)


def finished(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def records(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def assert_same(one: bytes, other: bytes) -> None:
    """But for the times, and for what the company in a batch does to the last digits of a confidence."""
    first, second = records(one), records(other)
    same = ("file", "status", "text", "width", "height", "error", "weights_sha256")
    assert [[record[name] for name in same] for record in first] == [[record[name] for name in same] for record in second]
    assert [record["confidence"] or 0 for record in first] == pytest.approx([record["confidence"] or 0 for record in second], abs=1e-4)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder with `list.txt`: the sample crops again and again, and now and then one that is not there."""
    names = [str(SAMPLES[number % len(SAMPLES)]) if number % 50 else f"absent-{number}.png" for number in range(MANY)]
    (tmp_path / "list.txt").write_text("\n".join(names))
    return tmp_path


def wait_for_lines(path: Path, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_station_has_each_record_before_it_sends_the_next_path(tmp_path: Path) -> None:
    process = start(tmp_path, "-", "--format", "jsonl")
    assert process.stdin is not None
    assert process.stdout is not None
    for path in (SAMPLES[0], tmp_path / "absent.png", SAMPLES[1]):
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["file"] == str(path)
    process.stdin.close()
    assert (process.wait(timeout=PATIENCE), process.stdout.read()) == (ExitCode.NOT_ALL, b"")
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


def test_names_from_find_keep_their_bytes(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/a\n\xff.png"
    Path(os.fsdecode(odd)).write_bytes(SAMPLES[0].read_bytes())
    process = start(tmp_path, "-0", "-", "--format", "csv")
    out, _ = process.communicate(odd + b"\0", timeout=PATIENCE)
    assert process.returncode == ExitCode.OK
    assert b'"' + odd + b'",ok,' in out


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_stopped_goes_on_where_it_was(many: Path, deadly: signal.Signals) -> None:
    whole = finished(start(many, "@list.txt", "-o", "whole.jsonl"))
    process = start(many, "-", "-o", "out.jsonl")  # paths that it waits for, so that it cannot end before the signal
    assert process.stdin is not None
    process.stdin.write(b"\n".join((many / "list.txt").read_bytes().split(b"\n")[:60]) + b"\n")
    process.stdin.flush()
    wait_for_lines(many / "out.jsonl.partial", 20)
    process.send_signal(deadly)
    code, out, err = finished(process)
    assert out == b""
    if deadly == signal.SIGINT:
        assert code == ExitCode.INTERRUPTED
        assert b"interrupted" in err
        assert b"--resume" in err
        assert len(err.splitlines()) == 1
    begun = (many / "out.jsonl.partial").read_bytes()
    assert 20 <= begun.count(b"\n") < MANY
    (many / "out.jsonl.partial").write_bytes(begun + b'{"file": "half a rec')
    assert finished(start(many, "@list.txt", "-o", "out.jsonl"))[0] == ExitCode.USAGE
    resumed = finished(start(many, "@list.txt", "-o", "out.jsonl", "--resume"))
    assert resumed == whole
    assert resumed[0] == ExitCode.NOT_ALL
    result = (many / "out.jsonl").read_bytes()
    assert result.startswith(begun)
    assert_same(result, (many / "whole.jsonl").read_bytes())


def test_a_full_disk_is_six_and_what_it_took_is_gone_on_with(many: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    code, _, err = finished(start(many, "@list.txt", "-o", "out.jsonl", before=small_files))
    assert code == ExitCode.DISK
    assert b"File too large" in err
    assert b"--resume" in err
    assert (many / "out.jsonl.partial").stat().st_size == 50_000
    assert finished(start(many, "@list.txt", "-o", "out.jsonl", "--resume"))[0] == ExitCode.NOT_ALL
    assert len(records((many / "out.jsonl").read_bytes())) == MANY


def test_a_stdout_that_takes_nothing_is_six_in_one_line(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    code, _, err = finished(start(tmp_path, str(SAMPLES[0]), out=full))
    os.close(full)
    assert code == ExitCode.DISK
    assert b"No space left" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2> >(true)"])
def test_a_stderr_that_takes_nothing_costs_no_record(tmp_path: Path, redirection: str) -> None:
    command = f'"{sys.executable}" -m siga_ocr read absent.png "{SAMPLES[0]}" --format text --device cpu {redirection}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, check=False)
    assert done.returncode == ExitCode.NOT_ALL
    assert len(done.stdout.splitlines()) == 2


def test_a_result_that_cannot_be_made_is_six(tmp_path: Path) -> None:
    assert finished(start(tmp_path, str(SAMPLES[0]), "-o", "/proc/out.csv"))[0] == ExitCode.DISK


def test_a_dash_is_stdout(tmp_path: Path) -> None:
    code, out, _ = finished(start(tmp_path, str(SAMPLES[0]), "-o", "-", "--format", "text"))
    assert (code, len(out.splitlines()), list(tmp_path.iterdir())) == (ExitCode.OK, 1, [])


@pytest.mark.parametrize(
    ("error", "expected"),
    [("KeyboardInterrupt()", ExitCode.INTERRUPTED), ("main.DiskError('full')", ExitCode.DISK), ("UsageError('x')", ExitCode.USAGE)],
)
def test_what_ends_the_program_is_told_even_if_the_reader_of_stdout_has_gone(error: str, expected: ExitCode) -> None:
    script = f"""
import sys
from siga_ocr.cli import main
from siga_ocr.errors import UsageError
@main.app.command()
def fail() -> None:
    sys.stdout.write("held back")
    raise {error}
sys.argv = ["siga-ocr", "fail"]
main.run()
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {"PYTHONPATH": str(ROOT)}
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", script], env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode == expected
    assert len(done.stderr.splitlines()) == 1


def test_nothing_is_kept_of_the_user_or_the_machine(tmp_path: Path) -> None:
    homes = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "SIGA_OCR_HOME"), str(tmp_path))
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | {"PYTHONPATH": str(ROOT)} | homes
    command = [sys.executable, "-m", "siga_ocr", "read", str(SAMPLES[0]), "--format", "text", "--device", "cpu"]
    assert subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout.strip()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_working_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for words in ("read CROP -o out.csv", "read CROP --ray local -o out", f"evaluate --data {ROOT / 'docs' / 'samples'} --json out.json"):
        command = f'cd gone && rmdir ../gone && "{sys.executable}" -m siga_ocr {words.replace("CROP", str(SAMPLES[0]))}'
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, check=False)
        assert done.returncode == ExitCode.DISK
        assert b"working folder is gone" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        (tmp_path / "gone").mkdir()


def test_help_that_nobody_reads_to_its_end_is_no_fault() -> None:
    command = f'"{sys.executable}" -m siga_ocr read --help | head -1; echo "${{PIPESTATUS[0]}}"'
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], env=environment, stdout=subprocess.PIPE, check=False)
    assert done.stdout.splitlines()[-1] == b"0"
