"""A network as an ONNX graph on the CPU; its weights come from the model's safetensors file, and PyTorch is not needed."""

from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import onnxruntime

from siga_ocr.engines.engine import EngineFacts, EngineOutput, numbers
from siga_ocr.errors import ModelError
from siga_ocr.parsing import shown
from siga_ocr.preprocess import Batch
from siga_ocr.store.folder import CONFIG_NAME, GRAPH_NAME, MAX_GRAPH, MEGABYTE, WEIGHTS_NAME, Precision, checked_weights, describe, graph_key

Floats = npt.NDArray[np.float32]

LEFT_OUT = ["NhwcTransformer"]
"""Optimisations that are left out: to have integers in another order takes 70 ms when the graph of `code-base` is opened, and saves nothing later."""

LANES = 64
"""Batches that may run at once: each takes the thread it is called on, so that the reader's threads set the limit."""

PLACE = b"\x0a\x08location\x12" + bytes([len(WEIGHTS_NAME)]) + WEIGHTS_NAME.encode()
"""How a graph says that a tensor lies in the weights' file."""

REMEDY = "siga-ocr export FOLDER --format onnx"

GRAPH_KEY, PRECISION_KEY = "siga_ocr.weights_layout", "siga_ocr.precision"
"""Under which names a graph says which weights it fits, and what it computes with (`float32` where it says nothing)."""


class OnnxEngine:
    """A graph in ONNX Runtime, each batch on the thread that calls: several batches side by side keep cores busier than one on several cores."""

    def __init__(self, folder: Path) -> None:
        """Build a session on the graph of a model folder.

        Raises:
            ModelError: the graph or the weights are missing or damaged, or do not belong together.
        """
        description = describe(folder)
        weights = checked_weights(folder, description.weights_sha256)
        self.config = description.model
        self._path = folder / GRAPH_NAME
        self._session = _session(self._path, weights)
        said = self._session.get_modelmeta().custom_metadata_map
        precision = said.get(PRECISION_KEY, "float32")
        if precision not in get_args(Precision):
            raise ModelError(f"{self._path} computes in {shown(precision)}, which no graph of siga-ocr does. Make it anew: {REMEDY}.")
        self.facts = EngineFacts("onnx", "cpu", precision, 16, LANES)
        if said.get(GRAPH_KEY) != graph_key(folder):
            raise ModelError(f"{folder / GRAPH_NAME} does not belong to the weights beside it. Make it anew: siga-ocr export {folder} --format onnx.")

    def run(self, batch: Batch, steps: int) -> EngineOutput:
        """The first `steps` positions of every crop."""
        log_probabilities, attention = self._run(["log_probabilities", "glyph_attention"], batch, steps)
        places = (len(batch), steps)
        fits = log_probabilities.ndim == 3 and attention.ndim == 4 and log_probabilities.shape[:2] == attention.shape[:2] == places
        if not fits or log_probabilities.shape[2] < self.config.charset.class_count:
            raise ModelError(f"{self._path} does not give what a network gives. Make it anew: {REMEDY}.")
        return numbers(EngineOutput(log_probabilities, attention), str(self._path))

    def foreground(self, batch: Batch) -> Floats:
        """The probability of each pixel to be text: float32 [N, H, W]."""
        return self._run(["foreground"], batch, 1)[0]

    def _run(self, names: list[str], batch: Batch, steps: int) -> list[Floats]:
        """Outputs by their names; only the foreground has to be explained.

        Raises:
            ModelError: the graph cannot be computed.
        """
        try:
            found: list[Floats] = self._session.run(names, _feeds(batch, steps, "foreground" in names))
        except Exception as error:  # what ONNX Runtime raises shares no other base
            raise ModelError(f"{self._path} cannot be computed: {_reason(error)}") from error
        return found


def _feeds(batch: Batch, steps: int, explain: bool) -> dict[str, npt.NDArray[np.generic]]:
    return {"images": batch.images, "mask": batch.mask, "steps": np.array(steps, dtype=np.int64), "explain": np.array(explain)}


def _session(path: Path, weights: bytes) -> onnxruntime.InferenceSession:
    """A session on a graph and the content of the weights' file, which is the only one that a graph can have: ONNX Runtime opens none itself."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        graph = _checked_graph(path)
        options.add_external_initializers_from_files_in_memory([WEIGHTS_NAME], [weights], [len(weights)])
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=LEFT_OUT)
    except ModelError:
        raise
    except Exception as error:  # what ONNX Runtime raises shares no other base
        raise ModelError(f"{path} cannot be used with {CONFIG_NAME} and its weights: {_reason(error)} Make it anew: {REMEDY}.") from error


def _checked_graph(path: Path) -> bytes:
    """A graph that names no other file than the weights beside it, in the one spelling that our graphs have.

    Raises:
        OSError: the graph cannot be read.
        ModelError: it is no file that a graph can be, or names another file.
    """
    if not path.is_file() or path.stat().st_size > MAX_GRAPH:
        raise ModelError(f"{path} is not there, or no file of at most {MAX_GRAPH // MEGABYTE} MB. Make it anew: {REMEDY}.")
    content = path.read_bytes()
    if content.count(b"location") != content.count(PLACE):
        raise ModelError(f"{path} names other files than {WEIGHTS_NAME}, which no graph of siga-ocr does. Make it anew: {REMEDY}.")
    return content


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
