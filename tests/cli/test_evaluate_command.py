"""`siga-ocr evaluate` as it is called."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.reader import Reader


@pytest.fixture
def labelled(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """Four crops of noise, two of them labelled as the tiny network reads them, in a folder with labels.csv."""
    folder = tmp_path / "set"
    folder.mkdir()
    source = np.random.default_rng(0)
    paths = [folder / f"{number}.png" for number in range(4)]
    for path in paths:
        Image.fromarray(source.integers(0, 255, (32, 90, 3), dtype=np.uint8)).save(path)
    texts = [reading.text for reading in Reader.load(str(tiny_model_folder), "cpu").read(map(str, paths))]
    labels = [texts[0] or "?", texts[1] or "?", texts[2] + "1", texts[3] + "1"]
    rows = "".join(f'{path.name},"{label.replace(chr(34), chr(34) * 2)}"\n' for path, label in zip(paths, labels, strict=True))
    (folder / "labels.csv").write_text("file,text\n" + rows)
    return folder


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_scores_are_shown_and_written(labelled: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "scores.json"
    code, shown, _ = run("--data", labelled, "--model", tiny_model_folder, "--json", target)
    assert code == ExitCode.OK
    content = json.loads(target.read_text())
    assert len(content["crops"]) == 4
    assert content["exact"]["word_accuracy"] == sum(crop["text"] == crop["truth"] for crop in content["crops"]) / 4
    assert f"{100 * content['exact']['word_accuracy']:.1f} (" in shown


def test_json_on_stdout_is_all_there_is(labelled: Path, tiny_model_folder: Path) -> None:
    code, shown, _ = run("--data", labelled, "--model", tiny_model_folder, "--json", "-")
    assert code == ExitCode.OK
    assert json.loads(shown)["exact"]["count"] == 4


def test_a_model_against_itself_shows_no_clear_difference(labelled: Path, tiny_model_folder: Path) -> None:
    code, shown, _ = run("--data", labelled, "--model", tiny_model_folder, "--compare", tiny_model_folder)
    assert code == ExitCode.OK
    assert "+0.0 points" in shown
    assert "no clear difference" in shown


def test_crops_that_cannot_be_opened_are_wrong_listed_and_told(labelled: Path, tiny_model_folder: Path) -> None:
    with (labelled / "labels.csv").open("a") as stream:
        stream.write("gone.png,A1\n2.png,\n")
    code, shown, said = run("--data", labelled, "--model", tiny_model_folder)
    assert code == ExitCode.NOT_ALL
    assert f"could not be opened: {labelled / 'gone.png'}" in shown
    assert "1 rows without a text" in said


def test_what_is_there_is_replaced_only_with_force(labelled: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "scores.json"
    target.write_text("mine")
    arguments = ("--data", labelled, "--model", tiny_model_folder, "--json", target)
    assert run(*arguments)[0] == ExitCode.USAGE
    assert target.read_text() == "mine"
    assert run(*arguments, "--force")[0] == ExitCode.OK
    assert json.loads(target.read_text())["exact"]["count"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.json", "set"]


def test_exit_codes_tell_what_is_missing(labelled: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,text\n")
    assert run("--data", tmp_path, "--model", tiny_model_folder)[0] == ExitCode.NO_INPUT
    assert run("--data", labelled, "--model", tmp_path)[0] == ExitCode.MODEL
    assert run("--data", tmp_path / "none", "--model", tiny_model_folder)[0] == ExitCode.USAGE


@pytest.mark.parametrize("command", ["evaluate"])
def test_help_imports_nothing_heavy(command: str) -> None:
    script = (
        "import sys\nfrom siga_ocr.cli.main import run\n"
        f"sys.argv = ['siga-ocr', {command!r}, '--help']\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "assert not {'torch', 'cv2', 'numpy', 'PIL', 'onnxruntime'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_shows_misread_crops_with_what_the_model_saw(labelled: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    code, _, _ = run("--data", labelled, "--model", tiny_model_folder, "--html", target, "--worst", 1)
    assert code == ExitCode.OK
    content = target.read_text()
    assert content.count('<figure class="crop">') == 1
    assert "data:image/png;base64," in content
