"""Characters made of dots: ink-jet on packaging, cable and metal, and dots hammered into metal."""

from dataclasses import replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import SHIPPED
from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink, soften
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot
from siga_ocr.data.render.surface import METALS
from siga_ocr.data.render.workpiece import ground, inked


def dot_face(draw: Draw, difficulty: float, diameter: tuple[float, float]) -> DotFace:
    """A dot matrix of 7 to 16 rows with the faults of its nozzles or needle."""
    rows = draw.weighted(((7, 0.6), (9, 0.2), (12, 0.12), (16, 0.08)))
    return DotFace(
        draw,
        rows,
        str(SHIPPED / draw.pick(("VeraMono.ttf", "Vera.ttf", "VeraMoBd.ttf" if rows > 9 else "VeraMono.ttf"))),
        draw.between(*diameter) * (1.0 if rows == 7 else 1.15),
        draw.between(0.0, 0.13) * difficulty,
        draw.between(0.0, 0.06) * difficulty if draw.chance(0.4) else 0.0,
        draw.log_between(0.75, 1.35),
        draw.chance(0.6),
    )


def ink_jet(job: Job) -> Shot:
    """Dot-matrix ink-jet on packaging, cable and metal."""
    draw = job.draw
    setting = replace(random_setting(draw, job.difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0, wobble=0.0)
    view, height = shoot(job, dot_face(draw, job.difficulty, (0.75, 1.35)), setting)
    image = ground(job, view, ("plastic", "paper", "painted", "plain", "brushed", "rubber", "cast", "plain"), 0.8)
    return Shot(inked(job, view, image, 0.8, 0.4), view, height)


def dot_peen(job: Job) -> Shot:
    """Dots hammered into metal: small craters, with a rim of displaced metal on soft material."""
    draw = job.draw
    setting = replace(random_setting(draw, job.difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0)
    view, height = shoot(job, dot_face(draw, job.difficulty, (0.5, 1.2)), setting)
    image = ground(job, view, METALS, 0.6)
    crater = soften(view.ink, view.cap * 0.018)
    rim = soften(view.ink, view.cap * 0.05) - crater
    depth = view.cap * draw.log_between(0.02, 0.07)
    field = (rim.clip(0.0, 1.0) * draw.between(0.0, 0.9) - crater) * depth
    result = lit(image, np.asarray(field, np.float32), random_lamp(draw, 0.9))
    if draw.chance(0.6):
        tone = ink_colour(draw, luminance(result), draw.between(25.0, 110.0), draw.chance(0.6), 0.1)
        result = print_ink(result, crater * draw.between(0.3, 0.9), tone)
    return Shot(result, view, height)
