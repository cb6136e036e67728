"""`siga-ocr train`: a recipe in, a run folder out; what it refuses before any work."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode
from siga_ocr.recipe import parse
from siga_ocr.run_folder import LOCK, held
from siga_ocr.store import checkpoint

RECIPE = """
steps = 3
batch = 4
shard = 8
precision = "float32"
[model]
preset = "compact"
max_length = 8
channels = [4, 8, 8, 8, 8]
blocks = [1, 1, 1]
encoder_layers = 1
encoder_hidden = 8
encoder_size = 8
attention_size = 8
glyph_channels = 8
glyph_hidden = 8
fusion_size = 8
trunk = { entry = 8, coarse = 8, up_middle = 8, middle = 8, up_fine = 8, fine = 8 }
[[sources]]
kind = "rendered"
seed = 1001
style = { families = [["print", 1.0]] }
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["train", *map(str, arguments), "--device", "cpu"])
    return result.exit_code, result.stdout, result.stderr


def test_a_run_leaves_model_metrics_and_recipe(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, stdout, stderr = call(recipe, "--out", out, "--workers", 0, "--threads", 1)
    assert code == ExitCode.OK, stderr
    assert stdout == ""
    assert "finished" in stderr
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert all(np.isfinite(line["loss"]) and line["crops"] > 0 for line in lines)
    assert (out / "recipe.toml").read_text() == (out / "model" / "recipe.toml").read_text() == RECIPE
    assert checkpoint.load(out / "model").config.max_length == 8


def test_a_run_is_taken_up_and_its_metrics_go_on(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert call(recipe, "--out", out, "--workers", 0, "--minutes", 0)[0] == ExitCode.OK
    with (out / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 2, "loss"')
    assert call(recipe, "--out", out, "--workers", 0)[0] == ExitCode.USAGE
    assert call(recipe, "--out", out, "--workers", 0, "--resume")[0] == ExitCode.OK
    assert [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()] == [1, 2, 3]


def test_only_one_run_works_in_a_folder(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with held(out, "--out"):
        for more in ((), ("--resume",)):
            code, _, stderr = call(recipe, "--out", out, "--workers", 0, *more)
            assert code == ExitCode.USAGE
            assert "Another run works in" in stderr
    assert [path.name for path in out.iterdir()] == [LOCK]
    assert call(recipe, "--out", out, "--workers", 0)[0] == ExitCode.OK


def test_a_run_may_start_from_a_models_weights(recipe: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert call(recipe, "--out", first, "--workers", 0, "--steps", 1)[0] == ExitCode.OK
    assert call(recipe, "--out", second, "--workers", 0, "--steps", 1, "--init", first / "model")[0] == ExitCode.OK
    begun = [checkpoint.describe(folder / "model").training["rendered"] for folder in (first, second)]
    assert begun == [{"1001": 8}, {"1001": 16}]


def test_labelled_crops_are_counted_and_drops_are_told(recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "crops"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((20, 40, 3), 99, dtype=np.uint8))
    (folder / "broken.png").write_text("no image")
    (folder / "labels.csv").write_text("file,text\na.png,A 1\nbroken.png,B2\ngone.png,C3\n")
    recipe.write_text(RECIPE + f'[[sources]]\nkind = "labelled"\npath = "{folder}"\n')
    code, _, stderr = call(recipe, "--out", tmp_path / "run", "--workers", 0, "--steps", 1)
    assert code == ExitCode.OK
    assert "1 crops; 2 rows dropped, blanks taken out of 1" in stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [("seed = 999", "999"), ("stepps = 1", "stepps"), ("steps =", "TOML"), ('[[sources]]\nkind="labelled"\npath="nowhere"', "nowhere")],
)
def test_a_recipe_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    code, stdout, stderr = call(path, "--out", tmp_path / "run", "--workers", 0)
    assert code == ExitCode.USAGE
    assert stdout == ""
    assert word in stderr
    assert stderr.count("\n") == 1


def test_a_missing_recipe_and_contradicting_options_are_refused(recipe: Path, tmp_path: Path) -> None:
    assert call(tmp_path / "none.toml")[0] == ExitCode.USAGE
    assert call(recipe, "--out", tmp_path / "run", "--resume", "--init", "x")[0] == ExitCode.USAGE
    assert call(recipe, "--out", tmp_path / "run", "--resume")[0] == ExitCode.MODEL


def test_the_recipe_of_the_page_can_be_used() -> None:
    page = (Path(__file__).parents[2] / "docs" / "train.md").read_text()
    config = parse(page.split("```toml\n")[1].split("```")[0])
    assert [source.kind for source in config.sources] == ["rendered", "labelled"]
