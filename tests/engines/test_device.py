"""Rules of choosing what computes: nothing is replaced in silence, and PyTorch is imported only where a device asks for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from siga_ocr.engines import device, pytorch
from siga_ocr.engines.device import Probe, ask_driver, core_count
from siga_ocr.engines.engine import Choice, choose
from siga_ocr.errors import DeviceError, UsageError

NO_DEVICE = Probe(0)

DRIVER = """
int cuInit(unsigned flags) { return INIT; }
int cuDeviceGetCount(int *count) { *count = 2; return COUNT; }
"""


@pytest.fixture
def with_graph(tiny_model_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_model_folder, tmp_path / "model")
    (tmp_path / "model" / "model.onnx").touch()
    return tmp_path / "model"


def no_driver(monkeypatch: pytest.MonkeyPatch, probe: Probe = NO_DEVICE) -> None:
    monkeypatch.setattr(device, "ask_driver", lambda: probe)


def test_without_a_driver_there_is_no_device_and_no_fault() -> None:
    assert ask_driver("libno-such-driver.so") == Probe(0)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize(
    ("init", "count", "expected"),
    [
        (0, 0, Probe(2)),
        (100, 0, Probe(0)),
        (999, 0, Probe(0, "the NVIDIA driver answers with error 999")),
        (0, 3, Probe(0, "the NVIDIA driver answers with error 3")),
    ],
)
def test_the_driver_is_asked_by_its_own_functions(tmp_path: Path, init: int, count: int, expected: Probe) -> None:
    (tmp_path / "driver.c").write_text(DRIVER.replace("INIT", str(init)).replace("COUNT", str(count)))
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "driver.so", tmp_path / "driver.c"], check=True)
    assert ask_driver(str(tmp_path / "driver.so")) == expected


def test_auto_without_a_device_takes_the_graph_where_there_is_one(with_graph: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_driver(monkeypatch)
    assert choose(with_graph, "auto", "auto") == Choice("onnx", "cpu")
    assert choose(with_graph, "auto", "cpu") == Choice("onnx", "cpu")
    assert choose(with_graph, "torch", "auto") == Choice("torch", "cpu")
    assert choose(tiny_model_folder, "auto", "auto") == Choice("torch", "cpu")
    assert choose(tiny_model_folder, "onnx", "auto") == Choice("onnx", "cpu")


def test_a_device_that_works_is_taken(with_graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_driver(monkeypatch, Probe(1))
    monkeypatch.setattr(pytorch, "cuda_fault", lambda _: "")
    assert choose(with_graph, "auto", "auto") == Choice("torch", "cuda")
    assert choose(with_graph, "auto", "cuda:1") == Choice("torch", "cuda:1")


def test_a_device_that_does_not_work_is_said_by_auto_and_refused_by_name(with_graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_driver(monkeypatch, Probe(1))
    monkeypatch.setattr(pytorch, "cuda_fault", lambda _: "it is broken")
    choice = choose(with_graph, "auto", "auto")
    assert (choice.engine, choice.device) == ("onnx", "cpu")
    assert choice.notice == "An NVIDIA device is there, but it is broken; reading on the CPU."
    with pytest.raises(DeviceError, match="cuda is not there: it is broken"):
        choose(with_graph, "auto", "cuda")
    no_driver(monkeypatch, Probe(0, "the NVIDIA driver answers with error 3"))
    assert choose(with_graph, "auto", "auto").notice == "the NVIDIA driver answers with error 3; reading on the CPU."


def test_names_that_do_not_fit_are_wrong_use(with_graph: Path) -> None:
    for engine, where, message in (("tensorrt", "cpu", "Unknown engine"), ("onnx", "cuda", "reads on the CPU"), ("auto", "gpu", "Unknown device")):
        with pytest.raises(UsageError, match=message):
            choose(with_graph, engine, where)


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(device, "_quota", lambda: 1e9)
    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
        assert core_count() == 3
    monkeypatch.setattr(device, "_quota", lambda: 0.4)
    assert core_count() == 1
    monkeypatch.undo()
    for content, expected in (("200000 100000\n", 2.0), ("max 100000\n", 1e9)):
        (tmp_path / "cpu.max").write_text(content)
        assert device._quota(str(tmp_path / "cpu.max")) == expected
    assert device._quota(str(tmp_path / "absent")) == 1e9


def test_asking_the_driver_imports_no_torch() -> None:
    program = "import sys; from siga_ocr.engines.device import ask_driver; ask_driver(); assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
