"""Characters made of dots: ink-jet on packaging, cable and metal, and dots hammered into metal."""

from dataclasses import replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import SHIPPED
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink, soften
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot
from siga_ocr.data.render.surface import METALS
from siga_ocr.data.render.texture import cut
from siga_ocr.data.render.workpiece import calm, ground, inked, uneven


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


def needle_face(draw: Draw, difficulty: float) -> DotFace:
    """The dots of a needle: apart or touching, round or square, struck twice or dragged now and then."""
    face = dot_face(draw, difficulty, draw.pick(((0.5, 0.8), (0.7, 1.05), (0.95, 1.3))))
    return replace(
        face,
        square=draw.chance(0.15),
        drag=draw.between(0.15, 0.5) if draw.chance(0.12 * difficulty) else 0.0,
        twice=draw.between(0.1, 0.5) if draw.chance(0.15 * difficulty) else 0.0,
    )


def ink_jet(job: Job) -> Shot:
    """Dot-matrix ink-jet on packaging, cable and metal: bleeding on paper, with stray drops now and then."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0, wobble=0.0)
    view, height = shoot(job, dot_face(draw, difficulty, (0.65, 1.35)), setting)
    image = ground(job, view, ("plastic", "paper", "painted", "plain", "brushed", "rubber", "cast", "plain"), 0.8)
    if draw.chance(0.2 * difficulty):
        view = _stray(view, draw)
    if draw.chance(0.3 * difficulty):  # some characters fainter than others
        view = replace(view, ink=view.ink * np.minimum(uneven(view, draw, 0.3), 1.0))
    return Shot(inked(job, view, image, 0.8, draw.pick((0.06, 0.06, 0.12, 0.6))), view, height)


def _stray(view: View, draw: Draw) -> View:
    """Small drops beside the dots."""
    near = soften(view.ink, 0.12 * view.cap) > 0.06
    drops = (cut("blasted", view.ink.shape, draw, max(0.6, view.cap / 30.0)) - draw.between(1.9, 2.6)).clip(0.0, 1.0) * near
    return replace(view, ink=np.asarray(np.maximum(view.ink, drops), np.float32))


def dot_peen(job: Job) -> Shot:
    """Dots hammered into metal: craters of uneven depth, with a rim of displaced metal, filled with dirt now and then."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0)
    view, height = shoot(job, needle_face(draw, difficulty), setting)
    image = calm(ground(job, view, (*METALS, *METALS, "painted"), 0.8), 24.0)
    crater = soften(view.ink, view.cap * 0.018)
    rim = (soften(view.ink, view.cap * 0.055) - crater).clip(0.0, 1.0) * np.float32(draw.between(0.0, 1.4) if draw.chance(0.6) else 0.0)
    depth = uneven(view, draw, 0.2 * difficulty) * np.float32(view.cap * draw.log_between(0.025, 0.07))
    result = lit(image, np.asarray((rim - crater) * depth, np.float32), random_lamp(draw, 0.9))
    if draw.chance(0.55):
        tone = ink_colour(draw, luminance(result), draw.between(25.0, 110.0), draw.chance(0.6), 0.08)
        result = print_ink(result, crater * draw.between(0.3, 0.9), tone)
    return Shot(result, view, height)
