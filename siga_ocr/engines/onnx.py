"""A network as an ONNX graph on the CPU; its weights come from the model's safetensors file, and PyTorch is not needed."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from siga_ocr.engines.engine import EngineFacts, EngineOutput
from siga_ocr.errors import ModelError
from siga_ocr.preprocess import Batch
from siga_ocr.store.folder import CONFIG_NAME, GRAPH_NAME, checked_weights, describe, graph_key

Floats = npt.NDArray[np.float32]

LANES = 64
"""Batches that may run at once: each takes the thread it is called on, so that the reader's threads set the limit."""

GRAPH_KEY = "siga_ocr.weights_layout"
"""Under which name a graph says which weights it fits."""


class OnnxEngine:
    """A graph in ONNX Runtime, each batch on the thread that calls: several batches side by side keep cores busier than one on several cores."""

    def __init__(self, folder: Path) -> None:
        """Build a session on the graph of a model folder.

        Raises:
            ModelError: the graph or the weights are missing or damaged, or do not belong together.
        """
        description = describe(folder)
        checked_weights(folder, description.weights_sha256)
        self.config = description.model
        self.facts = EngineFacts("onnx", "cpu", "float32", 16, LANES)
        self._session = _session(folder)
        found = self._session.get_modelmeta().custom_metadata_map.get(GRAPH_KEY)
        if found != graph_key(folder):
            raise ModelError(f"{folder / GRAPH_NAME} does not belong to the weights beside it. Make it anew: siga-ocr export {folder} --format onnx.")

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop."""
        log_probabilities, attention = self._session.run(["log_probabilities", "glyph_attention"], _feeds(batch, steps, False))
        return EngineOutput(log_probabilities, attention)

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        plane: Floats = self._session.run(["foreground"], _feeds(batch, 1, True))[0]
        return plane


def _feeds(batch: Batch, steps: int, explain: bool) -> dict[str, npt.NDArray[np.generic]]:
    return {"images": batch.images, "mask": batch.mask, "steps": np.array(steps, dtype=np.int64), "explain": np.array(explain)}


def _session(folder: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(folder / GRAPH_NAME, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # what ONNX Runtime raises shares no other base
        raise ModelError(f"{folder / GRAPH_NAME} cannot be used with {CONFIG_NAME} and its weights: {' '.join(str(error).split())[:200]}") from error
