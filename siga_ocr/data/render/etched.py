"""Marks that change the surface itself: laser, electrolyte, and lasered chip packages and wafers of very low contrast."""

from dataclasses import replace

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import SHIPPED
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import etch, luminance, soften, spread, wear
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot, with_neighbours
from siga_ocr.data.render.surface import METALS, Image
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.data.render.workpiece import contrast_levels, ground, line_face

MONO = str(SHIPPED / "VeraMono.ttf")


def hatched(ink: Field, view: View, draw: Draw) -> Field:
    """The fill lines of a laser, where the crop has the pixels to show them."""
    pitch, angle = draw.between(0.05, 0.16), draw.pick((0.0, 0.0, np.pi / 2, np.pi / 4, draw.between(0.0, np.pi)))
    if pitch * view.cap < 2.0:
        return ink
    lines = np.sin((view.u * np.float32(np.sin(angle)) + view.v * np.float32(np.cos(angle))) * np.float32(2 * np.pi / pitch))
    return np.asarray(ink * (1.0 - draw.between(0.2, 0.7) * (0.5 + 0.5 * lines)), np.float32)


def outlined(ink: Field, view: View) -> Field:
    """Characters that the laser only went around; thin strokes stay as they are."""
    line = max(1, round(0.045 * view.cap))
    inner = np.asarray(cv2.erode(ink, np.ones((2 * line + 1, 2 * line + 1), np.uint8)), np.float32)
    return np.asarray(ink - inner, np.float32)


def laser_etch(job: Job) -> Shot:
    """Laser on metal and plastic: annealed dark, frosted bright or cut in, filled with lines or drawn as outlines."""
    draw, difficulty = job.draw, job.difficulty
    view, height = shoot(job, line_face(job, 0.2, (0.05, 0.14)), random_setting(draw, difficulty))
    image = ground(job, view, (*METALS, "plastic", "rubber", "painted"))
    contrast = max(contrast_levels(draw, difficulty) * 0.8, 1.8 * float(image.std()))
    dark = draw.chance(0.55) if luminance(image) > 70 else False
    ink = spread(view.ink, draw, view.cap, difficulty)
    fill = draw.weighted((("full", 0.6), ("lines", 0.3), ("outline", 0.1 if view.cap > 24 else 0.0)))
    if fill == "lines":
        ink = hatched(ink, view, draw)
    elif fill == "outline":
        ink = outlined(ink, view)
    if draw.chance(0.3 * difficulty):
        ink = wear(ink, draw, view.cap, 0.6)
    result = etch(image, ink, draw, contrast, dark)
    if draw.chance(0.25):  # deep enough to catch the light
        result = lit(result, soften(ink, 0.02 * view.cap) * np.float32(-draw.between(0.01, 0.04) * view.cap), random_lamp(draw, 0.5))
    return Shot(result, view, height)


def electro_etch(job: Job) -> Shot:
    """Electrolytic marks on bright metal: dark grey with soft edges, a halo, blotches and pale places."""
    draw, difficulty = job.draw, job.difficulty
    view, height = shoot(job, line_face(job, 0.05), random_setting(draw, difficulty))
    image = ground(job, view, ("brushed", "milled", "turned", "plain", "blasted", "oily"), 0.9, draw.between(105.0, 205.0))
    contrast = max(contrast_levels(draw, difficulty) * 0.7, 1.8 * float(image.std()))
    ink = soften(spread(view.ink, draw, view.cap, difficulty), view.cap * draw.between(0.01, 0.045))
    blotch = cut(draw.pick(("cloud", "cast")), view.ink.shape, draw, max(0.3, view.cap / 40.0))
    pale = draw.between(0.1, 0.8) * difficulty * (blotch - draw.between(0.0, 0.8)).clip(0.0, 1.0)
    halo = soften(view.ink, view.cap * draw.between(0.08, 0.25)) * (draw.between(0.0, 0.5) * contrast)
    brown = np.array([0.85, 1.0, 1.2], np.float32) if draw.chance(0.35) else np.float32(1.0)
    stained = np.asarray(image - halo[:, :, None] * brown, np.float32)
    return Shot(etch(stained, np.asarray(ink * (1.0 - pale), np.float32), draw, contrast, True), view, height)


