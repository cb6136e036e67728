"""What the marking families share: the face, the surface under the mark, its contrast, and characters that differ from one another."""

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink, soften, spread, wear
from siga_ocr.data.render.scene import Job, file_face
from siga_ocr.data.render.strokes import StrokeFace
from siga_ocr.data.render.surface import METALS, Image, Wanted, surface
from siga_ocr.data.render.texture import Field

ANY = (*METALS, "painted", "plastic", "paper", "rubber", "painted", "plastic", "paper")

PAINTS = (
    ((24.0, 24.0, 26.0), 0.30),
    ((236.0, 236.0, 232.0), 0.38),
    ((232.0, 190.0, 40.0), 0.12),
    ((185.0, 38.0, 32.0), 0.09),
    ((32.0, 70.0, 150.0), 0.06),
    ((225.0, 110.0, 35.0), 0.03),
    ((40.0, 110.0, 65.0), 0.02),
)
"""Colours that codes are painted and filled with, RGB, with how often they come."""


def paint_colour(draw: Draw, image: Image, least: float) -> Image:
    """The colour [3] of a common paint whose grey differs from that of the surface by `least` levels or more, weathered a little."""
    under = luminance(image)
    offered = [(paint, weight) for paint, weight in PAINTS if abs(sum(paint) / 3.0 - under) >= least] or [(PAINTS[under < 128][0], 1.0)]
    colour = np.array(draw.weighted(offered), np.float32)
    faded = draw.between(0.0, 0.3)
    return np.asarray(colour * (1.0 - faded) + faded * float(colour.mean()), np.float32) * np.float32(draw.between(0.85, 1.03))


def line_face(job: Job, single: float = 0.07, pen: tuple[float, float] = (0.07, 0.2), words: tuple[str, ...] = ()) -> Face:
    """A font file (with `words` in its name), or single strokes of a pen in cap heights with chance `single` where they cover the text."""
    strokes = StrokeFace(job.draw.between(*pen), job.draw.between(0.7, 1.1))
    return strokes if job.draw.chance(single) and strokes.covers(job.code.text) else file_face(job, words)


def contrast_levels(draw: Draw, difficulty: float) -> float:
    """Grey levels between mark and surface: at least 26 in the hardest crops, 90 in clean ones."""
    return draw.log_between(90.0 - 64.0 * difficulty, 90.0) if draw.chance(0.35) else draw.between(80.0, 190.0)


def ground(job: Job, view: View, materials: tuple[str, ...], texture: float = 1.0, tone: float | None = None) -> Image:
    """The surface under the mark, rougher in harder crops; `tone` is its mean grey, by default what the material has."""
    rough = texture * (0.3 + 0.7 * job.difficulty)
    image = surface(job.draw, view.ink.shape, Wanted(materials, tone=tone, texture=rough, photos=job.style.surfaces))
    kept = job.draw.between(0.25, 1.0)  # few workpieces are as vivid as a material can be
    mix = np.full((3, 3), (1.0 - kept) / 3.0, np.float32) + np.eye(3, dtype=np.float32) * np.float32(kept)
    return np.asarray(cv2.transform(image, mix), np.float32)


def calm(image: Image, most: float) -> Image:
    """The surface with a deviation of at most `most` grey levels, so that shallow marks are not lost in it."""
    deviation = float(image.std())
    mean = np.float32(image.mean())
    return np.asarray(mean + (image - mean) * np.float32(most / deviation), np.float32) if deviation > most else image


def inked(job: Job, view: View, image: Image, dark_share: float, colour: float) -> Image:
    """Ink of a random contrast on the surface, spread and worn; `colour` 0 grey to 1 vivid."""
    draw, difficulty = job.draw, job.difficulty
    ink = spread(view.ink, draw, view.cap, difficulty)
    if draw.chance(0.35 * difficulty):
        ink = wear(ink, draw, view.cap, draw.between(0.2, 0.75) * difficulty)
    under = luminance(image)
    contrast = max(contrast_levels(draw, difficulty), 2.2 * float(image.std()))
    dark = draw.chance(dark_share) if 60 < under < 190 else under >= 128
    return print_ink(image, ink * draw.between(0.85, 1.0), ink_colour(draw, under, contrast, dark, colour))


def uneven(view: View, draw: Draw, deviation: float, least: float = 0.35) -> Field:
    """A factor [h, w] that differs from character to character, as blows of a hammer do, and leans within the line; at least `least`."""
    levels = np.maximum(1.0 + deviation * draw.generator.standard_normal(256, dtype=np.float32).clip(-2, 2), least)
    levels[0] = 1.0
    near = cv2.dilate(view.labels, np.ones((3, 3), np.uint8))
    lean = 1.0 + draw.bell(0.5 * deviation, 1.5) * (view.v - 0.5) * 2.0
    return np.asarray(np.maximum(soften(levels[near], 0.04 * view.cap) * lean, least), np.float32)
