"""What codes are marked on: a colour with a texture, procedural or from photographs."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.errors import UsageError

Image = npt.NDArray[np.float32]
PHOTO = 192  # pixels of the short side that are kept of a photograph


@dataclass(frozen=True)
class Material:
    """A surface: its textures with their deviation in grey levels at full difficulty, how coloured it is (0 grey, 1 vivid), its usual tones."""

    name: str
    textures: tuple[tuple[str, float], ...]
    colour: float
    tones: tuple[float, float] = (40.0, 225.0)


MATERIALS = {
    material.name: material
    for material in (
        Material("plain", (("cloud", 3.0),), 0.3),
        Material("brushed", (("brushed", 13.0), ("cloud", 7.0), ("scratched", 4.0)), 0.08, (70.0, 200.0)),
        Material("milled", (("milled", 8.0), ("brushed", 6.0), ("cloud", 6.0)), 0.06, (70.0, 190.0)),
        Material("turned", (("turned", 10.0), ("cloud", 8.0)), 0.06, (60.0, 190.0)),
        Material("cast", (("cast", 13.0), ("pitted", 8.0), ("cloud", 8.0)), 0.12, (35.0, 150.0)),
        Material("blasted", (("blasted", 10.0), ("cloud", 5.0)), 0.05, (80.0, 200.0)),
        Material("galvanised", (("patches", 9.0), ("cloud", 8.0), ("grain", 3.0)), 0.05, (90.0, 190.0)),
        Material("painted", (("cloud", 4.0), ("cast", 2.5)), 0.9),
        Material("rusty", (("cast", 16.0), ("cloud", 14.0), ("patches", 6.0)), 0.5, (45.0, 140.0)),
        Material("plastic", (("cloud", 3.0), ("blasted", 2.0)), 0.5),
        Material("rubber", (("blasted", 5.0), ("cloud", 4.0)), 0.1, (20.0, 75.0)),
        Material("paper", (("grain", 2.5), ("cloud", 3.0)), 0.15, (150.0, 245.0)),
        Material("oily", (("brushed", 9.0), ("cloud", 22.0)), 0.15, (50.0, 160.0)),
    )
}
METALS = ("brushed", "milled", "turned", "cast", "blasted", "galvanised", "rusty", "oily", "plain")
RUST = np.array([1.25, 0.95, 0.75], np.float32)


def tint(draw: Draw, strength: float) -> Image:
    """A colour [3] of mean 1: grey at strength 0, vivid at 1."""
    hue = draw.between(0.0, 180.0)
    vivid = cv2.cvtColor(np.array([[[hue, 220, 200]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)
    colour = 1.0 + strength * draw.unit() * (vivid / vivid.mean() - 1.0)
    return np.asarray(colour, np.float32)


@lru_cache(maxsize=4)
def photographs(folder: str) -> tuple[str, ...]:
    """The photographs under a folder, sorted by path.

    Raises:
        UsageError: there are none.
    """
    found = []
    for root, _, names in os.walk(folder):
        if "mask" not in root:  # stains to blend, no photographs
            found += [os.path.join(root, name) for name in names if name.lower().endswith((".jpg", ".jpeg", ".png"))]  # noqa: PTH118
    if not found:
        raise UsageError(f"No photographs (jpg, png) of surfaces under {folder!r}: name a folder that holds some, or none.")
    return tuple(sorted(found))


@lru_cache(maxsize=1500)
def _photograph(path: str) -> npt.NDArray[np.uint8]:
    """One photograph, uint8 [h, w, 3] RGB, its short side at most `PHOTO` pixels."""
    pixels = cv2.imdecode(np.frombuffer(Path(path).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise UsageError(f"{path!r} is no photograph that can be decoded: remove it from the folder of surfaces.")
    scale = PHOTO / min(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(pixels[:, :, ::-1], np.uint8)


def _photo_surface(draw: Draw, shape: tuple[int, int], tone: float, folder: str) -> Image:
    """A piece of a photograph, relit to `tone`; its own brightness stays in half of the crops."""
    whole = _photograph(draw.pick(photographs(folder)))
    zoom = draw.log_between(0.4, 1.6)
    height = min(whole.shape[0], max(4, round(shape[0] / zoom)))
    width = min(whole.shape[1], max(4, round(shape[1] / zoom)))
    top, left = draw.whole(0, whole.shape[0] - height), draw.whole(0, whole.shape[1] - width)
    piece = whole[top : top + height, left : left + width]
    piece = cv2.resize(piece[:, ::-1] if draw.chance(0.5) else piece, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    mean = float(piece.mean())
    return np.asarray((piece - mean) * min(1.3, 30.0 / max(float(piece.std()), 8.0)) * draw.between(0.5, 1.0) + tone, np.float32)


@dataclass(frozen=True)
class Wanted:
    """Which surface a mark asks for: one of `materials`, mean grey `tone` (None: what the material has), `texture` scales its roughness."""

    materials: tuple[str, ...]
    tone: float | None = None
    texture: float = 1.0
    photos: str = ""


def surface(draw: Draw, shape: tuple[int, int], wanted: Wanted) -> Image:
    """A surface [h, w, 3] in 0..255 around its tone."""
    material = MATERIALS[draw.pick(wanted.materials)]
    tone = wanted.tone if wanted.tone is not None else draw.between(*material.tones)
    if wanted.photos and draw.chance(0.5):
        return _photo_surface(draw, shape, tone, wanted.photos)
    field = roughness(draw, shape, material, wanted.texture)
    colour = tint(draw, material.colour) * (RUST if material.name == "rusty" else np.float32(1.0))
    return np.asarray((tone + field)[:, :, None] * colour, np.float32)


def roughness(draw: Draw, shape: tuple[int, int], material: Material, strength: float) -> Field:
    """The material's textures added up, in grey levels [h, w]."""
    field = np.zeros(shape, np.float32)
    zoom = draw.log_between(0.6, 2.0)
    for kind, deviation in material.textures:
        if deviation * strength > 0.3:
            field += cut(kind, shape, draw, zoom) * np.float32(deviation * strength * draw.between(0.3, 1.2))
    return field
