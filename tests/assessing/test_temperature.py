"""The fit finds the temperature that confidences were spoilt with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from siga_ocr.assessing.calibrate import FEWEST, Again, measure
from siga_ocr.assessing.temperature import TEMPERATURES, Observed, fit, held_out_error, log_likelihoods, observe
from siga_ocr.charset import END
from siga_ocr.data.labels import Sample
from siga_ocr.engines.engine import Engine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.engines.tempered import cooled
from siga_ocr.errors import UsageError
from siga_ocr.model import SigaModel
from siga_ocr.reader import Reader
from tests.tiny import tiny

CHARACTERS = tiny().charset.characters


def observed(count: int, spoilt: float) -> list[Observed]:
    """Words of three characters that are right as often as the probabilities say, which are then divided by `spoilt`."""
    source, found = np.random.default_rng(2), []
    for number in range(count):
        logits = source.normal(0, 1, (4, len(CHARACTERS) + 1)) * source.choice([0.5, 3.0, 8.0])
        logits[:3, END], logits[3, END] = -50, 50
        true = np.asarray(torch.log_softmax(torch.from_numpy(logits), 1).numpy())
        truth = "".join(CHARACTERS[source.choice(len(row), p=np.exp(row)) - 1] for row in true[:3])
        text = "".join(CHARACTERS[index - 1] for index in true[:3].argmax(axis=1))
        rows = cooled(true.astype(np.float32), spoilt)
        found.append(Observed(Sample(Path(str(number)), truth), text, float(np.exp(rows.max(axis=1).sum())), rows))
    return found


def again(crops: list[Observed]) -> Again:
    """Reads crops at a temperature, as the same texts."""
    return lambda temperature: [replace(one, confidence=float(np.exp(cooled(one.log_probabilities, temperature).max(axis=1).sum()))) for one in crops]


@pytest.mark.parametrize("spoilt", [0.5, 1.0, 2.0])
def test_the_temperature_that_spoilt_confidences_is_found(spoilt: float) -> None:
    crops = observed(3000, 1 / spoilt)
    log_confidences, correct = np.stack([one.log_confidences() for one in crops]), np.array([one.is_right for one in crops])
    assert TEMPERATURES[fit(log_confidences, correct)] == pytest.approx(1 / spoilt * spoilt**2, rel=0.12)
    assert held_out_error(log_confidences, correct) < 0.03


def test_measuring_mends_confidences() -> None:
    crops = observed(1500, 0.4)
    measured = measure(crops, "0" * 64, again(crops), [0.2])
    assert measured.error_held_out < measured.error_before / 2
    assert measured.calibration.temperature == pytest.approx(2.5, rel=0.2)
    assert measured.calibration.crops == 1500
    assert measured.calibration.calibration_error < 0.03


def test_what_is_promised_is_what_was_read_at_the_temperature() -> None:
    crops = observed(1500, 1.0)
    asked = list[float]()

    def otherwise(temperature: float) -> list[Observed]:
        asked.append(temperature)
        return [replace(one, text=one.sample.text, confidence=0.9) for one in crops[:-1]] + [replace(crops[-1], text="", confidence=0.95)]

    measured = measure(crops, "0" * 64, otherwise, [0.2])
    assert asked == [measured.calibration.temperature]
    assert (measured.calibration.crops, measured.calibration.wrong) == (1500, 1)
    assert measured.surest_wrong == 1
    assert measured.calibration.promises[-1].threshold <= 0.9


def test_a_small_set_without_a_fault_does_not_make_certain() -> None:
    log_confidences = np.tile(-np.log1p(np.exp(-6 / TEMPERATURES)), (60, 1))
    place = fit(log_confidences, np.ones(60, dtype=bool))
    assert np.exp(log_confidences[0, place]) == pytest.approx(61 / 62, abs=0.001)


def test_too_few_crops_are_refused_and_so_is_no_rate() -> None:
    with pytest.raises(UsageError, match="too few"):
        measure(observed(FEWEST - 1, 1.0), "", lambda _: [])
    with pytest.raises(UsageError, match="error rate"):
        measure(observed(FEWEST, 1.0), "", lambda _: [], [1.5])


def test_log_likelihoods_are_those_of_a_softmax() -> None:
    rows = observed(1, 1.0)[0].log_probabilities
    expected = [torch.log_softmax(torch.from_numpy(rows).double() / t, 1)[[0, 1, 2, 3], [1, 2, 3, 0]].sum().item() for t in TEMPERATURES]
    np.testing.assert_allclose(log_likelihoods(rows, [1, 2, 3, 0]), expected)


def test_observations_agree_with_the_reader(tiny_model: SigaModel, tmp_path: Path) -> None:
    from PIL import Image

    source, samples = np.random.default_rng(0), []
    for number, width in enumerate((40, 90, 130, 70)):
        Image.fromarray(source.integers(0, 255, (32, width, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
        samples.append(Sample(tmp_path / f"{number}.png", "1"))
    engine: Engine = TorchEngine(tiny_model, torch.device("cpu"))
    found = {one.sample.path: one for one in observe(engine, [*samples, Sample(tmp_path / "none.png", "1")])}
    assert len(found) == 4
    plain = int(np.abs(np.log(TEMPERATURES)).argmin())
    for sample, reading in zip(samples, Reader(engine).read(str(sample.path) for sample in samples), strict=True):
        assert found[sample.path].text == reading.text
        scale = np.log(reading.confidence) / found[sample.path].log_confidences()[plain]
        assert scale == pytest.approx(1.0, rel=0.05)
