"""Rules of verifying: likelihoods decide, not two texts."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.charset import Charset
from siga_ocr.cli.main import app
from siga_ocr.errors import ExitCode, UsageError
from siga_ocr.verify import Difference, check_expected, differences, verified

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
