"""Photographed crops of a labelled source, opened once and kept at the network's height, lit evenly and in focus as when they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from siga_ocr.config import ModelConfig
from siga_ocr.data.label_images import read_image
from siga_ocr.data.labels import Dropped, LabelRules, read_labels
from siga_ocr.data.shards import FittedCrops, Pixels, collect
from siga_ocr.errors import LabelError, UnreadableImage
from siga_ocr.focus import as_read
from siga_ocr.recipe import LabelledSource


@dataclass(frozen=True)
class LabelledCrops:
    """The usable crops of a source, the rows that were dropped, and in how many texts blanks were taken out."""

    path: str
    crops: FittedCrops
    dropped: tuple[Dropped, ...]
    blanks_removed: int


def load_labelled(source: LabelledSource, model: ModelConfig) -> LabelledCrops:
    """Read a source's table and its images; images that cannot be decoded are dropped with the reason.

    Raises:
        LabelError: the table cannot be read, or nothing of it can be used.
    """
    rules = LabelRules(
        charset=model.charset,
        max_length=model.max_length,
        allow_blank=source.allow_blank,
        part=source.part,
        upright=source.upright,
    )
    labels = read_labels(Path(source.path), rules)
    crops: list[tuple[Pixels, str]] = []
    dropped = list(labels.dropped)
    for sample in labels.samples:
        try:
            crops.append((as_read(read_image(sample.path).image, model.input), sample.text))
        except UnreadableImage as error:
            dropped.append(Dropped(sample.line, str(sample.path), str(error)))
    if not crops:
        raise LabelError(f"{source.path} has no usable row: {_most_frequent(dropped)}. Correct the labels or the source's settings.")
    return LabelledCrops(source.path, collect(crops, model.input), tuple(dropped), labels.blanks_removed)


def _most_frequent(dropped: Sequence[Dropped]) -> str:
    reasons = [row.reason for row in dropped]
    return f"most often, {max(reasons, key=reasons.count)}" if reasons else "its part is empty"
