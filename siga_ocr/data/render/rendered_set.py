"""Rendered crops as files: a labelled folder that appears whole or not at all, and contact sheets to look at."""

import csv
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from siga_ocr.data.render.crop import RenderedCrop, render
from siga_ocr.data.render.fonts import SHIPPED
from siga_ocr.data.render.glyphs import Mask
from siga_ocr.data.workers import Workers
from siga_ocr.errors import DiskError, UsageError
from siga_ocr.render_style import RenderStyle, family_style
from siga_ocr.whole_file import unfinished_folder

BLOCK = 64  # crops that a worker renders at once
CELL = (350, 110)  # pixels of a crop on a contact sheet
CAPTION = 18  # pixels of the text beneath it
COLUMNS = 4


@dataclass(frozen=True)
class Span:
    """The crops `start` up to `stop` (not included) of set `seed`."""

    seed: int
    start: int
    stop: int
    style: RenderStyle


def render_span(span: Span) -> list[RenderedCrop]:
    """The crops of a span, in order."""
    return [render(span.seed, index, span.style) for index in range(span.start, span.stop)]


def rendered(whole: Span, workers: int) -> Iterator[RenderedCrop]:
    """The crops of a span in order, rendered by `workers` processes: the same whatever their number."""
    spans = [Span(whole.seed, start, min(start + BLOCK, whole.stop), whole.style) for start in range(whole.start, whole.stop, BLOCK)]
    step = max(1, workers) * 2
    with Workers(render_span, workers) as pool:
        waiting = pool.begin(spans[:step])
        for place in range(step, len(spans) + step, step):
            blocks, waiting = waiting(), pool.begin(spans[place : place + step])
            for block in blocks:
                yield from block


def write_set(folder: Path, whole: Span, workers: int) -> Generator[int, None, None]:
    """Writes img/ and labels.csv (file,text) and yields how many crops are written; the folder takes its name when all are.

    Raises:
        UsageError: the folder exists.
        DiskError: it cannot be written.
    """
    if folder.exists():
        raise UsageError(f"{str(folder)!r} exists already: name a folder that does not, so that nothing is mixed or lost.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(folder) as partial:
            yield from _write_crops(partial, whole, workers)
    except OSError as error:
        raise DiskError(f"{str(folder)!r} cannot be written ({error.strerror or error}): check the place and its free space.") from error


def _write_crops(folder: Path, whole: Span, workers: int) -> Generator[int, None, None]:
    (folder / "img").mkdir()
    digits = max(6, len(str(whole.stop)))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as labels:
        rows = csv.writer(labels, lineterminator="\n")
        rows.writerow(("file", "text"))
        for number, crop in enumerate(rendered(whole, workers), start=whole.start):
            name = f"img/{number:0{digits}}.png"
            Image.fromarray(crop.image).save(folder / name)
            rows.writerow((name, crop.text))
            yield number - whole.start + 1


def contact_sheet(crops: list[RenderedCrop]) -> Mask:
    """The crops side by side, the text and family of each beneath it, uint8 [H, W, 3]."""
    width, height = CELL
    line = height + CAPTION
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(crops) // COLUMNS) * line), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(SHIPPED / "VeraMono.ttf"), 11)
    for place, crop in enumerate(crops):
        x, y = place % COLUMNS * width, place // COLUMNS * line
        picture = Image.fromarray(crop.image)
        scale = min((width - 8) / picture.width, (height - 4) / picture.height, 4.0)
        sheet.paste(picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))), (x, y))
        pen.text((x, y + height), f"{crop.text} {crop.family}", fill="black", font=font)
    return np.asarray(sheet, np.uint8)


def check_sheets(path: Path, style: RenderStyle) -> None:
    """Refuse places where sheets cannot be written or would replace something, before any work is done.

    Raises:
        UsageError: there is something already, or the folder is not there.
        DiskError: nothing can be written there.
    """
    try:
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder {str(path.parent)!r} for the contact sheet: make it, or name another place.")
        taken = path if _is_there(path) else next(filter(_is_there, _sheets(path, style)), None)
    except OSError as error:
        raise DiskError(f"{str(path)!r} cannot be written ({error.strerror}): name another place for the contact sheet.") from error
    if taken is not None:
        raise UsageError(f"{str(taken)!r} is there already: name another file for the contact sheet, so that nothing is lost.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise DiskError(f"{str(path)!r} cannot be written (its folder is read-only): name another place for the contact sheet.")


def _is_there(place: Path) -> bool:
    try:
        place.lstat()
    except FileNotFoundError:
        return False
    return True


def _sheets(path: Path, style: RenderStyle) -> dict[Path, RenderStyle]:
    """Which sheets are written, and of what style; one of each family beside the first where there are several."""
    families = [name for name, _ in style.families]
    alone = {name: family_style(name, style) for name in families if len(families) > 1}
    return {path: style} | {path.with_name(f"{path.stem}-{name}{path.suffix}"): one for name, one in alone.items()}


def write_sheets(path: Path, whole: Span) -> list[Path]:
    """Writes a contact sheet of the span's crops as `path` and, where its style mixes families, one of each family beside it.

    SHEET.png gets SHEET-print.png and so on; those hold as many crops, of the same seed, but of that family alone. Returns what was written.

    Raises:
        DiskError: a sheet cannot be written.
    """
    spans = {place: replace(whole, style=style) for place, style in _sheets(path, whole.style).items()}
    try:
        for place, span in spans.items():
            Image.fromarray(contact_sheet(render_span(span))).save(place, format="PNG")
    except OSError as error:
        raise DiskError(f"{str(path)!r} cannot be written ({error.strerror or error}): check the place and its free space.") from error
    return list(spans)
