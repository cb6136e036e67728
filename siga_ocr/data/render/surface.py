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
        Material("galvanised", (("spangle", 11.0), ("cloud", 7.0), ("grain", 2.0)), 0.05, (90.0, 190.0)),
        Material("zinc", (("patches", 9.0), ("cloud", 8.0), ("grain", 3.0)), 0.05, (90.0, 190.0)),
        Material("faced", (("faced", 12.0), ("cloud", 7.0)), 0.05, (70.0, 200.0)),
        Material("scaled", (("scale", 13.0), ("cloud", 9.0), ("cast", 5.0)), 0.12, (35.0, 120.0)),
        Material("welded", (("bead", 17.0), ("cloud", 6.0)), 0.08, (60.0, 170.0)),
        Material("corrugated", (("ridges", 18.0), ("cloud", 6.0)), 0.6, (50.0, 190.0)),
        Material("woven", (("weave", 9.0), ("cloud", 4.0)), 0.2, (20.0, 200.0)),
        Material("cable", (("cloud", 3.0), ("blasted", 2.0)), 0.5, (15.0, 220.0)),
        Material("painted", (("cloud", 4.0), ("cast", 2.5)), 0.7),
        Material("rusty", (("cast", 16.0), ("cloud", 14.0), ("patches", 6.0)), 0.14, (45.0, 140.0)),
        Material("plastic", (("cloud", 3.0), ("blasted", 2.0)), 0.5),
        Material("rubber", (("blasted", 5.0), ("cloud", 4.0)), 0.1, (20.0, 75.0)),
        Material("paper", (("grain", 2.5), ("cloud", 3.0)), 0.15, (150.0, 245.0)),
        Material("oily", (("brushed", 9.0), ("cloud", 22.0)), 0.15, (50.0, 160.0)),
    )
}
METALS = ("brushed", "milled", "turned", "cast", "blasted", "galvanised", "rusty", "oily", "plain", "zinc", "faced", "scaled", "welded")
VARIANTS: dict[str, tuple[tuple[str, float], ...]] = {
    "rubber": (("cable", 0.35),),
    "plastic": (("cable", 0.10), ("woven", 0.07)),
    "painted": (("corrugated", 0.06),),
}
"""Materials that stand in for another now and then, with their chance."""
RUST = np.array([1.36, 0.93, 0.71], np.float32)
"""The colour of rust, of mean 1."""


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
    sized = cv2.resize(piece[:, ::-1] if draw.chance(0.5) else piece, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    mean = float(sized.mean())
    level = (sized - mean) * np.float32(min(1.3, 30.0 / max(float(sized.std()), 8.0)) * draw.between(0.5, 1.0))
    return np.asarray(_relit(np.asarray(level, np.float32), draw) + np.float32(tone), np.float32)


def _relit(piece: Image, draw: Draw) -> Image:
    """Another light on a photograph, from one side over its own roughness, and fresh wear on it; each in part of the crops."""
    if draw.chance(0.4):
        rough = piece.mean(axis=2)
        slope = rough - np.roll(rough, draw.pick(((1, 0), (-1, 0), (0, 1), (1, 1), (-1, 1))), (0, 1))
        piece = piece + (slope * np.float32(draw.between(0.4, 1.2)))[:, :, None]
    if draw.chance(0.25):
        kind = draw.pick(("scratched", "brushed", "cloud", "pitted"))
        piece = piece + (cut(kind, (piece.shape[0], piece.shape[1]), draw) * np.float32(draw.between(3.0, 9.0)))[:, :, None]
    return np.asarray(piece, np.float32)


@dataclass(frozen=True)
class Wanted:
    """Which surface a mark asks for: one of `materials`, mean grey `tone` (None: what the material has), `texture` scales its roughness."""

    materials: tuple[str, ...]
    tone: float | None = None
    texture: float = 1.0
    photos: str = ""


def surface(draw: Draw, shape: tuple[int, int], wanted: Wanted) -> Image:
    """A surface [h, w, 3] in 0..255 around its tone."""
    material = _material(draw, wanted.materials)
    tone = wanted.tone if wanted.tone is not None else draw.between(*material.tones)
    if wanted.photos and draw.chance(0.5):
        return _photo_surface(draw, shape, tone, wanted.photos)
    field = roughness(draw, shape, material, wanted.texture)
    colour = tint(draw, material.colour) * (1.0 + (RUST - 1.0) * np.float32(draw.between(0.4, 1.2)) if material.name == "rusty" else np.float32(1.0))
    image = np.asarray((tone + field)[:, :, None] * colour, np.float32)
    return _round(image, draw) if material.name == "cable" else image


def _material(draw: Draw, names: tuple[str, ...]) -> Material:
    name, share = draw.pick(names), draw.unit()
    for variant, chance in VARIANTS.get(name, ()):
        share -= chance
        if share < 0:
            return MATERIALS[variant]
    return MATERIALS[name]


def _round(image: Image, draw: Draw) -> Image:
    """A cable's jacket: light falls off to its sides, a gleam along it, a coloured stripe or the twist of its strands now and then."""
    across = np.linspace(-1.0, 1.0, image.shape[0], dtype=np.float32)[:, None] * np.float32(draw.between(0.5, 0.95)) + np.float32(draw.bell(0.1))
    if draw.chance(0.25):
        at, wide = draw.between(-0.9, 0.9), draw.between(0.05, 0.2)
        stripe = ((np.abs(across - at) < wide) * np.float32(draw.between(0.4, 0.9)))[:, :, None]
        image = image * (1.0 - stripe) + stripe * np.float32(draw.between(60.0, 220.0)) * tint(draw, 1.0)
    if draw.chance(0.2):
        lay = np.linspace(0.0, image.shape[1] / image.shape[0], image.shape[1], dtype=np.float32)[None, :]
        image = image * (1.0 + draw.between(0.04, 0.15) * np.sin(draw.between(4.0, 12.0) * lay + 2.5 * across))[:, :, None].astype(np.float32)
    gleam = draw.between(0.0, 50.0) * np.exp(-(((across - draw.bell(0.3)) / draw.between(0.08, 0.25)) ** 2))
    light = np.sqrt((1.0 - across * across).clip(0.08, 1.0))
    return np.asarray(image * light[:, :, None] + gleam[:, :, None], np.float32)


def roughness(draw: Draw, shape: tuple[int, int], material: Material, strength: float) -> Field:
    """The material's textures added up, in grey levels [h, w]."""
    field = np.zeros(shape, np.float32)
    zoom = draw.log_between(0.6, 2.0)
    for kind, deviation in material.textures:
        if deviation * strength > 0.3:
            field += cut(kind, shape, draw, zoom) * np.float32(deviation * strength * draw.between(0.3, 1.2))
    return field
