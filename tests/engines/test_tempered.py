"""A temperature changes how sure a reading is, not what it says."""

import numpy as np
import pytest
import torch

from siga_ocr.engines.engine import Engine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.engines.tempered import cooled, tempered
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import Batch, fit, to_batch


def log_probabilities() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    values = np.random.default_rng(0).normal(0, 4, (3, 5, 7)).astype(np.float32)
    return np.asarray(torch.log_softmax(torch.from_numpy(values), 2).numpy())


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_probabilities_stay_probabilities_in_the_same_order(temperature: float) -> None:
    before, after = log_probabilities(), cooled(log_probabilities(), temperature)
    assert after.dtype == np.float32
    np.testing.assert_allclose(np.exp(after).sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_array_equal(before.argsort(axis=-1), after.argsort(axis=-1))
    np.testing.assert_allclose(after, torch.log_softmax(torch.from_numpy(before) / temperature, 2).numpy(), atol=1e-5)


def test_heat_makes_less_sure_and_cold_more() -> None:
    before = log_probabilities().max(axis=-1)
    assert (cooled(log_probabilities(), 2.0).max(axis=-1) < before).all()
    assert (cooled(log_probabilities(), 0.5).max(axis=-1) > before).all()


def test_an_engine_at_a_temperature_keeps_its_attention(tiny_model: SigaModel) -> None:
    engine: Engine = TorchEngine(tiny_model, torch.device("cpu"))
    image = np.random.default_rng(0).integers(0, 255, (32, 80, 3), dtype=np.uint8)
    batch: Batch = to_batch([fit(image, engine.config.input)], engine.config.input)
    plain, warm = engine.run(batch, 4), tempered(engine, 2.0).run(batch, 4)
    np.testing.assert_allclose(warm.log_probabilities, cooled(plain.log_probabilities, 2.0))
    np.testing.assert_array_equal(warm.glyph_attention, plain.glyph_attention)
    np.testing.assert_array_equal(tempered(engine, 2.0).foreground(batch), engine.foreground(batch))
    assert tempered(engine, 1.0) is engine
