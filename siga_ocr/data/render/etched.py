"""Marks that change the surface itself: laser, electrolyte, and lasered chip packages of very low contrast."""

import numpy as np

from siga_ocr.data.render.mark import etch, luminance, soften, spread, wear
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot, with_neighbours
from siga_ocr.data.render.surface import METALS
from siga_ocr.data.render.texture import cut
from siga_ocr.data.render.workpiece import contrast_levels, ground, line_face


def laser_etch(job: Job) -> Shot:
    """Laser on metal and plastic: annealed dark or frosted bright, its hatching visible now and then."""
    draw = job.draw
    view, height = shoot(job, line_face(job, 0.15, (0.05, 0.14)), random_setting(draw, job.difficulty))
    image = ground(job, view, (*METALS, "plastic", "rubber", "painted"))
    contrast = max(contrast_levels(draw, job.difficulty) * 0.8, 1.8 * float(image.std()))
    dark = draw.chance(0.55) if luminance(image) > 70 else False
    ink = spread(view.ink, draw, view.cap, job.difficulty)
    if draw.chance(0.3 * job.difficulty):
        ink = wear(ink, draw, view.cap, 0.6)
    return Shot(etch(image, ink, draw, contrast, dark), view, height)


def electro_etch(job: Job) -> Shot:
    """Electrolytic marks on bright metal: dark grey with soft edges, a halo, blotches and pale places."""
    draw, difficulty = job.draw, job.difficulty
    view, height = shoot(job, line_face(job, 0.05), random_setting(draw, difficulty))
    image = ground(job, view, ("brushed", "milled", "turned", "plain", "blasted", "oily"), 0.7, draw.between(110.0, 205.0))
    contrast = max(contrast_levels(draw, difficulty) * 0.7, 1.8 * float(image.std()))
    ink = soften(spread(view.ink, draw, view.cap, difficulty), view.cap * draw.between(0.01, 0.045))
    blotch = cut("cloud", view.ink.shape, draw, max(0.3, view.cap / 40.0))
    ink = np.asarray(ink * (1.0 - draw.between(0.1, 0.55) * difficulty * (blotch - 0.3).clip(0.0, 1.0)), np.float32)
    halo = soften(view.ink, view.cap * draw.between(0.08, 0.2)) * (draw.between(0.0, 0.5) * contrast)
    return Shot(etch(image - halo[:, :, None], ink, draw, contrast, True), view, height)


def chip_mark(job: Job) -> Shot:
    """Lasered marks on chip packages: dull grey on black or grey moulding compound, small, tight, between other lines."""
    draw, difficulty = job.draw, job.difficulty
    setting = with_neighbours(random_setting(draw, difficulty), draw, 0.35 * difficulty, 0.0)
    view, height = shoot(job, line_face(job, 0.2, (0.07, 0.14)), setting)
    image = ground(job, view, ("plastic", "rubber", "blasted"), 0.6, draw.log_between(22.0, 110.0))
    contrast = max(draw.log_between(70.0 - 50.0 * difficulty, 90.0), 1.5 * float(image.std()))
    ink = spread(view.ink, draw, view.cap, difficulty)
    return Shot(etch(image, ink, draw, contrast, draw.chance(0.1)), view, height)
