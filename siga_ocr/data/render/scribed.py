"""Characters scratched into a surface by hand or with a vibrating point."""

from dataclasses import replace

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.hand import HandFace
from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink, soften
from siga_ocr.data.render.reliefs import Form, raised
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot
from siga_ocr.data.render.surface import METALS
from siga_ocr.data.render.workpiece import calm, ground


def hand_face(draw: Draw, difficulty: float, pen: tuple[float, float]) -> HandFace:
    """A hand with a scriber, a vibrating point or a brush; `pen` bounds its width in cap heights."""
    return HandFace(
        draw,
        draw.log_between(*pen),
        draw.between(0.7, 1.1),
        draw.between(0.15, 0.5) * (0.35 + 0.65 * difficulty),
        draw.weighted(((1, 0.6), (2, 0.3), (3, 0.1))),
        draw.chance(0.22),
    )


def scribed(job: Job) -> Shot:
    """Thin single strokes, bright on dark or dark on bright, with a burr that catches the light."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), pitch=0.0, wobble=draw.between(0.0, 0.06) * difficulty, tracking=draw.between(0.02, 0.3))
    view, height = shoot(job, hand_face(draw, difficulty, (0.035, 0.095)), setting)
    image = calm(ground(job, view, (*METALS, *METALS, "painted", "painted", "plastic"), 0.8), 24.0)
    under = luminance(image)
    contrast = max(draw.between(45.0, 140.0), 2.0 * float(image.std()))
    tone = ink_colour(draw, under, contrast, draw.chance(0.75 if under > 150 else 0.2), 0.08)
    field = raised(view.ink, view.cap, Form(-draw.between(0.01, 0.04), 0.01, draw.between(0.2, 0.9)))
    image = print_ink(image, soften(view.ink, 0.01 * view.cap) * draw.between(0.5, 0.95), tone)
    lamp = replace(random_lamp(draw, 0.7), kind="raking")
    return Shot(lit(image, field, lamp), view, height)
