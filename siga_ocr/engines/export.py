"""A model folder's network as an ONNX graph beside its weights, and the check that both read the same."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import END, Charset
from siga_ocr.crops import Crop
from siga_ocr.engines.engine import Engine
from siga_ocr.engines.onnx import GRAPH_KEY, OnnxEngine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.store.folder import CONFIG_NAME, GRAPH_NAME, WEIGHTS_NAME, describe, graph_key, layout
from siga_ocr.whole_file import unfinished

Floats = npt.NDArray[np.float32]

TOLERANCE = 1e-3
"""Confidences may differ so much, and texts only where a character leads by less (all in 0..1)."""

BATCH = 16


@dataclass(frozen=True)
class Parity:
    """What a comparison of both engines found: crops, texts that differ though every character leads by more than the tolerance, the largest
    difference of a confidence, and of a log-probability among those above 0.001."""

    crops: int
    differing: int
    confidence: float
    log_probability: float

    @property
    def holds(self) -> bool:
        """Whether the graph reads as the network does."""
        return not self.differing and self.confidence <= TOLERANCE


@dataclass(frozen=True)
class Exported:
    """The graph's file, its size in bytes, and how well it agrees with the network."""

    path: Path
    size: int
    parity: Parity


def export_onnx(folder: Path, target: Path | None, crops: Iterable[Crop]) -> Exported:
    """Write the graph of a model folder: into it, or to `target`, beside which the model's two files are then copied.

    The file appears only if it reads `crops` as PyTorch does.

    Raises:
        UsageError: the network cannot be exported, there is no crop, or `onnx` is not installed.
        ModelError: the model is damaged, or the graph does not read as it does.
        DiskError: the graph cannot be written.
    """
    content = _serialised(folder)
    target = target or folder / GRAPH_NAME
    with tempfile.TemporaryDirectory() as name:
        trial = Path(name)
        for part in (CONFIG_NAME, WEIGHTS_NAME):
            shutil.copyfile(folder / part, trial / part)
        (trial / GRAPH_NAME).write_bytes(content)
        parity = compare(OnnxEngine(trial), TorchEngine.load(folder, "cpu"), crops)
    if not parity.crops:
        raise UsageError("There is no crop to compare the graph with: name some.")
    if not parity.holds:
        raise ModelError(
            f"The graph does not read as the network does: of {parity.crops} crops {parity.differing} get another text, confidences differ by up to "
            f"{parity.confidence:.2g}. Nothing was written; report it with the versions of torch and onnxruntime."
        )
    _write(target, content, folder)
    return Exported(target, len(content), parity)


def compare(one: Engine, other: Engine, crops: Iterable[Crop]) -> Parity:
    """Read the same crops with both engines."""
    remaining, outcomes = iter(crops), list[tuple[bool, float, float]]()
    while some := list(islice(remaining, BATCH)):
        outcomes += _compare_batch(one, other, some)
    differing = sum(differs for differs, _, _ in outcomes)
    confidence, log_probability = (max((outcome[k] for outcome in outcomes), default=0.0) for k in (1, 2))
    return Parity(len(outcomes), differing, confidence, log_probability)


def _compare_batch(one: Engine, other: Engine, crops: Sequence[Crop]) -> Iterator[tuple[bool, float, float]]:
    """For each crop: whether the texts differ beyond doubt, the difference of the confidences and of the log-probabilities."""
    config = one.config
    batch = to_batch([fit(crop.image, config.input) for crop in crops], config.input)
    pairs = [engine.run(batch, config.max_steps).log_probabilities for engine in (one, other)]
    for first, second in zip(*pairs, strict=True):
        (text, sure, margin), (expected, expected_sure, expected_margin) = (_read(rows, config.charset) for rows in (first, second))
        relevant = np.abs(first - second)[second > np.log(TOLERANCE)]
        yield text != expected and min(margin, expected_margin) > TOLERANCE, abs(sure - expected_sure), float(relevant.max(initial=0.0))


def _read(rows: Floats, charset: Charset) -> tuple[str, float, float]:
    """Log-probabilities [T, K] -> text, confidence, and by how much the closest of its characters leads."""
    best = rows.argmax(axis=1)
    ends = np.flatnonzero(best == END)
    until = int(ends[0]) + 1 if len(ends) else len(best)
    top = np.sort(np.exp(rows[:until].astype(np.float64)), axis=1)
    return charset.decode(best[:until].tolist()), float(top[:, -1].prod()), float((top[:, -1] - top[:, -2]).min())


def _serialised(folder: Path) -> bytes:
    try:
        from siga_ocr.engines.onnx_network import network_graph
    except ModuleNotFoundError as error:
        raise UsageError(f"Exporting needs the package {error.name}: pip install 'siga-ocr[export]'.") from error

    graph = network_graph(describe(folder).model, layout(folder))
    entry = graph.metadata_props.add()
    entry.key, entry.value = GRAPH_KEY, graph_key(folder)
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def _write(target: Path, content: bytes, folder: Path) -> None:
    """The graph last and at once, so that an interrupted export leaves no half of it."""
    try:
        if target.parent.resolve() != folder.resolve():
            target.parent.mkdir(parents=True, exist_ok=True)
            for part in (CONFIG_NAME, WEIGHTS_NAME):
                shutil.copyfile(folder / part, target.parent / part)
        with unfinished([target]) as partial:
            partial[target].write_bytes(content)
    except OSError as error:
        raise DiskError(f"{target} cannot be written: {error.strerror}. Name another file with --output.") from error
