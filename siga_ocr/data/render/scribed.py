"""Characters scratched into a surface by hand or with a vibrating point."""

from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink
from siga_ocr.data.render.reliefs import Form, raised
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot
from siga_ocr.data.render.surface import METALS
from siga_ocr.data.render.workpiece import ground, line_face


def scribed(job: Job) -> Shot:
    """Thin single strokes, bright on dark or dark on bright."""
    draw = job.draw
    view, height = shoot(job, line_face(job, 1.0, (0.04, 0.09), ("light", "thin", "routed", "osifont")), random_setting(draw, job.difficulty))
    image = ground(job, view, (*METALS, "painted", "plastic"), 0.7)
    under = luminance(image)
    tone = ink_colour(draw, under, draw.between(60.0, 150.0), under > 150 and draw.chance(0.7), 0.1)
    image = print_ink(image, view.ink * draw.between(0.5, 0.95), tone)
    return Shot(lit(image, raised(view.ink, view.cap, Form(-0.03, 0.01, 0.4)), random_lamp(draw, 0.7)), view, height)
