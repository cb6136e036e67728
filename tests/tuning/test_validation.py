"""Crops in memory are read as the reader reads them, whatever the batches, and the loss is that of the true characters."""

from pathlib import Path

import numpy as np
import pytest
import torch

from siga_ocr.config import InputConfig
from siga_ocr.crops import Crop
from siga_ocr.data.shards import collect
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.reader import Reader
from siga_ocr.store import checkpoint
from siga_ocr.tuning.validation import marks


def noise(count: int) -> list[Crop]:
    rng = np.random.default_rng(0)
    return [Crop(rng.integers(0, 256, (32, int(width), 3), dtype=np.uint8), "") for width in rng.integers(20, 200, count)]


def test_right_is_what_the_reader_would_read(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = noise(9)
    model = checkpoint.load(tiny_model_folder)
    texts = [reading.text for reading in Reader.load(str(tiny_model_folder), "cpu", "torch").read_crops(crops)]
    truths = [text if number % 3 else f"{text[:4]}x" for number, text in enumerate(texts)]
    fitted = collect([(fit(crop.image, model.config.input), truth) for crop, truth in zip(crops, truths, strict=True)], InputConfig())
    found = marks(model, fitted)
    assert list(found.correct) == [bool(number % 3) for number in range(9)]
    monkeypatch.setattr("siga_ocr.tuning.validation.BATCH", 2)
    divided = marks(model, fitted)
    assert divided.correct == found.correct
    assert divided.loss == pytest.approx(found.loss, rel=1e-4)


def test_the_loss_is_the_mean_of_a_text_and_its_end(tiny_model: SigaModel) -> None:
    crop = noise(1)[0]
    pixels = fit(crop.image, tiny_model.config.input)
    found = marks(tiny_model, collect([(pixels, "AB")], tiny_model.config.input))
    batch = to_batch([pixels], tiny_model.config.input)
    images = torch.from_numpy(batch.images)
    with torch.inference_mode():
        logs = tiny_model(images, torch.from_numpy(batch.mask), 3).log_probabilities[0]
    ids = [*tiny_model.config.charset.encode("AB"), 0]
    assert found.loss == pytest.approx(-float(np.mean([logs[step, index] for step, index in enumerate(ids)])), rel=1e-4)
