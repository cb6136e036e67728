"""Paint: through stencils, by brush, by spray can and by spray head."""

from dataclasses import replace

from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.workpiece import ANY, ground, inked, line_face


def stencil(job: Job) -> Shot:
    """Paint through a stencil: bridges in the letters, soft or dripping edges."""
    draw = job.draw
    setting = replace(random_setting(draw, job.difficulty), tracking=draw.between(0.1, 0.3))
    view, height = shoot(job, file_face(job, ("allerta_stencil", "din", "bold", "rg2014")), setting)
    if draw.chance(0.6):  # bridges at one height through all letters
        middle = draw.between(0.35, 0.65)
        bridge = ((abs(view.v - middle) - draw.between(0.02, 0.045)) * view.cap + 0.5).clip(0.0, 1.0)
        view = replace(view, ink=view.ink * bridge)
    soft = replace(view, ink=soften(view.ink, view.cap * draw.between(0.0, 0.05)))
    return Shot(inked(job, soft, ground(job, view, ANY), 0.5, 0.8), view, height)


def paint(job: Job) -> Shot:
    """Large painted characters."""
    draw = job.draw
    view, height = shoot(job, line_face(job, 0.25, (0.12, 0.22)), random_setting(draw, job.difficulty))
    soft = replace(view, ink=soften(view.ink, view.cap * draw.between(0.0, 0.04)))
    image = ground(job, view, ("painted", "rusty", "cast", "galvanised", "painted"))
    return Shot(inked(job, soft, image, 0.3, 0.8), view, height)
