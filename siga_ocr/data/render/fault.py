"""Which faults a crop has, and that its text stays legible with them."""

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.camera import Pixels, luma
from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field

Where = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The strength of every fault of light, lens, sensor and file: 0 absent, 1 full."""

    gradient: float = 0.0
    vignette: float = 0.0
    shadow: float = 0.0
    glare: float = 0.0
    scratches: float = 0.0
    dirt: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    colour_cast: float = 0.0
    grey: float = 0.0
    low_contrast: float = 0.0
    low_resolution: float = 0.0
    exposure: float = 0.0
    tones: float = 0.0
    noise: float = 0.0
    bands: float = 0.0
    hot_pixels: float = 0.0
    interlaced: float = 0.0
    halo: float = 0.0
    jpeg: float = 0.0


CHANCES: tuple[tuple[str, float, float], ...] = (
    ("vignette", 0.0, 0.12),
    ("shadow", 0.0, 0.12),
    ("glare", 0.0, 0.10),
    ("scratches", 0.0, 0.11),
    ("dirt", 0.0, 0.12),
    ("motion", 0.0, 0.10),
    ("colour_cast", 0.0, 0.11),
    ("grey", 0.25, 0.0),
    ("low_contrast", 0.0, 0.08),
    ("low_resolution", 0.0, 0.10),
    ("exposure", 0.0, 0.14),
    ("noise", 0.3, 0.4),
    ("bands", 0.0, 0.04),
    ("hot_pixels", 0.0, 0.02),
    ("interlaced", 0.0, 0.03),
    ("halo", 0.1, 0.06),
    ("jpeg", 0.25, 0.4),
)
"""Of each fault: its name, its chance in a clean crop, and what the hardest one adds."""
PHOTOGRAPHIC = tuple(field.name for field in fields(Faults))


def drawn_faults(draw: Draw, difficulty: float, only: str = "") -> Faults:
    """The faults of one crop: independent of each other, with strengths that grow with the difficulty; `only` names one that comes alone."""
    if only:
        return Faults(**{only: 1.0}) if only in PHOTOGRAPHIC else Faults()
    strengths = {name: draw.between(0.2, 1.0) * (0.35 + 0.65 * difficulty) for name, base, slope in CHANCES if draw.chance(base + slope * difficulty)}
    if "motion" not in strengths:
        strengths["defocus"] = draw.unit() * (0.11 + (0.85 if draw.chance(0.3) else 0.36) * difficulty)
    return Faults(gradient=0.3 + 0.7 * difficulty, tones=difficulty, **strengths)


def calmed(faults: Faults) -> Faults:
    """The same faults at a third of their strength; a grey sensor stays grey."""
    return Faults(**{name: getattr(faults, name) * (1.0 if name == "grey" else 0.33) for name in PHOTOGRAPHIC})


def exposed(image: Image) -> Image:
    """Darkens what would burn out in more than a few hundredths of the crop, as a camera's exposure does; clipped to 0..255."""
    bright = float(np.quantile(image[::2, ::3].max(axis=2), 0.94))
    return np.asarray((image * (245.0 / bright) if bright > 245.0 else image).clip(0.0, 255.0), np.float32)


def _regions(labels: Pixels) -> tuple[Where, Where]:
    """Where the text is, and where the ground near it."""
    text = labels > 0
    reach = max(3, labels.shape[0] // 5) | 1
    near = (cv2.dilate(labels, np.ones((reach, reach), np.uint8)) > 0) & ~text
    return text, near if near.any() else text


def levels(image: Image, labels: Pixels) -> tuple[float, float]:
    """The mean grey of the text and of the ground near it; of the whole crop twice where there is no text."""
    if not labels.any():
        return float(image.mean()), float(image.mean())
    text, near = _regions(labels)
    grey = luma(image)
    return float(grey[text].mean()), float(grey[near].mean())


def _apart(detail: Field, labels: Pixels) -> float:
    """Grey levels between text and ground: of the means for ink, of the strokes' own light and shadow for relief."""
    text, near = _regions(labels)
    inside, outside = detail[text], detail[near]
    relief = math.sqrt(max(0.0, float(inside.var()) - float(outside.var())))
    return max(abs(float(inside.mean()) - float(outside.mean())), 1.2 * relief)


def legible(image: Image, labels: Pixels, least: float) -> Image:
    """Raises the contrast where the text differs from what is around it by less than `least` grey levels: a person could not read it either.

    The difference is that of the means for ink, and the strokes' own light and shadow for relief; slow changes of light do not count.
    """
    if not labels.any():
        return image
    image = exposed(image)
    grey = luma(image)
    apart = _apart(np.asarray(grey - soften(grey, max(1.0, 0.3 * image.shape[0])), np.float32), labels)
    if apart >= least:
        return image
    ground = soften(image, max(1.0, 0.3 * image.shape[0]))
    return np.asarray(ground.clip(45.0, 205.0) + (image - ground) * min(3.5, least / max(apart, 1.0)), np.float32)
