"""Rules of `siga-ocr read`, end to end with a tiny network."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr import __version__
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.reader import Reader
from siga_ocr.reading import Reading
from siga_ocr.writers import Format

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300
"""Seconds for a process of its own: a machine that is busy with other work may need a minute to import PyTorch."""


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `in/` of two crops and, below it, one more of an equal name."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for number, name in enumerate(("b.png", "a.png", "sub/a.png")):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def options(tiny_model_folder: Path) -> list[str]:
    return ["--model", str(tiny_model_folder), "--device", "cpu"]


TIMES = ("read_at", "elapsed_ms")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def timeless(text: str) -> list[dict[str, str]]:
    """CSV without what differs from run to run."""
    return [{name: cell for name, cell in row.items() if name not in TIMES} for row in rows(text)]


@pytest.mark.usefixtures("crops")
def test_a_row_for_each_image_in_the_order_given_and_nothing_else_on_stdout(options: list[str]) -> None:
    Path("text.png").write_text("no image")
    result = CliRunner().invoke(app, ["read", "text.png", "in", "absent.png", "--format", "csv", *options])
    assert result.exit_code == ExitCode.NOT_ALL
    table = rows(result.stdout)
    assert [(row["file"], row["status"]) for row in table] == [
        ("text.png", "error"),
        ("in/a.png", "ok"),
        ("in/b.png", "ok"),
        ("absent.png", "error"),
    ]
    assert result.stderr == "2 of 4 images could not be read.\n"
    quiet = CliRunner().invoke(app, ["read", "text.png", "in", "absent.png", "--format", "csv", "--exit-zero", "--quiet", *options])
    assert (quiet.exit_code, timeless(quiet.stdout)) == (ExitCode.OK, timeless(result.stdout))
    assert quiet.stderr == ""


@pytest.mark.usefixtures("crops")
def test_formats_agree_and_auto_is_json_lines_where_nobody_watches(options: list[str]) -> None:
    results = {form.value: CliRunner().invoke(app, ["read", "in", "-r", "--format", form, *options]) for form in Format}
    assert {result.exit_code for result in results.values()} == {ExitCode.OK}
    automatic = CliRunner().invoke(app, ["read", "in", "-r", *options])
    assert [json.loads(line)["file"] for line in automatic.stdout.splitlines()] == ["in/a.png", "in/b.png", "in/sub/a.png"]
    records = [json.loads(line) for line in results["jsonl"].stdout.splitlines()]
    assert [record["file"] for record in records] == ["in/a.png", "in/b.png", "in/sub/a.png"]
    assert [record["text"] for record in records] == [row["text"] for row in rows(results["csv"].stdout)]
    assert [record["text"] for record in records] == [line.split("\t")[2] for line in results["tsv"].stdout.splitlines()[1:]]
    assert [record["text"] for record in records] == [line.split("\t")[1] for line in results["table"].stdout.splitlines()]
    assert [record["text"] for record in records] == results["text"].stdout.splitlines()


@pytest.mark.usefixtures("crops")
def test_output_goes_to_the_file_alone(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", "in", "--format", "csv", "-o", "out.csv", *options])
    assert (result.exit_code, result.stdout) == (ExitCode.OK, "")
    assert [row["file"] for row in rows(Path("out.csv").read_text())] == ["in/a.png", "in/b.png"]
    assert not Path("out.csv.partial").exists()


@pytest.mark.usefixtures("crops")
def test_attention_draws_one_picture_a_crop_and_changes_no_record(options: list[str]) -> None:
    Path("text.png").write_text("no image")
    plain = CliRunner().invoke(app, ["read", "in", "text.png", "-r", "--format", "csv", *options])
    drawn = CliRunner().invoke(app, ["read", "in", "text.png", "-r", "--format", "csv", "--attention", "seen", *options])
    assert {plain.exit_code, drawn.exit_code} == {ExitCode.NOT_ALL}, (plain.stderr, drawn.stderr)
    assert [(row["file"], row["text"]) for row in rows(drawn.stdout)] == [(row["file"], row["text"]) for row in rows(plain.stdout)]
    assert sorted(path.name for path in Path("seen").iterdir()) == ["00001-a.png", "00002-b.png", "00003-a.png"]
    Image.open("seen/00001-a.png").close()


@pytest.mark.usefixtures("crops")
@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["in/sub/nothing", "--model", "absent"], ExitCode.MODEL, "no model 'absent'"),
        (["in", "--device", "cuda:99"], ExitCode.DEVICE, "cuda:99"),
        (["in", "--device", "gpu"], ExitCode.USAGE, "Unknown device"),
        (["empty"], ExitCode.NO_INPUT, "No image in empty"),
        (["in", "-o", "absent/out.csv"], ExitCode.DISK, "absent/out.csv"),
        (["in", "--attention", "in/a.png"], ExitCode.DISK, "--attention"),
        (["in", "-o", "in/a.png"], ExitCode.USAGE, "--force"),
        (["in", "--resume"], ExitCode.USAGE, "--output"),
        (["in", "-o", "out.txt", "--format", "text", "--resume"], ExitCode.USAGE, "--format text"),
        (["in", "--roi", "1,2,0,4"], ExitCode.USAGE, "X,Y,W,H"),
        (["in", "--roi", "1,2,3"], ExitCode.USAGE, "X,Y,W,H"),
        (["in", "--batch-size", "many"], ExitCode.USAGE, "--batch-size"),
        (["in", "--batch-size", "9" * 5000], ExitCode.USAGE, "at most 9 digits"),
        (["@absent.txt"], ExitCode.NO_INPUT, "no list 'absent.txt'"),
        (["in", "--glob", "*.gif"], ExitCode.NO_INPUT, "*.gif"),
        (["in", "--report", "a" * 300], ExitCode.DISK, "too long"),
        (["in", "-o", "in"], ExitCode.USAGE, "is a folder"),
        (["in", "--model", "a" * 300], ExitCode.MODEL, "no model"),
    ],
)
def test_each_fault_has_its_exit_code_and_one_line(options: list[str], arguments: list[str], code: ExitCode, word: str) -> None:
    Path("empty").mkdir()
    result = CliRunner().invoke(app, ["read", *options, *arguments])
    assert result.exit_code == code
    assert word in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.usefixtures("crops")
def test_of_several_faults_the_gravest_is_said() -> None:
    """Each fault, the gravest first, joined to all that weigh less."""
    Path("empty").mkdir()
    faults = {
        ExitCode.DISK: ["-o", "absent/out.csv"],
        ExitCode.DEVICE: ["--device", "cuda:99"],
        ExitCode.MODEL: ["--model", "absent"],
        ExitCode.NO_INPUT: ["empty"],
    }
    codes = list(faults)
    for place, code in enumerate(codes):
        arguments = [word for lesser in codes[place:] for word in faults[lesser]]
        assert CliRunner().invoke(app, ["read", *arguments]).exit_code == code
    assert CliRunner().invoke(app, ["read", "-", "-", *faults[ExitCode.MODEL]]).exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    "arguments",
    [
        ["read"],
        ["read", "a.png", "--format", "pdf"],
        ["read", "a.png", "--colour"],
        ["scan"],
        *(["read", "a.png", *wrong] for wrong in (["--min-confidence", "1.5"], ["--max-error", "1"], ["--n-best", "101"])),
    ],
)
def test_wrong_use_is_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == ExitCode.USAGE


@pytest.mark.usefixtures("crops")
def test_an_interruption_is_130(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Reader, sources: Iterator[str]) -> Iterator[Reading]:
        yield Reading(next(sources), "ok", "A1", 0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr(Reader, "read", interrupted)
    result = CliRunner().invoke(app, ["read", "in", "-o", "out.jsonl", *options])
    assert result.exit_code == ExitCode.INTERRUPTED
    assert re.fullmatch(r"siga-ocr: interrupted\. .*out\.jsonl\.partial.*--resume.*\n", result.stderr)
    assert json.loads(Path("out.jsonl.partial").read_text())["file"] == "in/a.png"


def program(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "LC_ALL": "C", "PYTHONWARNINGS": "error"}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "siga_ocr", *arguments], cwd=folder, env=environment, stdout=pipe, stderr=pipe)


def test_the_program_survives_odd_names_and_says_nothing_unasked(crops: Path, options: list[str]) -> None:
    odd = b"in/\xff \xc3\xa9.png"
    (crops / "in" / "a.png").rename(crops / os.fsdecode(odd))
    process = program(["read", "in", "--format", "csv", *options], crops)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")
    assert out.splitlines()[2].startswith(odd + b",ok,")


def test_a_reader_that_leaves_is_no_fault(crops: Path, options: list[str]) -> None:
    process = program(["read", *["in/a.png"] * 3000, *options], crops)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_closed_streams_change_no_record(crops: Path, options: list[str], closed: str) -> None:
    (crops / "in" / "broken.png").write_bytes(b"no image")
    command = f'"{sys.executable}" -m siga_ocr read in --format csv {" ".join(options)}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    plain, silent = (
        subprocess.run(["sh", "-c", line], cwd=crops, env=environment, stdout=subprocess.PIPE, check=False)
        for line in (command, f"{command} {closed}")
    )
    assert timeless(silent.stdout.decode()) == timeless(plain.stdout.decode())
    assert len(plain.stdout.splitlines()) == 4
    assert silent.returncode == plain.returncode == ExitCode.NOT_ALL


def test_with_stdout_closed_the_exit_code_still_says_what_was_accepted(crops: Path, options: list[str]) -> None:
    (crops / "in" / "broken.png").write_bytes(b"no image")
    command = f'"{sys.executable}" -m siga_ocr read in {" ".join(options)} >&-'
    done = subprocess.run(["sh", "-c", command], cwd=crops, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.NOT_ALL, b"", b"1 of 3 images could not be read.\n")


@pytest.mark.usefixtures("crops")
def test_a_rule_gives_reviews_and_they_are_not_accepted(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", "in", "absent.png", "--format", "csv", "--min-confidence", "1", *options])
    assert result.exit_code == ExitCode.NOT_ALL
    assert [row["status"] for row in rows(result.stdout)] == ["review", "review", "error"]
    assert result.stderr == "1 of 3 images could not be read; 2 of 3 readings are less sure than 1.\n"
    assert CliRunner().invoke(app, ["read", "in", "--min-confidence", "1", "--exit-zero", *options]).exit_code == ExitCode.OK
    assert CliRunner().invoke(app, ["read", "in", *options]).exit_code == ExitCode.OK


@pytest.mark.usefixtures("crops")
def test_a_region_is_what_is_read_and_a_trace_names_the_file_s_bytes(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", "in", "--roi", "80, 5, 40, 9", "--trace", *options])
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(record["width"], record["height"]) for record in records] == [(10, 9)] * 2
    assert records[0]["image_sha256"] == hashlib.sha256(Path("in/a.png").read_bytes()).hexdigest()
    beyond = CliRunner().invoke(app, ["read", "in/a.png", "--roi", "90,0,5,5", *options])
    assert beyond.exit_code == ExitCode.NOT_ALL
    assert "outside the image of 90 x 30" in json.loads(beyond.stdout)["error"]


def test_records_say_what_was_read_with_and_when(crops: Path, options: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", str(crops / "in" / "a.png"), *options])
    record = json.loads(result.stdout)
    weights = hashlib.sha256((Path(options[1]) / "model.safetensors").read_bytes()).hexdigest()
    assert (record["weights_sha256"], record["device"], record["tool_version"]) == (weights, "cpu", __version__)
    assert record["engine"] in ("onnx", "torch")
    assert datetime.fromisoformat(record["read_at"]).utcoffset() == timedelta(0)
    assert record["elapsed_ms"] > 0


@pytest.mark.usefixtures("crops")
def test_names_patterns_and_lists_reach_the_search(options: list[str]) -> None:
    Path("in/b.png").rename("in/b.dat")
    Path("list").write_bytes(b"in\0in/sub/a.png\0")
    result = CliRunner().invoke(app, ["read", "@list", "-0", "--glob", "*.dat", "--format", "csv", *options])
    assert [row["file"] for row in rows(result.stdout)] == ["in/b.dat", "in/sub/a.png"]
    piped = CliRunner().invoke(app, ["read", "-", "--format", "csv", *options], input="in/a.png\n\nin/b.dat")
    assert [row["file"] for row in rows(piped.stdout)] == ["in/a.png", "in/b.dat"]


def test_the_run_goes_on_whatever_an_image_is(crops: Path, options: list[str]) -> None:
    folder = crops / "odd"
    folder.mkdir()
    noise = Image.effect_noise((90, 30), 90)
    whole = {"dot.png": Image.new("L", (1, 1)), "line.png": Image.new("L", (20_000, 1), 90), "tall.png": Image.new("L", (4, 3000), 90)}
    whole |= {"bits.tif": noise.convert("1"), "clear.png": noise.convert("LA"), "ink.jpg": noise.convert("CMYK"), "palette.bmp": noise.convert("P")}
    for name, picture in whole.items():
        picture.save(folder / name)
    noise.save(folder / "moving.webp", save_all=True, append_images=[noise.rotate(180)])
    noise.save(folder / "cut.jpg")
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:900])
    Image.new("1", (20_000, 10_000)).save(folder / "bomb.png")
    (folder / "none.png").write_bytes(b"")
    (folder / "words.png").write_text("no image")
    (folder / "loop.png").symlink_to("loop.png")
    result = CliRunner().invoke(app, ["read", "odd", "gone/", "in/a.png", "--format", "csv", *options])
    statuses = {Path(row["file"]).name: row["status"] for row in rows(result.stdout)}
    refused = {"cut.jpg", "bomb.png", "none.png", "words.png", "loop.png", "gone"}
    assert statuses == dict.fromkeys((*whole, "moving.webp", "a.png"), "ok") | dict.fromkeys(refused, "error")
    assert result.exit_code == ExitCode.NOT_ALL
    assert result.stderr == f"{len(refused)} of {len(statuses)} images could not be read.\n"


@pytest.mark.usefixtures("crops")
def test_a_format_is_obeyed_and_recorded(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["read", "in", "--mask", "AA-9", "--n-best", "2", "--min-margin", "0.1", "--format", "jsonl", *options])
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 2
    for record in records:
        assert re.fullmatch("[A-Za-z]{2}-[0-9]", record["text"])
        assert record["n_best"][0]["text"] == record["text"]
        assert (record["search"], record["constraint_cost"] >= 0) == ("exact", True)
        assert record["raw_text"] is not None
    plain = CliRunner().invoke(app, ["read", "in", "--format", "jsonl", *options])
    assert [json.loads(line)["text"] for line in plain.stdout.splitlines()] == [record["raw_text"] for record in records]
    wrong = CliRunner().invoke(app, ["read", "in", "--mask", "9" * 99, *options])
    assert (wrong.exit_code, "can never read" in wrong.stderr) == (ExitCode.USAGE, True)
