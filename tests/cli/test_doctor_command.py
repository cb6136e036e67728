"""Rules of the self-test of a station."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from siga_ocr import doctor
from siga_ocr.cli.main import app
from siga_ocr.doctor import GOLDEN, expectations, missing
from siga_ocr.engines.device import Probe
from siga_ocr.errors import ExitCode

MOST_BYTES = 60_000


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "store"))


def test_this_station_is_sound_and_says_so_with_0() -> None:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert [one for one in told["findings"] if one["fault"]] == []
    assert (done.exit_code, told["ok"]) == (ExitCode.OK, True)
    names = {one["name"] for one in told["findings"]}
    models = {"model code-base", "model code-small"}
    assert {"python", "onnxruntime", "cores", "cuda devices", "store", *models, *(f"golden {name}" for name in expectations())} <= names


def test_golden_crops_are_few_and_small_and_each_says_something() -> None:
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) <= MOST_BYTES
    assert sorted(expectations()) == sorted(path.name for path in GOLDEN.glob("*.png"))
    assert len(expectations()) >= 4
    assert all(len(text) >= 6 for text in expectations().values())


def test_a_golden_crop_that_reads_otherwise_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, text = next(iter(expectations().items()))
    Image.open(GOLDEN / name).rotate(180).save(tmp_path / name)
    (tmp_path / "labels.csv").write_text(f"file,text\n{name},{text}\n")
    monkeypatch.setattr(doctor, "GOLDEN", tmp_path)
    (only,) = doctor.golden()
    assert "do not read parts" in only.fault
    (tmp_path / "labels.csv").unlink()
    assert [one.value for one in doctor.golden()] == ["not read"]


def test_anything_wrong_is_told_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "models", lambda: iter(()))
    monkeypatch.setattr(doctor, "golden", lambda: iter(()))
    monkeypatch.setattr(doctor, "ask_driver", lambda: Probe(0, "the NVIDIA driver answers with error 3"))
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == ExitCode.NOT_ALL
    assert "WRONG\tcuda devices\t0\tthe NVIDIA driver answers with error 3. Mend the driver" in done.stdout
    assert done.stderr.startswith("1 of ")


@pytest.mark.parametrize("below", ["", "store", "store/of/models"])
def test_a_store_that_can_be_no_folder_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    (tmp_path / "label.png").write_bytes(b"no folder")
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "label.png" / below))
    assert doctor.store().fault.startswith(f"{tmp_path / 'label.png'} is no folder: ")


def test_a_damaged_model_is_told(tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for path in tiny_model_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    monkeypatch.setattr("siga_ocr.store.weights.shipped", lambda: {"code-small": folder})
    assert "sha256 differs" in {one.name: one.fault for one in doctor.models()}["model code-small"]


@pytest.mark.parametrize(
    ("message", "package"),
    [
        ("libGL.so.1: cannot open shared object file: No such file or directory", "apt install libgl1"),
        ("libgthread-2.0.so.0: cannot open shared object file", "apt install libglib2.0-0"),
        ("No module named 'cv2'", "Install opencv-python anew"),
    ],
)
def test_a_missing_library_is_told_with_its_package(message: str, package: str) -> None:
    assert package in missing(message)


def test_a_package_that_is_not_there_is_told() -> None:
    assert doctor.package("no-such-package-at-all").fault == "Install it: pip install no-such-package-at-all"
