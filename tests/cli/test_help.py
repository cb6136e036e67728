"""Rules of the command line as a whole."""

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from siga_ocr import __version__
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode

HEAVY = ("torch", "cv2", "numpy", "PIL", "onnxruntime", "safetensors", "tqdm")


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], (*HEAVY, "pydantic")),
        (["--version"], (*HEAVY, "pydantic")),
        (["read", "--help"], HEAVY),  # Typer itself asks pydantic about a command's parameters
        (["synth", "--help"], HEAVY),
        (["train", "--help"], HEAVY),
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


def test_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"siga-ocr {__version__}\n"


def test_help_names_every_exit_code() -> None:
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", CliRunner().invoke(app, ["--help"]).stdout).split())
    for code in ExitCode:
        assert re.search(rf"\b{code.value} [a-z]", text), code


def test_without_a_command_help_is_shown() -> None:
    assert "read" in CliRunner().invoke(app, []).output
