"""Temperature: log-probabilities that are made as sure as they deserve, whatever engine they come from; the texts stay the same."""

import numpy as np
import numpy.typing as npt

from siga_ocr.engines.engine import Engine, EngineOutput
from siga_ocr.preprocess import Batch

Floats = npt.NDArray[np.float32]


class TemperedEngine:
    """An engine whose log-probabilities are divided by a temperature and normalised anew."""

    def __init__(self, engine: Engine, temperature: float) -> None:
        self.config = engine.config
        self.facts = engine.facts
        self._engine = engine
        self._temperature = temperature

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop.

        Raises:
            OutOfMemory: the device has not enough memory for the batch.
        """
        output = self._engine.run(batch, steps)
        return EngineOutput(cooled(output.log_probabilities, self._temperature), output.glyph_attention)

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        return self._engine.foreground(batch)


def tempered(engine: Engine, temperature: float) -> Engine:
    """The engine at a temperature; at 1 it is left as it is."""
    return engine if temperature == 1.0 else TemperedEngine(engine, temperature)


def cooled(log_probabilities: Floats, temperature: float) -> Floats:
    """The logarithm of softmax(log-probabilities / temperature) over the last axis."""
    scaled: Floats = np.divide(log_probabilities, np.float32(temperature), dtype=np.float32)
    scaled -= scaled.max(axis=-1, keepdims=True)
    scaled -= np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
    return scaled
