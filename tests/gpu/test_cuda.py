"""Rules that need a CUDA device: it reads what the CPU reads, and too little memory costs time, not the run."""

from pathlib import Path

import numpy as np
import pytest
import torch

from siga_ocr.crops import Crop
from siga_ocr.engines.engine import choose
from siga_ocr.engines.export import compare
from siga_ocr.engines.pytorch import TorchEngine, cuda_fault
from siga_ocr.errors import DeviceError
from siga_ocr.model import build_model
from siga_ocr.reader import Reader, ReadOptions
from siga_ocr.store import checkpoint
from siga_ocr.store.weights import DEFAULT, path_of
from tests.tiny import tiny

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]

SAMPLES = sorted((Path(__file__).parents[2] / "docs" / "samples").glob("*.png"))


def noise(count: int) -> list[Crop]:
    rng = np.random.default_rng(0)
    return [Crop(rng.integers(0, 256, (32, int(width), 3), dtype=np.uint8), "") for width in rng.integers(20, 300, count)]


def test_auto_takes_the_device_and_says_so() -> None:
    choice = choose(path_of(DEFAULT), "auto", "auto")
    assert (choice.engine, choice.device, choice.notice) == ("torch", "cuda", "")
    provenance = Reader.load().provenance
    assert (provenance.engine, provenance.device, provenance.precision) == ("torch", "cuda:0", "float16")


def test_the_same_texts_where_a_character_leads_and_near_confidences() -> None:
    assert SAMPLES
    readers = [Reader.load(device=device, engine="torch") for device in ("cuda", "cpu")]
    for on_device, on_cpu in zip(*(reader.read([str(path) for path in SAMPLES]) for reader in readers), strict=True):
        sure = min((c.confidence - c.alternatives[0].confidence for c in on_cpu.characters), default=1.0)
        assert on_device.text == on_cpu.text or sure <= 1e-3
        assert on_device.confidence == pytest.approx(on_cpu.confidence, abs=0.02)


def test_no_text_differs_beyond_doubt() -> None:
    folder = path_of(DEFAULT)
    found = compare(TorchEngine.load(folder, "cuda"), TorchEngine.load(folder, "cpu"), noise(64))
    assert found.differing == 0


def test_a_device_that_is_not_there_is_refused() -> None:
    name = f"cuda:{torch.cuda.device_count()}"
    assert "CUDA devices" in cuda_fault(name)
    with pytest.raises(DeviceError, match="is not there"):
        Reader.load(device=name)


def test_real_lack_of_memory_halves_the_batch(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, build_model(tiny()), {})
    reader = Reader.load(str(tmp_path), "cuda", options=ReadOptions(batch_size=4096, window=4096, threads=1))
    crops = noise(4096)
    total = torch.cuda.get_device_properties(0).total_memory
    list(reader.read_crops(crops[:1]))
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 64 * 2**20) / total)
    try:
        assert len(reader.read_crops(crops)) == len(crops)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "not enough memory" in reader.notices[0]
