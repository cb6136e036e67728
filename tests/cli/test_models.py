"""Rules of `siga-ocr models`: what is shown, what is asked, and the exit codes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.store import weights
from siga_ocr.store.folder import WEIGHTS_NAME
from tests.hub_server import Hub, Repository, serving


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store, one small model that comes with the program, and a working folder."""
    (tmp_path / "package").mkdir()
    monkeypatch.setattr(weights, "_PACKAGE", tmp_path / "package")
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "SIGA_OCR_HUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def model(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A model folder with a card; the same model comes with the program as `small`."""
    shutil.copytree(tiny_model_folder, tmp_path / "models" / "small")
    folder = tmp_path / "best"
    shutil.copytree(tiny_model_folder, folder)
    (folder / "README.md").write_text(
        "# line3\n\n| set | exact | CER |\n| --- | --- | --- |\n| line 3 | 98.1 | 0.4 |\n\n| source | licence |\n| --- | --- |\n"
    )
    return folder


@pytest.fixture
def server(model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the model as `acme/line3`."""
    with serving() as state:
        state.repositories["acme/line3"] = made = Repository()
        made.commit({path.name: path.read_bytes() for path in model.iterdir()})
        monkeypatch.setenv("HF_ENDPOINT", state.endpoint)
        yield state


def models(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["models", *map(str, arguments)])


def test_a_model_comes_is_listed_and_goes(model: Path) -> None:
    assert models("import", model, "--name", "line3").exit_code == ExitCode.OK
    rows = [line.split() for line in models("list").stdout.splitlines()]
    assert [row[:2] for row in rows] == [["NAME", "WHERE"], ["small", "embedded"], ["line3", "imported"]]
    folder = Path(models("path", "line3").stdout.strip())
    assert (folder / WEIGHTS_NAME).read_bytes() == (model / WEIGHTS_NAME).read_bytes()
    unasked = models("remove", "line3")
    assert unasked.exit_code == ExitCode.USAGE
    assert "--yes" in unasked.stderr
    assert models("remove", "line3", "--yes").exit_code == ExitCode.OK
    gone = models("path", "line3")
    assert gone.exit_code == ExitCode.MODEL
    assert "models import DIR|ZIP --name line3" in gone.stderr
    assert not folder.exists()


def test_what_comes_with_the_program_stays(model: Path) -> None:
    assert models("remove", "small", "--yes").exit_code == ExitCode.USAGE
    assert models("import", model, "--name", "small").exit_code == ExitCode.USAGE
    assert models("path", "small").exit_code == ExitCode.OK


def test_a_name_that_is_taken_is_replaced_only_if_asked_for(model: Path) -> None:
    assert models("import", model).exit_code == ExitCode.OK
    taken = models("import", model)
    assert taken.exit_code == ExitCode.USAGE
    assert "--force" in taken.stderr
    assert models("import", model, "--force").exit_code == ExitCode.OK
    assert models("path", "./best").stdout.strip() == "best"


def test_info_shows_the_network_the_origin_and_the_scores_of_the_card(model: Path) -> None:
    models("import", model, "--name", "line3")
    shown = models("info", "line3").stdout
    facts = dict(line.split("\t", 1) for line in shown.splitlines() if "\t" in line)
    assert facts["model.architecture"] == "compact"
    assert facts["source"] == str(model)
    assert facts["kind"] == "import"
    assert len(facts["weights_sha256"]) == 64
    assert "| line 3 | 98.1 | 0.4 |" in shown
    assert "licence" not in shown


def test_verify_names_the_damaged_file(model: Path) -> None:
    models("import", model, "--name", "line3")
    assert models("verify").stdout.splitlines() == ["small\tsound", "line3\tsound"]
    stored = Path(models("path", "line3").stdout.strip()) / "README.md"
    stored.write_text("changed")
    done = models("verify")
    assert done.exit_code == ExitCode.MODEL
    assert done.stdout.splitlines() == ["small\tsound", "line3\tREADME.md has changed"]
    assert models("verify", "small").exit_code == ExitCode.OK


@pytest.mark.usefixtures("model")
def test_verify_finds_what_is_wrong_with_an_embedded_model(tmp_path: Path) -> None:
    path = tmp_path / "models" / "small" / WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    done = models("verify")
    assert done.exit_code == ExitCode.MODEL
    assert "sha256 differs" in done.stdout
    (path.parent / "config.json").write_text("{")
    assert models("list").stdout.splitlines()[1].split()[:3] == ["small", "embedded", "-"]


def test_a_pulled_model_reads_and_every_record_names_its_commit(server: Hub, tmp_path: Path) -> None:
    commit = server.repositories["acme/line3"].branches["main"]
    done = models("pull", "hf:acme/line3")
    assert done.exit_code == ExitCode.OK
    assert commit in done.stderr
    assert commit[:12] in models("list").stdout
    asked = len(server.requests)
    Image.fromarray(np.full((32, 96, 3), 200, np.uint8)).save(tmp_path / "crop.png")
    read = CliRunner().invoke(app, ["read", "crop.png", "--model", "hf:acme/line3", "--format", "jsonl", "--engine", "torch", "--device", "cpu"])
    assert read.exit_code == ExitCode.OK, read.stderr
    record = json.loads(read.stdout)
    assert (record["model"], record["model_revision"]) == ("hf:acme/line3", commit)
    assert len(server.requests) == asked


def test_what_cannot_be_had_is_exit_4_with_the_command_that_brings_it(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    server.status = 404
    assert models("pull", "hf:acme/line3").exit_code == ExitCode.MODEL
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for command in (["models", "info", "hf:acme/line3"], ["read", "x.png", "--model", "hf:acme/line3"]):
        Path("x.png").touch()
        done = CliRunner().invoke(app, command)
        assert done.exit_code == ExitCode.MODEL
        assert "siga-ocr models pull hf:acme/line3" in done.stderr
    assert models("pull", "large").exit_code == ExitCode.USAGE
    assert models("pull", "hf:acme").exit_code == ExitCode.USAGE


def test_a_dry_push_shows_what_would_go_and_asks_nobody(server: Hub, model: Path) -> None:
    done = models("push", "./best", "hf:acme/new", "--dry-run")
    assert done.exit_code == ExitCode.OK
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == sorted(path.name for path in model.iterdir())
    assert not server.requests
    (model / WEIGHTS_NAME).write_bytes(b"damaged")
    assert models("push", "./best", "hf:acme/new", "--dry-run").exit_code == ExitCode.MODEL


def test_a_push_without_a_right_to_it_is_exit_4(server: Hub) -> None:
    done = models("push", "small", "hf:acme/new")
    assert done.exit_code == ExitCode.MODEL
    assert "HF_TOKEN" in done.stderr
    assert "acme/new" not in server.repositories


@pytest.mark.parametrize("arguments", [["models", "--help"], ["models", "list"], ["models", "info", "code-base"], ["models", "path", "code-small"]])
def test_what_is_here_needs_neither_the_hub_s_library_nor_pytorch(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom siga_ocr.cli.main import run\n"
        f"sys.argv = ['siga-ocr', *{arguments!r}]\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "loaded = [name for name in ('huggingface_hub', 'torch', 'numpy', 'onnxruntime') if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent.parent)
    assert done.returncode == 0, done.stderr


def test_what_a_model_says_of_itself_moves_no_cursor(model: Path) -> None:
    content = json.loads((model / "config.json").read_text())
    content["training"] = {"note": "a\x1b]0;title\x07\nweights_sha256\tforged \ud800"}
    (model / "config.json").write_text(json.dumps(content))
    (model / "README.md").write_text("| exact |\n| --- |\n| \x1b[2J98 |\n")
    assert models("import", model, "--name", "line3").exit_code == ExitCode.OK
    shown = models("info", "line3")
    assert shown.exit_code == ExitCode.OK, shown.output
    assert "\x1b" not in shown.stdout
    assert not [line for line in shown.stdout.splitlines() if line.startswith("weights_sha256\tforged")]
    assert "98" in shown.stdout


def test_an_address_that_no_file_can_be_called_by_is_refused() -> None:
    assert models("import", "x", "--name", "y").exit_code == ExitCode.MODEL
    for command in ("path", "remove"):
        result = models(command, f"hf:{'a' * 150}/{'b' * 90}")
        assert result.exit_code == ExitCode.USAGE
        assert "is no address on the hub" in result.stderr
