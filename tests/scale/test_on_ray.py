"""Rules of reading on Ray: who gets what, where a Ray may be, and that a killed reader neither loses nor doubles a row."""

import gc
import importlib.util
import os
import signal
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr.engines.device import ask_driver, core_count
from siga_ocr.errors import DeviceError, UsageError
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader
from siga_ocr.record import Value, record
from siga_ocr.scale import on_ray
from siga_ocr.scale.on_ray import Placement, placement
from siga_ocr.scale.part_reader import Work, orders
from siga_ocr.scale.parts import PartFolder, PartFormat

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
"""Ray itself is not imported before it is to be used: it looks then how it is to behave."""

SMALL, LARGE, HEAD = {"CPU": 2.0}, {"CPU": 9.0}, {"memory": 1e9}
WITH_GPUS = {"CPU": 32.0, "GPU": 4.0}


@pytest.mark.parametrize(
    ("machines", "device", "threads", "expected"),
    [
        ([SMALL], "auto", 0, Placement(1, 2)),
        ([{"CPU": 1.0}], "auto", 0, Placement(1, 1)),
        ([SMALL, LARGE, HEAD], "auto", 0, Placement(5, 2)),
        ([SMALL, LARGE, HEAD], "cpu", 4, Placement(2, 4)),
        ([WITH_GPUS, SMALL], "auto", 0, Placement(4, 8, 1)),
        ([WITH_GPUS, WITH_GPUS], "cuda", 16, Placement(4, 16, 1)),
        ([WITH_GPUS], "cpu", 0, Placement(16, 2)),
    ],
)
def test_a_reader_for_each_gpu_or_for_a_few_cores(machines: list[dict[str, float]], device: str, threads: int, expected: Placement) -> None:
    assert placement(machines, device, threads) == expected


@pytest.mark.parametrize(
    ("machines", "device", "threads"), [([SMALL], "cuda", 0), ([SMALL], "auto", 3), ([HEAD], "cpu", 0), ([WITH_GPUS], "cuda", 33)]
)
def test_no_room_for_a_reader_is_said(machines: list[dict[str, float]], device: str, threads: int) -> None:
    with pytest.raises(DeviceError, match="No machine"):
        placement(machines, device, threads)


@pytest.mark.parametrize("address", ["nowhere", "ray://head:10001", "head:", "head:port", "head:99999", ":"])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        on_ray.check(address)


@needs_ray
def test_where_nothing_answers_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DeviceError, match=f"127.0.0.1:{port}"):
        on_ray.check(f"127.0.0.1:{port}")


def test_a_missing_ray_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'siga-ocr\[ray\]'"):
        on_ray.check("local")


def timeless(one: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in one.items() if name not in ("read_at", "elapsed_ms")}


@needs_ray
@pytest.mark.filterwarnings("ignore")
def test_a_killed_reader_loses_and_doubles_nothing(tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))
    device = "cpu" if ask_driver().count else "auto"
    if device == "auto":  # the reader is then placed on a GPU that is not there, and reads on the CPU
        monkeypatch.setenv("RAY_OVERRIDE_RESOURCES", '{"GPU": 1}')
    for number in range(24):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 40 + 5 * number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number:02d}.png")
    images = [str(tmp_path / f"{number:02d}.png") for number in range(25)]  # the last one is not there
    parts = PartFolder(tmp_path / "out", PartFormat.PARQUET)
    work = Work(str(tiny_model_folder), device, "auto", ReadOptions(threads=core_count()), parts, str(Path.cwd()))
    processes = list[int]()
    with parts.opened(force=False), on_ray.connected("local"):
        for done in on_ray.fill(work, list(orders(images, (), size=3))):
            assert not done.fault
            if not processes:
                os.kill(done.process, signal.SIGKILL)
            processes.append(done.process)
        parts.finish()
    gc.collect()  # what Ray leaves open is warned of here, where warnings are no errors
    assert len(processes) == 9
    assert len(set(processes)) > 1
    import pyarrow.parquet as parquet

    reader = Reader.load(str(tiny_model_folder), "cpu")
    expected = [timeless(record(reading, reader.provenance)) for reading in reader.read(images)]
    found = [timeless(one) for number in range(9) for one in parquet.read_table(parts.part(number)).to_pylist()]
    assert [one["file"] for one in found] == images
    assert found == expected
