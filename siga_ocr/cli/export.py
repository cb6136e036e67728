"""`siga-ocr export`: a model in, an ONNX graph out."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siga_ocr.cli import console

if TYPE_CHECKING:
    from siga_ocr.crops import Crop
    from siga_ocr.store.folder import Precision

RENDERED = 100
"""Crops that are rendered for the comparison where none are given."""


class ExportPrecision(StrEnum):
    """What a graph shall compute with."""

    AUTO = "auto"
    FLOAT32 = "float32"
    INT8 = "int8"

    def precision(self) -> "Precision | None":
        """The same in the store's words; nothing for `auto`."""
        named: dict[ExportPrecision, Precision] = {ExportPrecision.FLOAT32: "float32", ExportPrecision.INT8: "int8"}
        return named.get(self)


class ExportFormat(StrEnum):
    """What a model is exported to."""

    ONNX = "onnx"


def export(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A shipped model's name or a model folder.", show_default=False)],
    form: Annotated[ExportFormat, typer.Option("--format", help="What to export to.")] = ExportFormat.ONNX,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of MODEL/model.onnx.")] = None,
    precision: Annotated[
        ExportPrecision, typer.Option(help="int8 has the residual blocks in integers of eight bits; auto: that, where the network is compact.")
    ] = ExportPrecision.AUTO,
    crops: Annotated[
        list[str] | None, typer.Option("--crops", metavar="PATH", help="Crops to compare on, files or folders; default: 100 rendered ones.")
    ] = None,
) -> None:
    """Write a model as an ONNX graph, which reads without PyTorch; it takes its weights from the model.safetensors beside it.

    The graph is written only if it reads a set of crops as PyTorch does: the same texts where a character leads by more than 0.001, and
    confidences within 0.001; in int8, which is faster, 0.2 instead.
    """
    from siga_ocr.engines.export import export_onnx
    from siga_ocr.errors import UsageError
    from siga_ocr.store.weights import path_of, stored

    folder = path_of(model)  # which may fetch it
    if output is None and stored(model):
        raise UsageError(
            f"{model} is kept as it came: write the graph beside a copy with -o DIR/model.onnx, then siga-ocr models import DIR --name NAME."
        )
    exported = export_onnx(folder, output, _given(crops) if crops else _rendered(), precision.precision())
    console.say(
        f"{exported.path}: {form.value}, {exported.precision}, {exported.size / 1e3:.0f} kB. {exported.parity.crops} crops read alike; "
        f"confidences differ by at most {exported.parity.confidence:.1e}, log-probabilities by {exported.parity.log_probability:.1e}."
    )


def _given(paths: list[str]) -> "Iterator[Crop]":
    """The crops that can be opened."""
    from siga_ocr.crops import read_crop
    from siga_ocr.errors import UnreadableImage
    from siga_ocr.sources import Search, find_images

    for path in chain.from_iterable(find_images(paths, Search(recursive=True))):
        try:
            yield read_crop(path)
        except UnreadableImage as error:
            console.say(f"{path} is left out: {error}.")


def _rendered() -> "Iterator[Crop]":
    from siga_ocr.crops import Crop
    from siga_ocr.data.render import render
    from siga_ocr.render_style import RenderStyle

    return (Crop(render(0, index, RenderStyle()).image, str(index)) for index in range(RENDERED))
