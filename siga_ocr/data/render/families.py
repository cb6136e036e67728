"""The marking families that put a line straight on a surface: print, label, etch, relief, peen, ink-jet, stencil and segment displays."""

from dataclasses import replace

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import SHIPPED
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.mark import etch, ink_colour, luminance, print_ink, profile, relief, soften, spread, wear
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.strokes import StrokeFace
from siga_ocr.data.render.surface import METALS, Image, Wanted, surface

ANY = (*METALS, "painted", "plastic", "paper", "rubber", "painted", "plastic", "paper")


def line_face(job: Job) -> Face:
    """Mostly a font file, sometimes single strokes."""
    strokes = StrokeFace(job.draw.between(0.07, 0.2), job.draw.between(0.7, 1.1))
    return strokes if job.draw.chance(0.07) and strokes.covers(job.code.text) else file_face(job)


def _contrast(draw: Draw, difficulty: float) -> float:
    """Grey levels between mark and surface: at least 26 in the hardest crops, 90 in clean ones."""
    return draw.log_between(90.0 - 64.0 * difficulty, 90.0) if draw.chance(0.35) else draw.between(80.0, 190.0)


def _surface(job: Job, view: View, materials: tuple[str, ...], texture: float = 1.0) -> Image:
    rough = texture * (0.3 + 0.7 * job.difficulty)
    return surface(job.draw, view.ink.shape, Wanted(materials, texture=rough, photos=job.style.surfaces))


def _inked(job: Job, view: View, image: Image, dark_share: float, colour: float) -> Image:
    """Ink of a random contrast on the surface, spread and worn."""
    draw, difficulty = job.draw, job.difficulty
    ink = spread(view.ink, draw, view.cap, difficulty)
    if draw.chance(0.35 * difficulty):
        ink = wear(ink, draw, view.cap, draw.between(0.2, 0.75) * difficulty)
    under = luminance(image)
    contrast = max(_contrast(draw, difficulty), 2.2 * float(image.std()))
    dark = draw.chance(dark_share) if 60 < under < 190 else under >= 128
    return print_ink(image, ink * draw.between(0.85, 1.0), ink_colour(draw, under, contrast, dark, colour))


def ink_print(job: Job) -> Shot:
    """Ink and paint on any surface."""
    view, height = shoot(job, line_face(job), random_setting(job.draw, job.difficulty))
    return Shot(_inked(job, view, _surface(job, view, ANY), 0.6, 0.4), view, height)


def label(job: Job) -> Shot:
    """Thermal and laser print on paper and film: clean, often low in resolution."""
    draw = job.draw
    setting = random_setting(draw, job.difficulty)
    view, height = shoot(job, file_face(job), setting)
    image = _surface(job, view, ("paper", "paper", "plastic", "painted", "plain"), 0.6)
    if draw.chance(0.3):  # a ruled border or bar of the label
        edge = view.v - draw.pick((-1, 1)) * draw.between(0.75, 1.2) - 0.5
        bar = (1.0 - (abs(edge) - draw.log_between(0.02, 0.12)) * view.cap).clip(0.0, 1.0)
        view = replace(view, ink=(view.ink + bar * (view.labels == 0)).clip(0.0, 1.0))
    return Shot(_inked(job, view, image, 0.85, 0.15), view, height)


def laser_etch(job: Job) -> Shot:
    """Laser and electro-etch on metal and plastic, down to chip markings of very low contrast."""
    draw = job.draw
    view, height = shoot(job, line_face(job), random_setting(draw, job.difficulty))
    image = _surface(job, view, (*METALS, "plastic", "rubber", "painted"))
    contrast = max(_contrast(draw, job.difficulty) * 0.8, 1.8 * float(image.std()))
    under = luminance(image)
    dark = draw.chance(0.55) if under > 70 else False
    ink = spread(view.ink, draw, view.cap, job.difficulty)
    if draw.chance(0.3 * job.difficulty):
        ink = wear(ink, draw, view.cap, 0.6)
    return Shot(etch(image, ink, draw, contrast, dark), view, height)


def stamped(job: Job) -> Shot:
    """Engraved, stamped and cast characters in raking light, some filled with dirt or paint."""
    draw = job.draw
    setting = random_setting(draw, job.difficulty)
    if draw.chance(0.4):  # single punches, set by hand
        setting = replace(setting, wobble=draw.between(0.0, 0.07), unrest=draw.between(0.0, 0.05), tracking=draw.between(0.08, 0.4))
    view, height = shoot(job, line_face(job), setting)
    image = _surface(job, view, (*METALS, "painted", "plastic", "rubber"), 0.8)
    engraved = draw.chance(0.65)
    ink = spread(view.ink, draw, view.cap, job.difficulty)
    rough = max(0.35, min(1.0, float(image.std()) / 22.0 + 0.35))
    strength = draw.between(rough, 1.1) if job.difficulty > draw.unit() else draw.between(0.7, 1.2)
    lit = relief(image, profile(ink, view.cap, -2.2 if engraved else 2.2, draw), draw, view.cap, strength)
    if draw.chance(0.3):  # dirt or paint in the strokes, or worn tops
        tone = ink_colour(draw, luminance(lit), draw.between(25.0, 110.0), draw.chance(0.75), 0.3)
        lit = print_ink(lit, soften(view.ink, view.cap * 0.02) * draw.between(0.3, 0.9), tone)
    return Shot(lit, view, height)


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
    image = _surface(job, view, ("plastic", "paper", "painted", "plain", "brushed", "rubber", "cast", "plain"), 0.8)
    return Shot(_inked(job, view, image, 0.8, 0.4), view, height)


def dot_peen(job: Job) -> Shot:
    """Dots hammered into metal: small craters in raking light."""
    draw = job.draw
    setting = replace(random_setting(draw, job.difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0)
    view, height = shoot(job, dot_face(draw, job.difficulty, (0.5, 1.1)), setting)
    image = _surface(job, view, METALS, 0.6)
    crater = soften(view.ink, view.cap * 0.018)
    lit = relief(image, crater * -2.6, draw, view.cap, draw.between(0.7, 1.3))
    if draw.chance(0.6):
        tone = ink_colour(draw, luminance(image), draw.between(25.0, 110.0), draw.chance(0.6), 0.1)
        lit = print_ink(lit, crater * draw.between(0.3, 0.9), tone)
    return Shot(lit, view, height)


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
    return Shot(_inked(job, soft, _surface(job, view, ANY), 0.5, 0.8), view, height)