def chip_mark(job: Job) -> Shot:
    """Lasered marks on chip packages: dull grey on black or grey moulding compound, small, tight, between other lines; some on wafers."""
    job = replace(job, style=replace(job.style, surfaces=""))  # photographs show other materials
    return _wafer(job) if job.draw.chance(0.12) else _package(job)


def _package(job: Job) -> Shot:
    draw, difficulty = job.draw, job.difficulty
    setting = with_neighbours(random_setting(draw, difficulty), draw, 0.4 * difficulty, 0.0)
    setting = replace(setting, tracking=draw.between(0.0, 0.16), wobble=0.0)
    face = line_face(job, 0.22, (0.07, 0.14), draw.pick((("sans", "mono", "ocr"), ("narrow", "cond", "din"), ("arimo", "liberation", "vera"), ())))
    view, height = shoot(job, face, setting, None, draw.whole(14, 34) if draw.chance(0.45) else 0)
    tone = draw.weighted(((draw.between(18.0, 75.0), 0.75), (draw.between(75.0, 150.0), 0.25)))
    image = _compound(ground(job, view, ("plastic", "blasted", "rubber"), 0.5, tone), view, draw, difficulty)
    contrast = max(draw.log_between(75.0 - 57.0 * difficulty, 95.0), 1.3 * float(image.std()))
    ink = soften(spread(view.ink, draw, view.cap, difficulty), view.cap * draw.between(0.0, 0.03))
    if draw.chance(0.35):
        ink = hatched(ink, view, draw)
    dark = tone > 55 and draw.chance(0.22)  # the mark scatters light that the package mirrors
    return Shot(etch(image, ink, draw, contrast, dark), view, height)


def _compound(image: Image, view: View, draw: Draw, difficulty: float) -> Image:
    """Moulding compound is grey; its grain is fine, and round dimples and moulding lines show in it."""
    grey = np.asarray(image.mean(axis=2, keepdims=True), np.float32)
    image = np.asarray(0.25 * image + 0.75 * grey, np.float32)
    image += (cut("blasted", view.ink.shape, draw, draw.between(0.7, 1.3)) * np.float32(draw.between(1.0, 6.0) * (0.3 + 0.7 * difficulty)))[
        :, :, None
    ]
    if draw.chance(0.15):  # the dot beside the first pin, before the line or above it
        u, v = view.box[0] - draw.between(0.5, 1.2), draw.between(-0.6, 1.4)
        ring = np.hypot(view.u - u, view.v - v) - draw.between(0.2, 0.4)
        image += (np.where(ring < 0, draw.between(-12.0, 12.0), 0.0) + 20.0 * np.exp(-((ring * view.cap / 1.2) ** 2).clip(0, 30)))[:, :, None]
    return np.asarray(image, np.float32)


def _wafer(job: Job) -> Shot:
    """Fine lines or dots lasered into polished silicon: a mirror that is dark or bright, the mark the other way round."""
    draw, difficulty = job.draw, job.difficulty
    face = line_face(job, 0.6, (0.06, 0.11), ("ocr", "mono"))
    if draw.chance(0.45):
        face = DotFace(draw, draw.pick((7, 9)), MONO, draw.between(0.6, 1.0), 0.04 * difficulty, 0.02 * difficulty, draw.between(0.9, 1.1))
    view, height = shoot(job, face, replace(random_setting(draw, difficulty), tracking=draw.between(0.1, 0.3)))
    bright = draw.chance(0.45)
    image = ground(job, view, ("plain",), 1.0, draw.between(120.0, 210.0) if bright else draw.between(10.0, 60.0))
    sheen = 1.0 + draw.bell(0.2) * view.v + draw.bell(0.06) * view.u
    contrast = draw.log_between(80.0 - 50.0 * difficulty, 110.0)
    return Shot(etch(np.asarray(image * sheen[:, :, None], np.float32), view.ink, draw, contrast, bright), view, height)
