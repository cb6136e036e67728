"""A fine-tuned model as a whole model folder: weights, recipe, graph, calibration and a card; it gets its name when all of it is there."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from siga_ocr.assessing.calibrate import FEWEST, keep, measure
from siga_ocr.assessing.scored_set import source_of
from siga_ocr.assessing.temperature import observe
from siga_ocr.crops import Crop
from siga_ocr.data.labels import Sample
from siga_ocr.engines.export import compare, export_onnx
from siga_ocr.engines.onnx import OnnxEngine
from siga_ocr.engines.pytorch import TorchEngine
from siga_ocr.engines.tempered import tempered
from siga_ocr.errors import DiskError, ModelError, UnreadableImage, UsageError
from siga_ocr.intake import opened
from siga_ocr.model import SigaModel
from siga_ocr.store import checkpoint
from siga_ocr.store.folder import GRAPH_NAME, Precision, describe, graph_key

STAGED = "finished"
BEST, REJECTED = "best", "rejected"
COMPARED = 20
"""Crops that a graph is compared on."""

PRECISIONS: tuple[Precision, ...] = ("int8", "float32")
"""What a new graph is tried in."""


@dataclass(frozen=True)
class Additions:
    """What was put beside the weights: whether a graph, and the number of crops that confidences were measured on, 0 for none."""

    has_graph: bool
    calibrated_on: int


def stage(run: Path, model: SigaModel, note: dict[str, object]) -> Path:
    """Write the weights as they will be read, to a folder that has no lasting name yet.

    Raises:
        DiskError: they cannot be written.
    """
    folder = run / STAGED
    shutil.rmtree(folder, ignore_errors=True)
    checkpoint.save(folder, model, note)
    return folder


def complete(staged: Path, start: Path, validation: Sequence[Sample], device: torch.device) -> Additions:
    """Put a graph and a calibration beside staged weights, as far as they can be had.

    Raises:
        DiskError: a file cannot be written.
    """
    calibrated = 0
    if len(validation) >= FEWEST:
        engine = TorchEngine.load(staged, str(device))
        measured = measure(observe(engine, validation), describe(staged).weights_sha256, lambda t: observe(tempered(engine, t), validation))
        keep(measured.calibration, staged)
        calibrated = measured.calibration.crops
    return Additions(_add_graph(staged, start, validation), calibrated)


def name(staged: Path, final: str) -> Path:
    """Give a staged model its lasting name; what had it before is replaced.

    Raises:
        DiskError: it cannot be renamed.
    """
    target, old = staged.with_name(final), staged.with_name(f"{final}.old")
    try:
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        staged.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DiskError(f"{target} cannot be made: {error.strerror}. Free some space or name another folder.") from error
    return target


def _add_graph(staged: Path, start: Path, samples: Sequence[Sample]) -> bool:
    """The start's own graph where it reads the new weights as PyTorch does, else a new one where `onnx` is installed and can say what the
    network does, in integers or as it is."""
    graph, crops = staged / GRAPH_NAME, list(_readable(samples[:COMPARED]))
    if (start / GRAPH_NAME).is_file() and graph_key(start) == graph_key(staged):
        shutil.copyfile(start / GRAPH_NAME, graph)
        if _reads_as_pytorch(staged, crops):
            return True
        graph.unlink()
    for precision in PRECISIONS:
        try:
            export_onnx(staged, None, crops, precision)
        except (UsageError, ModelError):  # without any it reads with PyTorch, and the card says so
            continue
        return True
    return False


def _reads_as_pytorch(folder: Path, crops: Sequence[Crop]) -> bool:
    try:
        return compare(OnnxEngine(folder), TorchEngine.load(folder, "cpu"), crops).holds
    except ModelError:  # the graph is damaged, which a start that was read with PyTorch never told
        return False


def _readable(samples: Sequence[Sample]) -> Iterator[Crop]:
    """The crops that are still there: what was learned does not hang on them."""
    for sample in samples:
        with suppress(UnreadableImage):
            yield opened(source_of(sample), str(sample.path))
