"""Rules of the command line as a whole."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

import siga_ocr
from siga_ocr import __version__
from siga_ocr.cli.main import app
from siga_ocr.errors import MEANINGS, ExitCode

HEAVY = ("torch", "cv2", "numpy", "PIL", "onnxruntime", "safetensors", "tqdm", "siga_ocr.store.hub", "siga_ocr.recipe", "siga_ocr.reading")


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], (*HEAVY, "pydantic")),
        (["--version"], (*HEAVY, "pydantic")),
        (["read", "--help"], HEAVY),  # Typer itself asks pydantic about a command's parameters
        (["synth", "--help"], HEAVY),
        (["train", "--help"], HEAVY),
        (["data", "check", "--help"], HEAVY),
        (["data", "split", "--help"], HEAVY),
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str], absent: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom siga_ocr.cli.main import run\n"
        f"sys.argv = ['siga-ocr', *{arguments!r}]\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"loaded = [name for name in {absent!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["read", "--help"], ["config", "show"], ["config", "path"], ["doctor"]])
def test_a_full_disk_behind_stdout_is_one_line_and_6(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "siga_ocr", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (ExitCode.DISK, 1), done.stderr
    assert "No space left" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_report_that_comes_last_meets_the_full_disk_too() -> None:
    golden = Path(siga_ocr.__file__).parent / "golden"
    check = [sys.executable, "-m", "siga_ocr", "data", "check", str(golden), "--format", "json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(check, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("No space left")) == (ExitCode.DISK, 1), done.stderr


def test_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"siga-ocr {__version__}\n"


def plain(arguments: list[str]) -> str:
    """What is shown, without frames and line breaks."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", CliRunner().invoke(app, arguments).stdout).split())


def test_help_names_every_exit_code_and_its_meaning() -> None:
    text = plain(["--help"])
    assert set(MEANINGS) == set(ExitCode)
    for code, meaning in MEANINGS.items():
        assert f"{code.value} {meaning}" in text


def test_the_exit_codes_are_documented_as_they_are() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "read.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", page, flags=re.MULTILINE)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANINGS.items()]


def test_help_of_read_begins_with_everyday_options_and_says_what_is_accepted() -> None:
    text = plain(["read", "--help"])
    assert "Whatever is read is accepted" in text
    everyday = text[: text.index("What is read")]
    assert set(re.findall(r"--[a-z-]+", everyday[everyday.index("Options") :])) >= {"--recursive", "--format", "--output", "--model"}
    assert "--device" not in everyday
    assert text.index("What is read") < text.index("What is written") < text.index("How it is computed")


def test_without_a_command_help_is_shown() -> None:
    assert "read" in CliRunner().invoke(app, []).output


def helps(command: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and of every group of them."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        yield from helps(below, (*words, name))


@pytest.mark.parametrize("words", list(helps(typer.main.get_command(app))), ids=" ".join)
def test_every_command_has_help_that_shows_all_that_it_says(words: tuple[str, ...]) -> None:
    text = plain([*words, "--help"])
    command: object = typer.main.get_command(app)
    for word in words:
        command = getattr(command, "commands")[word]  # noqa: B009
    for parameter in getattr(command, "params"):  # noqa: B009
        said = getattr(parameter, "help", None)
        assert "[" not in (said or "")  # what stands in brackets is taken for markup
    assert "Usage: siga-ocr" in text
