"""Rules of verifying: likelihoods decide, not two texts."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siga_ocr.charset import Charset
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.verify import Difference, check_expected, differences, verified
from siga_ocr.writers import Format

AB = Charset("AB")
ROWS = np.log(np.array([[0.1, 0.6, 0.3], [0.98, 0.01, 0.01], [0.98, 0.01, 0.01]], dtype=np.float32))


@pytest.mark.parametrize(
    ("expected", "bar", "outcome", "margin"),
    [
        ("A", 0.5, "match", math.log(2)),
        ("A", 1.0, "unsure", math.log(2)),
        ("B", 1.0, "unsure", -math.log(2)),
        ("B", 0.5, "mismatch", -math.log(2)),
        ("BA", 2.2, "mismatch", math.log(0.3 * 0.01 / 0.6)),
    ],
)
def test_the_margin_to_the_best_other_text_decides(expected: str, bar: float, outcome: str, margin: float) -> None:
    found = verified(ROWS, expected, AB, bar)
    assert (found.outcome, found.other) == (outcome, "B" if expected == "A" else "A")
    assert found.margin == pytest.approx(margin, abs=1e-5)
    assert bool(found.differences) == (outcome != "match")


def test_differences_have_their_place_in_the_expected_text() -> None:
    assert differences("ABC", "AXC") == (Difference(2, "B", "X"),)
    assert differences("ABC", "AC") == (Difference(2, "B", ""),)
    assert differences("AC", "ABC") == (Difference(2, "", "B"),)


def test_what_cannot_be_read_cannot_be_expected() -> None:
    for wrong in ("C", "ABABAB"):
        with pytest.raises(UsageError):
            check_expected(wrong, AB, 5)


def test_the_command_ends_with_the_worst_outcome(tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 90, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "codes.csv").write_text("file,expected\na.png,AB\n")
    common = ["--expected-file", str(tmp_path / "codes.csv"), "--model", str(tiny_model_folder), "--device", "cpu"]
    first = CliRunner().invoke(app, ["verify", *common])
    record = json.loads(first.stdout)
    assert (record["outcome"], first.exit_code) == ("mismatch", ExitCode.NOT_ALL)  # random weights read something else
    unsure = CliRunner().invoke(app, ["verify", *common, "--min-margin", "10000"])
    assert unsure.exit_code == ExitCode.UNSURE
    with monkeypatch.context() as patch:
        patch.setattr("siga_ocr.verify.log_probability", lambda *_: 0.0)  # a network that is sure of whatever is expected
        matched = CliRunner().invoke(app, ["verify", *common, "--min-margin", "0"])
    assert (json.loads(matched.stdout)["outcome"], matched.exit_code) == ("match", ExitCode.OK)
    (tmp_path / "codes.csv").write_text("file,expected\nabsent.png,AB\n")
    assert CliRunner().invoke(app, ["verify", *common]).exit_code == ExitCode.NOT_ALL
    assert CliRunner().invoke(app, ["verify", str(tmp_path)]).exit_code == ExitCode.USAGE


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two crops in the working folder, and a table as labels are written."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a", 0), ("b", 1)):
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (30, 90, 3), dtype=np.uint8)).save(f"{name}.png")
    Path("labels.csv").write_text("file,text\na.png,AB\nb.png,A\n")
    return tmp_path


def verify(model: Path, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments, "--model", str(model), "--device", "cpu", "--exit-zero"], input=given)


@pytest.mark.usefixtures("crops")
def test_no_option_is_named_that_the_command_has_not(tiny_model_folder: Path) -> None:
    Path("out.csv.partial").write_text("half")
    left = verify(tiny_model_folder, "a.png", "--expected", "A", "--format", "csv", "-o", "out.csv")
    nowhere = verify(tiny_model_folder, "a.png", "--expected", "A", "--force")
    for done in (left, nowhere):
        assert (done.exit_code, "--resume" in done.stderr, "--force" in done.stderr) == (ExitCode.USAGE, False, True)


@pytest.mark.usefixtures("crops")
def test_the_formats_say_the_same_of_each_crop(tiny_model_folder: Path) -> None:
    results = {form.value: verify(tiny_model_folder, "--expected-file", "labels.csv", "--format", form.value) for form in Format}
    records = [json.loads(line) for line in results["jsonl"].stdout.splitlines()]
    assert [(record["file"], record["expected"]) for record in records] == [("a.png", "AB"), ("b.png", "A")]
    outcomes = [record["outcome"] for record in records]
    assert results["text"].stdout.split() == outcomes
    assert [line.split("\t")[1] for line in results["table"].stdout.splitlines()] == outcomes
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        rows = list(csv.DictReader(io.StringIO(results[form].stdout), delimiter=delimiter))
        assert [row["outcome"] for row in rows] == outcomes
        assert [row["positions"] for row in rows] == [" ".join(str(one["position"]) for one in record["differences"]) for record in records]
        assert set(rows[0]) == set(records[0]) - {"differences"}


@pytest.mark.usefixtures("crops")
def test_records_go_to_a_file_that_is_whole_or_not_there(tiny_model_folder: Path) -> None:
    done = verify(tiny_model_folder, "--expected-file", "labels.csv", "-o", "out.jsonl", "-q")
    assert (done.exit_code, done.stdout, done.stderr) == (ExitCode.OK, "", "")
    assert len(Path("out.jsonl").read_text().splitlines()) == 2
    assert verify(tiny_model_folder, "--expected-file", "labels.csv", "-o", "out.jsonl").exit_code == ExitCode.USAGE
    assert verify(tiny_model_folder, "--expected-file", "labels.csv", "-o", "out.jsonl", "--force").exit_code == ExitCode.OK
    Path("labels.csv").write_text("file,text\na.png,\n")
    refused = verify(tiny_model_folder, "--expected-file", "labels.csv", "-o", "new.jsonl")
    assert (refused.exit_code, list(Path().glob("new*"))) == (ExitCode.USAGE, [])
    assert "line 2" in refused.stderr


@pytest.mark.usefixtures("crops")
def test_a_column_of_expectations_wins_over_texts(tiny_model_folder: Path) -> None:
    Path("read.csv").write_text("file,text,expected\na.png,B,AAA\n")
    assert json.loads(verify(tiny_model_folder, "--expected-file", "read.csv").stdout)["expected"] == "AAA"


@pytest.mark.usefixtures("crops")
def test_paths_on_stdin_regions_and_angles_are_taken(tiny_model_folder: Path) -> None:
    done = verify(tiny_model_folder, "-", "--expected", "AB", "--roi", "0,0,40,30", "--orientation", "180", given="b.png\na.png\n")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["file"], record["orientation"]) for record in records] == [("b.png", 180), ("a.png", 180)]
    outside = verify(tiny_model_folder, "a.png", "--expected", "AB", "--roi", "900,0,4,4")
    assert json.loads(outside.stdout)["outcome"] == "error"
    assert "could not be read" in outside.stderr
