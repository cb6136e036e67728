"""Fits the temperature of a model: what its confidence would be at each, held against what it read right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr.assessing.scored_set import source_of
from siga_ocr.charset import END
from siga_ocr.data.labels import Sample
from siga_ocr.engines.engine import Engine
from siga_ocr.read_options import ReadOptions
from siga_ocr.reader import Reader
from siga_ocr.scores.confidence import calibration_error, reliability

Reals = npt.NDArray[np.float64]

TEMPERATURES: Reals = np.exp(np.linspace(np.log(0.25), np.log(8.0), 141))


@dataclass(frozen=True)
class Observed:
    """One crop: its text, how sure the reading was, and the log-probabilities [T, K] that it was read from, at the engine's temperature."""

    sample: Sample
    text: str
    confidence: float
    log_probabilities: npt.NDArray[np.float32]

    @property
    def is_right(self) -> bool:
        """Whether it was read as its label says."""
        return self.text == self.sample.text

    @property
    def blank(self) -> float:
        """The probability that the crop holds no text at all."""
        return float(np.exp(self.log_probabilities[0, END]))

    def log_confidences(self) -> Reals:
        """The logarithm of the word's confidence, if it was read at temperature 1, at each of `TEMPERATURES`: [G]."""
        rows = self.log_probabilities[: len(self.text) + 1]
        return log_likelihoods(rows, [*rows[:-1].argmax(axis=1).tolist(), END])


def observe(engine: Engine, samples: Sequence[Sample]) -> Iterator[Observed]:
    """Read samples with an engine, each as `read` does, in order; those that cannot be opened are left out."""
    readings = Reader(engine, ReadOptions(keep_log_probabilities=True)).read(source_of(sample) for sample in samples)
    for sample, reading in zip(samples, readings, strict=True):
        if reading.log_probabilities is not None:
            yield Observed(sample, reading.text, float(reading.confidence or 0), reading.log_probabilities)


def log_likelihoods(log_probabilities: npt.NDArray[np.float32], classes: Sequence[int]) -> Reals:
    """The log-likelihood of a sequence of classes [T] under log-probabilities [T, K], at each of `TEMPERATURES`: [G]."""
    rows = log_probabilities.astype(np.float64)
    scaled = rows[None] / TEMPERATURES[:, None, None]  # [G, T, K]
    peak = scaled.max(axis=2, keepdims=True)
    normaliser = peak[..., 0] + np.log(np.exp(scaled - peak).sum(axis=2))
    chosen = rows[np.arange(len(rows)), np.asarray(classes, dtype=np.int64)]
    total: Reals = (chosen[None] / TEMPERATURES[:, None] - normaliser).sum(axis=1)
    return np.minimum(total, 0.0)


def fit(log_confidences: Reals, correct: npt.NDArray[np.bool_]) -> int:
    """The place in `TEMPERATURES` at which the likelihood of what is right and what is wrong is greatest, for word confidences [N, G].

    As Platt (1999) has it, right and wrong crops are each counted as if one more of the other kind could have been there: a small set
    without a mistake does not make the model certain.
    """
    right = int(correct.sum())
    targets = np.where(correct, (right + 1) / (right + 2), 1 / (len(correct) - right + 2))[:, None]
    doubts = np.log(np.maximum(-np.expm1(log_confidences), 1e-12))
    return int((targets * log_confidences + (1 - targets) * doubts).sum(axis=0).argmax())


def held_out_error(log_confidences: Reals, correct: npt.NDArray[np.bool_]) -> float:
    """The calibration error to be expected on other crops: each half is judged at the temperature of the other half."""
    halves = [np.arange(len(correct)) % 2 == half for half in (0, 1)]
    sure = np.empty(len(correct))
    for one, other in (halves, halves[::-1]):
        sure[other] = np.exp(log_confidences[other, fit(log_confidences[one], correct[one])])
    return calibration_error(reliability(sure.tolist(), correct.tolist()))
