"""Which font files can draw codes: found in the system's folders, a folder given, and the few that ship with the package, sorted by name."""

import os
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import ImageFont

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import DIGITS, LETTERS, patterns
from siga_ocr.data.render.glyphs import FileFace

SHIPPED = Path(__file__).parent / "fonts"
SYSTEM = patterns("/usr/share/fonts /usr/local/share/fonts ~/.local/share/fonts ~/.fonts /Library/Fonts /System/Library/Fonts C:/Windows/Fonts")
LARGEST = 3_000_000  # bytes: larger files hold scripts that codes do not use, and load slowly
ODD = patterns(
    """
    script hand symbol dingbat ornament emoji math music braille fraktur blackletter icons barcode swash chancery z003 d050000l unifont shadow
    outline texgyre smallcap abecedario eleg elle emerita jara comic compagnon engadget dseg tagbanwa bajaderka hairline ornate lobster
    abyssinica roundhand alfa-beta ferrite ocrbe ocrbf ocrbx
    """
)
"""Parts of file names whose letters codes are not written in."""


def _files(folder: Path) -> list[str]:
    found = []
    for root, _, names in os.walk(folder.expanduser()):
        found += [os.path.join(root, name) for name in names if name.lower().endswith((".ttf", ".otf"))]  # noqa: PTH118
    return found


def _bitmaps(font: ImageFont.FreeTypeFont, characters: str) -> dict[str, bytes]:
    pictures = {}
    for character in characters:
        pixels = font.getmask(character, mode="L")
        if pixels.size[0] and pixels.size[1] and pixels.getbbox():
            pictures[character] = bytes(str(pixels.size), "ascii") + np.asarray(pixels, np.uint8).tobytes()
    return pictures


def usable_face(path: str) -> FileFace | None:
    """The face of a font file, or None if it cannot be opened or does not draw A-Z and 0-9 as 36 characters of their own.

    Zero and O may look alike, and one and I. Lower case that repeats the capitals is left out of what the face covers.
    """
    try:
        font = ImageFont.truetype(path, 28, layout_engine=ImageFont.Layout.BASIC)
        pictures = _bitmaps(font, PRINTABLE)
        missing = font.getmask("\uffff", mode="L")
        units = ImageFont.truetype(path, 1000, layout_engine=ImageFont.Layout.BASIC).getbbox("H", anchor="ls")
    except (OSError, ValueError):
        return None
    blank = bytes(str(missing.size), "ascii") + np.asarray(missing, np.uint8).tobytes()
    shared = Counter(pictures.values())
    drawn = {c for c, picture in pictures.items() if picture != blank and shared[picture] < 4}  # boxes stand for what is missing
    capitals = {pictures[c] for c in LETTERS + DIGITS if c in drawn}
    height = int(units[3] - units[1])
    if len(capitals) < 34 or not drawn.issuperset(LETTERS + DIGITS) or not 250 < height < 1500:
        return None
    if len({pictures[c.upper()] for c in LETTERS.lower() if c in drawn and pictures[c] == pictures[c.upper()]}) > 3:
        drawn -= set(LETTERS.lower())
    slanted = any(word in (font.getname()[1] or "").lower() for word in ("italic", "oblique", "slanted"))
    return FileFace(path, height, frozenset(drawn), slanted)


@lru_cache(maxsize=4)
def faces(folder: str) -> tuple[FileFace, ...]:
    """Every usable face, sorted by file name: the shipped ones, the system's, and those of `folder`.

    The list is part of the environment: two machines with other fonts render other pictures for the same seed.
    """
    paths = [path for place in (SHIPPED, *map(Path, SYSTEM)) for path in _files(place)]
    if folder:
        paths += _files(Path(folder))
    unique = {os.path.basename(path).lower(): path for path in reversed(paths)}  # noqa: PTH119
    found = []
    for name, path in sorted(unique.items()):
        if not any(part in name for part in ODD) and os.path.getsize(path) <= LARGEST:  # noqa: PTH202
            face = usable_face(path)
            if face:
                found.append(face)
    return tuple(found)


SERIF = patterns("serif roman tinos bookman c059 p052 tymes slab caladea ptf ptz titling baskerv verase verasebd go- 3270 apiregul babel mekanus")
TECHNICAL = patterns("ocr din osifont routed rg2014 bebas condensed narrow sans- nimbussans switzera b612 mono allerta cond")
THIN = patterns("thin extralight ultralight")


def _weight(face: FileFace) -> float:
    """How often a face is drawn: codes are mostly upright, technical and without serifs."""
    lower = face.name.lower()
    weight = 0.2 if any(part in lower for part in SERIF) and "sans" not in lower else 1.0
    weight *= 2.0 if any(part in lower for part in TECHNICAL) else 1.0
    weight *= 0.3 if face.slanted else 1.0
    return weight * (0.25 if any(part in lower for part in THIN) else 1.0)


@dataclass(frozen=True)
class Faces:
    """Faces with the running sum of their weights, to draw from."""

    faces: tuple[FileFace, ...]
    sums: tuple[float, ...]

    def at(self, share: float) -> FileFace:
        """The face at `share` (0..1) of the weight."""
        return self.faces[min(bisect_right(self.sums, share * self.sums[-1]), len(self.faces) - 1)]


@lru_cache(maxsize=64)
def choice(folder: str, words: tuple[str, ...] = (), upright: bool = False) -> Faces:
    """The usable faces with weights, those whose file name holds one of `words` where there are any; a family of many files does not
    outweigh one of few."""
    found = faces(folder)
    chosen = tuple(face for face in found if not words or any(word in face.name.lower() for word in words)) or found
    straight = tuple(face for face in chosen if not face.slanted)
    chosen = straight if upright and straight else chosen
    stems = [face.name.lower().replace("_", "-").partition("-")[0][:12] for face in chosen]
    counts = Counter(stems)
    weights = [_weight(face) / counts[stem] ** 0.6 for face, stem in zip(chosen, stems, strict=True)]
    return Faces(chosen, tuple(accumulate(weights)))


def shipped_faces() -> tuple[FileFace, ...]:
    """The faces inside the package alone: the same on every machine."""
    return tuple(face for face in map(usable_face, sorted(_files(SHIPPED))) if face)
