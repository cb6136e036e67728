"""`data check` and `data split` from the command line: what goes to stdout, what is written, and how they end."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        coarse = np.random.default_rng(number).integers(0, 255, (4, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((90, 30), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.png")
    (tmp_path / "labels.csv").write_text("file,text\n" + "".join(f"{n}.png,T{n}\n" for n in range(6)))
    return tmp_path


def data(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def check(model: Path, *arguments: str | Path) -> Result:
    return data("check", "--model", model, *arguments)


def add(folder: Path, *rows: str) -> None:
    with (folder / "labels.csv").open("a", encoding="utf-8") as stream:
        stream.writelines(f"{row}\n" for row in rows)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_clean_set_ends_with_0_and_an_empty_table(folder: Path, tiny_model_folder: Path) -> None:
    result = check(tiny_model_folder, folder, "--doubts", "0")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "6 rows, nothing found.\n"


def test_findings_end_with_1_and_the_rest_is_written(folder: Path, tiny_model_folder: Path) -> None:
    add(folder, "gone.png,A", "0.png,T0", "1.png,\u0422\uff11", "5.png,T 5", "5.png,T6")
    fixed, dropped = folder / "fixed.csv", folder / "dropped.csv"
    result = check(tiny_model_folder, folder, "--doubts", "0", "--fixed", fixed)
    assert result.exit_code == 1
    header, *lines = result.stdout.splitlines()
    assert header.split() == ["line", "file", "text", "finding", "detail", "suggestion"]
    assert lines[0].startswith("7     5.png")
    assert len(lines) == 8
    assert [row["text"] for row in table(fixed)] == ["T0", "T1", "T2", "T3", "T4"]
    assert [row["file"] for row in table(dropped)] == ["5.png", "gone.png", "0.png", "1.png", "5.png", "5.png"]
    assert check(tiny_model_folder, fixed, "--doubts", "0").exit_code == 0
    again = check(tiny_model_folder, folder, "--doubts", "0", "--fixed", fixed)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert check(tiny_model_folder, folder, "--doubts", "0", "--fixed", fixed, "--force").exit_code == 1


def test_json_holds_all_that_the_table_does_and_the_doubts(folder: Path, tiny_model_folder: Path) -> None:
    add(folder, "0.png,T0")
    found = json.loads(check(tiny_model_folder, folder, "--format", "json", "--doubts", "3").stdout)
    assert (found["rows"], found["kept"], found["counts"]) == (7, 6, {"duplicate": 1})
    assert found["findings"][0] | {"detail": ""} == {
        "line": 8, "file": "0.png", "text": "T0", "finding": "duplicate", "detail": "", "suggestion": "",
    }  # fmt: skip
    assert 3 <= len(found["doubts"]) <= 6
    assert all(0 <= doubt["doubt"] <= 1 and doubt["text"] != doubt["reading"] for doubt in found["doubts"] if not doubt["upside_down"])
    as_csv = list(csv.reader(check(tiny_model_folder, folder, "--format", "csv").stdout.splitlines()))
    assert as_csv[1][:4] == ["8", "0.png", "T0", "duplicate"]


def test_doubts_alone_are_no_findings(folder: Path, tiny_model_folder: Path) -> None:
    result = check(tiny_model_folder, folder, "--doubts", "2")
    assert result.exit_code == 0
    assert "the model reads" in result.stdout


def test_characters_and_lengths_that_are_going_to_be_learnt_are_no_findings(folder: Path, tiny_model_folder: Path) -> None:
    (folder / "labels.csv").write_text("file,text\n0.png,\u00c41\n1.png," + "A" * 25 + "\n", encoding="utf-8")
    assert check(tiny_model_folder, folder, "--doubts", "0").exit_code == 1
    assert check(tiny_model_folder, folder, "--doubts", "0", "--charset-add", "\u00c4", "--max-length", "25").exit_code == 0


@pytest.mark.parametrize("name", ["dropped.csv", "labels.csv", "none/fixed.csv"])
def test_places_that_cannot_be_written_to_are_refused_before_any_work(folder: Path, tiny_model_folder: Path, name: str) -> None:
    before = sorted(folder.iterdir())
    assert check(tiny_model_folder, folder, "--fixed", folder / name, "--force").exit_code == 2
    assert sorted(folder.iterdir()) == before


def test_a_folder_without_labels_is_wrong_use(tmp_path: Path, tiny_model_folder: Path) -> None:
    result = check(tiny_model_folder, tmp_path)
    assert result.exit_code == 2
    assert "labels.csv" in result.stderr


def test_a_table_without_a_row_is_no_input(folder: Path, tiny_model_folder: Path) -> None:
    (folder / "labels.csv").write_text("file,text\n")
    results = [check(tiny_model_folder, folder, "--doubts", "0", "--format", form) for form in ("table", "json", "csv")]
    for result in (*results, check(tiny_model_folder, folder), data("split", folder, "--out", folder / "sides")):
        assert result.exit_code == ExitCode.NO_INPUT
        assert "no rows" in result.stderr
        assert result.stdout == ""


def test_texts_can_come_from_names(folder: Path, tiny_model_folder: Path) -> None:
    result = check(tiny_model_folder, folder, "--names", r"(?P<text>\d)", "--doubts", "0")
    assert (result.exit_code, result.stderr) == (0, "6 rows, nothing found.\n")


def test_a_split_writes_two_files_that_are_read_again(folder: Path) -> None:
    out = folder / "sides"
    result = data("split", folder, "--out", out, "--share", "0.34")
    assert result.exit_code == 0, result.stderr
    sides = [table(out / name) for name in ("train.csv", "val.csv")]
    assert [len(side) for side in sides] == [4, 2]
    assert {row["file"] for side in sides for row in side} == {f"../{n}.png" for n in range(6)}
    assert data("split", folder, "--out", out).exit_code == 2
    assert data("split", folder, "--out", out, "--force").exit_code == 0
