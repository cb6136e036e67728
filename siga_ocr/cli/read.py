"""`siga-ocr read`: paths in, readings out."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from siga_ocr.cli import console, options
from siga_ocr.errors import DiskError, ExitCode
from siga_ocr.weights import DEFAULT
from siga_ocr.writers import Format, make_writer, replacing

if TYPE_CHECKING:
    from siga_ocr.reader import Reader
    from siga_ocr.reading import Reading


def read(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Image files and folders of images.", show_default=False)],
    recursive: options.Recursive = False,
    model: options.Model = DEFAULT,
    device: options.Device = "auto",
    form: options.Format = options.FormatName.AUTO,
    output: options.Output = None,
    attention: Annotated[Path | None, typer.Option("--attention", metavar="DIR", help="Draw where each character was seen: one PNG a crop.")] = None,
    exit_zero: options.ExitZero = False,
) -> None:
    """Read the code on each crop: one record an image, in the order given, unreadable images included."""
    from siga_ocr.sources import find_images

    console.hush_decoders()
    found = find_images(paths, recursive)
    images = chain([next(found)], found)  # nothing to read is said before a model is loaded

    from siga_ocr.reader import Reader

    reader = Reader.load(model, device)
    readings = reader.read(images) if attention is None else _read_and_draw(reader, images, attention)
    count = failed = 0
    with _destination(output) as stream:
        writer = make_writer(_format(form, output), stream)
        for reading in console.progress(readings, "crop"):
            writer.write(reading)
            count, failed = count + 1, failed + (reading.status == "error")
    if failed:
        console.say(f"{failed} of {count} images could not be read.")
    raise typer.Exit(ExitCode.NOT_ALL if failed and not exit_zero else ExitCode.OK)


def _format(form: options.FormatName, output: Path | None) -> Format:
    if form is not options.FormatName.AUTO:
        return Format(form.value)
    return Format.TABLE if output is None and console.is_terminal() else Format.JSONL


@contextmanager
def _destination(output: Path | None) -> Iterator[TextIO]:
    """stdout, or the file, which appears when all is written."""
    if output is None:
        yield console.data_stream()
        return
    with replacing(output) as stream:
        yield stream


def _read_and_draw(reader: "Reader", images: Iterator[str], folder: Path) -> Iterator["Reading"]:
    """Readings one by one, each with its overlay; the running number keeps equal names of different folders apart."""
    from PIL import Image

    from siga_ocr.visualize import overlay

    for number, path in enumerate(images, start=1):
        reading, evidence = reader.explain(path)
        if evidence is not None:
            target = folder / f"{number:05d}-{Path(path).stem[:50]}.png"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(overlay(evidence)).save(target)
            except OSError as error:
                raise DiskError(f"{target} cannot be written: {error.strerror}. Name another folder with --attention.") from error
        yield reading
