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
from siga_ocr.engines.onnx import GRAPH_KEY, PRECISION_KEY, OnnxEngine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.store.folder import CONFIG_NAME, GRAPH_NAME, WEIGHTS_NAME, Precision, describe, graph_key, layout
from siga_ocr.whole_file import unfinished

Floats = npt.NDArray[np.float32]

TOLERANCES: dict[Precision, float] = {"float32": 1e-3, "int8": 0.2}
"""Confidences may differ so much, and texts only where a character leads by less (all in 0..1)."""

RELEVANT = 1e-3
"""Log-probabilities are compared where the probability is larger."""

MENDED: dict[Precision, str] = {"float32": "report it with the versions of torch and onnxruntime", "int8": "use --precision float32"}

BATCH = 16


@dataclass(frozen=True)
class Parity:
    """What a comparison of both engines found: crops, texts that differ though every character leads by more than the tolerance, the largest
    difference of a confidence, and of a log-probability among those above 0.001; and that tolerance."""

    crops: int
    differing: int
    confidence: float
    log_probability: float
    tolerance: float = TOLERANCES["float32"]

    @property
    def holds(self) -> bool:
        """Whether the graph reads as the network does."""
        return not self.differing and self.confidence <= self.tolerance


@dataclass(frozen=True)
class Exported:
    """The graph's file, its size in bytes, what it computes with, and how well it agrees with the network."""

    path: Path
    size: int
    precision: Precision
    parity: Parity


def export_onnx(folder: Path, target: Path | None, crops: Iterable[Crop], precision: Precision | None = None) -> Exported:
    """Write the graph of a model folder: into it, or to `target`, beside which the model's two files are then copied.

    The file appears only if it reads `crops` as PyTorch does. Without a `precision` it is in int8 where the network can be, else in float32.

    Raises:
        UsageError: the network cannot be exported, or not in this precision, there is no crop, or `onnx` is not installed.
        ModelError: the model is damaged, or the graph does not read as it does.
        DiskError: the graph cannot be written.
    """
    precision, content = _serialised(folder, precision)
    target = target or folder / GRAPH_NAME
    with tempfile.TemporaryDirectory() as name:
        trial = Path(name)
        try:
            for part in (CONFIG_NAME, WEIGHTS_NAME):
                shutil.copyfile(folder / part, trial / part)
            (trial / GRAPH_NAME).write_bytes(content)
        except OSError as error:
            raise DiskError(f"{trial} does not take a copy of the model: {error.strerror}. Name another folder with TMPDIR.") from error
        parity = compare(OnnxEngine(trial), TorchEngine.load(folder, "cpu"), crops)
    if not parity.crops:
        raise UsageError("There is no crop to compare the graph with: name some.")
    if not parity.holds:
        raise ModelError(
            f"The graph does not read as the network does: of {parity.crops} crops {parity.differing} get another text, confidences differ by up to "
            f"{parity.confidence:.2g}. Nothing was written; {MENDED[precision]}."
        )
    _write(target, content, folder)
    return Exported(target, len(content), precision, parity)


def compare(one: Engine, other: Engine, crops: Iterable[Crop]) -> Parity:
    """Read the same crops with both engines; the tolerance is that of the first one's precision."""
    tolerance = TOLERANCES["int8" if one.facts.precision == "int8" else "float32"]
    remaining, outcomes = iter(crops), list[tuple[bool, float, float]]()
    while some := list(islice(remaining, BATCH)):
        outcomes += _compare_batch(one, other, some, tolerance)
    differing = sum(differs for differs, _, _ in outcomes)
    confidence, log_probability = (max((outcome[k] for outcome in outcomes), default=0.0) for k in (1, 2))
    return Parity(len(outcomes), differing, confidence, log_probability, tolerance)


def _compare_batch(one: Engine, other: Engine, crops: Sequence[Crop], tolerance: float) -> Iterator[tuple[bool, float, float]]:
    """For each crop: whether the texts differ beyond doubt, the difference of the confidences and of the log-probabilities."""
    config = one.config
    batch = to_batch([fit(crop.image, config.input) for crop in crops], config.input)
    pairs = [engine.run(batch, config.max_steps).log_probabilities for engine in (one, other)]
    for first, second in zip(*pairs, strict=True):
        (text, sure, margin), (expected, expected_sure, expected_margin) = (_read(rows, config.charset) for rows in (first, second))
        relevant = np.abs(first - second)[second > np.log(RELEVANT)]
        yield text != expected and min(margin, expected_margin) > tolerance, abs(sure - expected_sure), float(relevant.max(initial=0.0))


def _read(rows: Floats, charset: Charset) -> tuple[str, float, float]:
    """Log-probabilities [T, K] -> text, confidence, and by how much the closest of its characters leads."""
    best = rows.argmax(axis=1)
    ends = np.flatnonzero(best == END)
    until = int(ends[0]) + 1 if len(ends) else len(best)
    top = np.sort(np.exp(rows[:until].astype(np.float64)), axis=1)
    return charset.decode(best[:until].tolist()), float(top[:, -1].prod()), float((top[:, -1] - top[:, -2]).min())


def _serialised(folder: Path, precision: Precision | None) -> tuple[Precision, bytes]:
    try:
        from siga_ocr.engines.onnx_network import HAVE_INT8, network_graph
    except ModuleNotFoundError as error:
        raise UsageError(f"Exporting needs the package {error.name}: pip install 'siga-ocr[export]'.") from error

    config = describe(folder).model
    precision = precision or ("int8" if config.architecture in HAVE_INT8 else "float32")
    graph = network_graph(config, layout(folder), precision)
    for key, value in ((GRAPH_KEY, graph_key(folder)), (PRECISION_KEY, precision)):
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, value
    return precision, graph.SerializeToString(deterministic=True)


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
