"""Ink on any surface, and print on paper and film."""

from dataclasses import replace

from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.workpiece import ANY, ground, inked, line_face


def ink_print(job: Job) -> Shot:
    """Ink and paint on any surface."""
    view, height = shoot(job, line_face(job), random_setting(job.draw, job.difficulty))
    return Shot(inked(job, view, ground(job, view, ANY), 0.6, 0.4), view, height)


def label(job: Job) -> Shot:
    """Thermal and laser print on paper and film: clean, often low in resolution."""
    draw = job.draw
    setting = random_setting(draw, job.difficulty)
    view, height = shoot(job, file_face(job), setting)
    image = ground(job, view, ("paper", "paper", "plastic", "painted", "plain"), 0.6)
    if draw.chance(0.3):  # a ruled border or bar of the label
        edge = view.v - draw.pick((-1, 1)) * draw.between(0.75, 1.2) - 0.5
        bar = (1.0 - (abs(edge) - draw.log_between(0.02, 0.12)) * view.cap).clip(0.0, 1.0)
        view = replace(view, ink=(view.ink + bar * (view.labels == 0)).clip(0.0, 1.0))
    return Shot(inked(job, view, image, 0.85, 0.15), view, height)
