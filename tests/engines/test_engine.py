"""Rules of the engine: what a network says of a crop depends on the crop alone."""

import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from siga_ocr.engines.pytorch import TorchEngine, choose_device
from siga_ocr.errors import DeviceError, UsageError
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader


def test_outputs_are_distributions_and_padding_gets_no_attention(tiny_model: SigaModel) -> None:
    engine = TorchEngine(tiny_model, torch.device("cpu"))
    pixels = [fit(np.random.default_rng(seed).integers(0, 256, (40, 150, 3), dtype=np.uint8), engine.config.input) for seed in (1, 2)]
    batch = to_batch([pixels[0], pixels[1][:, :, :40]], engine.config.input)
    output = engine.run(batch, 7)
    assert output.log_probabilities.shape == (2, 7, engine.config.charset.class_count)
    assert np.exp(output.log_probabilities).sum(axis=2) == pytest.approx(1, abs=1e-4)
    assert output.glyph_attention.sum(axis=(2, 3)) == pytest.approx(1, abs=1e-4)
    own = 40 * output.glyph_attention.shape[3] // batch.images.shape[3]
    assert not output.glyph_attention[1, :, :, own + 1 :].any()
    foreground = engine.foreground(batch)
    assert foreground.shape == (2, 32, 128)
    assert foreground.min() >= 0
    assert foreground.max() <= 1


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cpu:0", ""])
def test_an_unknown_device_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError, match="Unknown device"):
        choose_device(name)


def test_a_cuda_device_that_is_not_there_is_said_and_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("cuda", "cuda:0"):
        with pytest.raises(DeviceError, match="0 CUDA devices"):
            choose_device(name)
    assert choose_device("auto") == torch.device("cpu") == choose_device("cpu")
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: None)  # what the device is tried with
    assert choose_device("auto") == torch.device("cuda")
    assert choose_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(DeviceError, match="1 CUDA devices"):
        choose_device("cuda:1")


def test_too_little_memory_is_the_devices_fault(tiny_model: SigaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[weakref.ref[torch.Tensor]] = []

    def exhausted(*_: object) -> None:
        half_way = torch.zeros(3)
        computed.append(weakref.ref(half_way))
        raise torch.OutOfMemoryError("CUDA out of memory")

    engine = TorchEngine(tiny_model, torch.device("cpu"))
    monkeypatch.setattr(tiny_model, "forward", exhausted)
    batch = to_batch([np.zeros((1, 32, 40), dtype=np.uint8)], engine.config.input)
    try:
        engine.run(batch, 3)
    except DeviceError as error:
        assert "1 crops" in str(error)  # noqa: PT017  (what is looked at is what lives while it is handled)
        assert [one() for one in computed] == [None]  # a smaller batch has the room that this one took


def test_reading_in_threads_leaves_the_programs_own_number_of_threads_alone(tiny_model_folder: Path) -> None:
    seen, before = set[int](), torch.get_num_threads()
    watch = register_module_forward_pre_hook(lambda *_: seen.add(torch.get_num_threads()))
    torch.set_num_threads(3)
    try:
        reader = Reader.load(str(tiny_model_folder), "cpu", "torch", ReadOptions(threads=2, batch_size=1))
        readings = list(reader.read(np.full((32, 60 + 20 * number, 3), 90, dtype=np.uint8) for number in range(4)))
        reader.explain(np.full((32, 60, 3), 90, dtype=np.uint8))
        with ThreadPoolExecutor(1) as fresh:
            assert (torch.get_num_threads(), fresh.submit(torch.get_num_threads).result()) == (3, 3)
    finally:
        torch.set_num_threads(before)
        watch.remove()
    assert [reading.status for reading in readings] == ["ok"] * 4
    assert seen == {1}
