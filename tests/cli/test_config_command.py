"""Rules of settings on the command line: they stand for options, and `config show` says where each came from."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.settings import NAME


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those that a test makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("siga_ocr.settings.user_file", lambda: tmp_path / "user.toml")


def siga_ocr(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment)


def shown(*arguments: str, **environment: str) -> dict[str, tuple[str, str]]:
    lines = siga_ocr("config", "show", *arguments, **environment).stdout.splitlines()
    return {key: (value, origin) for key, value, origin in (line.split("\t") for line in lines)}


def test_each_value_is_shown_with_its_origin() -> None:
    assert shown()["read.batch-size"] == ('"auto"', "default")
    assert shown("--changed") == {}
    Path(NAME).write_text('[read]\nbatch-size = "8"\n')
    Path("user.toml").write_text("[read]\nthreads = 1\n")
    found = shown("read", "--changed", SIGA_OCR_READ_FORMAT="csv")
    assert found["read.batch-size"] == ('"8"', f"{NAME} (read.batch-size)")
    assert found["read.threads"][0] == "1"
    assert found["read.threads"][1].endswith("user.toml (read.threads)")
    assert found["read.format"] == ('"csv"', "SIGA_OCR_READ_FORMAT")
    assert all(key.startswith("read.") for key in shown("read"))


def test_settings_are_the_defaults_of_a_command_and_options_win(tiny_model_folder: Path) -> None:
    Image.new("RGB", (60, 20)).save("a.png")
    Path(NAME).write_text(f'model = "{tiny_model_folder}"\n[read]\nformat = "csv"\nquiet = true\n')
    assert siga_ocr("read", "a.png", "--device", "cpu").stdout.startswith("file,status")
    assert siga_ocr("read", "a.png", "--device", "cpu", SIGA_OCR_READ_FORMAT="jsonl").stdout.startswith("{")
    found = siga_ocr("read", "a.png", "--device", "cpu", "--format", "text", SIGA_OCR_READ_FORMAT="jsonl").stdout
    assert not found.startswith(("{", "file,status"))


@pytest.mark.parametrize(
    ("content", "said"), [("[read]\nthreads = -1", "threads"), ("[read]\nformat = 'xml'", "jsonl"), ("[read]\nthread = 1", "'read.threads'")]
)
def test_a_wrong_setting_ends_any_command_with_its_file_and_key(content: str, said: str) -> None:
    Path(NAME).write_text(content)
    done = siga_ocr("models", "list")
    assert done.exit_code == ExitCode.USAGE
    assert said in done.stderr
    assert f"{NAME}" in done.stderr


def test_a_setting_of_all_commands_holds_where_it_is_taken() -> None:
    Path(NAME).write_text('format = "csv"\n')
    found = shown("--changed")
    assert {key for key, (value, _) in found.items() if value == '"csv"'} == {"read.format", "verify.format", "data.check.format"} == set(found)
    assert siga_ocr("models", "list").exit_code == ExitCode.OK
    assert shown("export", SIGA_OCR_FORMAT="jsonl")["export.format"] == ('"onnx"', "default")
    Path(NAME).write_text('format = "xml"\n')
    done = siga_ocr("models", "list")
    assert (done.exit_code, f"{NAME} (format)" in done.stderr) == (ExitCode.USAGE, True)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float | None]]:
    """What reached `read` of --min-confidence and --max-error; nothing is read."""
    seen = list[tuple[float, float | None]]()

    def least_confidence(min_confidence: float, max_error: float | None, _: str) -> float:
        seen.append((min_confidence, max_error))
        raise UsageError("enough")

    monkeypatch.setattr("siga_ocr.cli.read_rules.least_confidence", least_confidence)
    return seen


BOTH = "min-confidence = 0.9\nmax-error = 0.01\n"


@pytest.mark.parametrize(
    ("content", "environment", "arguments", "rule"),
    [
        ("min-confidence = 0.9\n", {}, ["--max-error", "0.05"], (0.0, 0.05)),
        ("[read]\nmax-error = 0.01\n", {}, ["--min-confidence", "0.5"], (0.5, None)),
        ("max-error = 0.01\n", {}, ["--min-confidence", "0"], (0.0, None)),
        ("min-confidence = 0\n", {}, ["--max-error", "0.05"], (0.0, 0.05)),
        ("", {"SIGA_OCR_MIN_CONFIDENCE": "0.9"}, ["--max-error", "0.05"], (0.0, 0.05)),
        (BOTH, {}, ["--max-error", "0.05"], (0.0, 0.05)),
        (BOTH, {}, ["--min-confidence", "0.5"], (0.5, None)),
        (BOTH, {}, ["--min-confidence", "0.5", "--max-error", "0.05"], (0.5, 0.05)),
        ("min-confidence = 0.9\n[read]\nmax-error = 0.01\n", {}, [], (0.0, 0.01)),
        ("[read]\nmax-error = 0.01\n", {"SIGA_OCR_MIN_CONFIDENCE": "0.9"}, [], (0.9, None)),
        ("", {"SIGA_OCR_MIN_CONFIDENCE": "0.9", "SIGA_OCR_READ_MAX_ERROR": "0.01"}, [], (0.0, 0.01)),
        ("min-confidence = 0\nmax-error = 0.01\n", {}, [], (0.0, 0.01)),
    ],
)
def test_of_two_ways_to_say_one_thing_the_nearer_to_the_command_line_holds(
    rules: list[tuple[float, float | None]], content: str, environment: dict[str, str], arguments: list[str], rule: tuple[float, float | None]
) -> None:
    Path(NAME).write_text(content)
    assert "enough" in siga_ocr("read", "a.png", *arguments, **environment).stderr
    assert rules == [rule]


@pytest.mark.usefixtures("rules")
def test_two_ways_in_one_place_are_named_with_it_by_the_command_that_they_are_for() -> None:
    Path(NAME).write_text(BOTH)
    done = siga_ocr("read", "a.png")
    assert (done.exit_code, "enough" in done.stderr) == (ExitCode.USAGE, False)
    assert f"{NAME} (max-error) and {NAME} (min-confidence) are two ways" in done.stderr
    assert siga_ocr("models", "list").exit_code == ExitCode.OK
    assert (
        "SIGA_OCR_MAX_ERROR and SIGA_OCR_MIN_CONFIDENCE" in siga_ocr("read", "a.png", SIGA_OCR_MAX_ERROR="0.01", SIGA_OCR_MIN_CONFIDENCE="0.9").stderr
    )


def test_what_gives_way_is_not_shown_as_a_setting() -> None:
    Path(NAME).write_text("[read]\nmin-confidence = 0.9\n")
    assert set(shown("read", "--changed", SIGA_OCR_READ_MAX_ERROR="0.01")) == {"read.max-error"}


@pytest.mark.parametrize(
    "content",
    [
        "min-confidence = 2",
        "[watch]\nmin-character-confidence = -1",
        "max-error = 0",
        "[read]\nmax-error = 1.0",
        "n-best = 101",
        "min-confidence = nan",
        "[calibrate]\nmax-error = [0.1, 1]",
        "share = 1",
        "[read]\nthreads = 1025",
    ],
)
def test_a_number_out_of_range_ends_any_command_with_its_file_and_key(content: str) -> None:
    Path(NAME).write_text(content)
    done = siga_ocr("models", "list")
    key = content.splitlines()[-1].split(" =")[0]
    assert (done.exit_code, len(done.stderr.splitlines())) == (ExitCode.USAGE, 1), done.stderr
    assert f"{NAME} (" in done.stderr
    assert f"{key}): " in done.stderr


def test_a_misspelt_variable_is_named() -> None:
    assert "SIGA_OCR_READ_MODLE" in siga_ocr("config", "show", SIGA_OCR_READ_MODLE="x").stderr


def test_a_command_that_is_not_there_is_wrong_use() -> None:
    assert siga_ocr("config", "show", "raed").exit_code == ExitCode.USAGE
