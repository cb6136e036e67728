"""The 6,763 Chinese characters of GB 2312, and crops of them in whatever open CJK font is on the machine."""

import csv
import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFont

from siga_ocr.data.render.fonts import SYSTEM

NAMES = ("cjk", "wqy", "wenquan", "sourcehan", "droidsansfallback", "uming", "ukai", "fandol")
"""Parts of the file names of fonts that draw all of GB 2312 and are free to use."""

RARE = "齄"
"""The last character of the set: a font that draws it draws all."""

HEIGHT = 32


@functools.cache
def gb2312() -> str:
    """Rows 16 to 87 of the standard: 3,755 common characters, then 3,008 less common ones."""
    cells = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return "".join(cell.decode("gb2312", errors="ignore") for cell in cells)


@functools.cache
def font() -> ImageFont.FreeTypeFont | None:
    """The first font by name that draws the rarest character as something else than what is missing."""
    for path in sorted(_files()):
        found = ImageFont.truetype(str(path), 24, layout_engine=ImageFont.Layout.BASIC)
        if bytes(found.getmask(RARE)) != bytes(found.getmask("\uffff")):
            return found
    return None


def _files() -> Iterator[Path]:
    for folder in SYSTEM:
        for path in Path(folder).expanduser().rglob("*.[to]t[cf]"):
            if any(name in path.name.lower() for name in NAMES):
                yield path


def crop(text: str, seed: int) -> npt.NDArray[np.uint8]:
    """Dark text on light ground with a little noise: uint8 [32, w, 3]; the test is skipped where no font can write it."""
    face = font()
    if face is None:
        pytest.skip("no open CJK font here: install fonts-noto-cjk or fonts-wqy-microhei")
    picture = Image.new("L", (round(face.getlength(text)) + 16, HEIGHT), 205)
    ImageDraw.Draw(picture).text((8, HEIGHT // 2), text, fill=45, font=face, anchor="lm")
    noise = np.random.default_rng(seed).normal(0, 4, (HEIGHT, picture.width))
    grey = np.clip(np.asarray(picture, np.float64) + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)


def write_set(folder: Path, count: int, length: int) -> list[str]:
    """A labelled folder of crops whose texts run evenly through the set; returns the texts."""
    characters = gb2312()
    texts = ["".join(characters[(7 + 613 * number + 89 * place) % len(characters)] for place in range(length)) for number in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "text"])
        for number, text in enumerate(texts):
            Image.fromarray(crop(text, number)).save(folder / f"{number}.png")
            table.writerow([f"{number}.png", text])
    return texts
