"""Characters that stand above or below the surface: stamped, cast and engraved."""

from dataclasses import dataclass, replace

import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.lighting import lit, random_lamp
from siga_ocr.data.render.mark import ink_colour, luminance, print_ink, soften, spread, wear
from siga_ocr.data.render.scene import Job, Shot, random_setting, shoot
from siga_ocr.data.render.surface import METALS, RUST, Image
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.data.render.workpiece import calm, ground, line_face, paint_colour, uneven


@dataclass(frozen=True)
class Form:
    """The cross-section of a stroke, lengths in cap heights: `depth` (positive towards the camera), `flank` how far its sides slope, `rim`
    the share of the depth that displaced material rises beside it."""

    depth: float
    flank: float
    rim: float = 0.0


def raised(ink: Field, cap: float, form: Form) -> Field:
    """The height in pixels [h, w] of strokes of that form where `ink` covers the surface."""
    side = soften(ink, max(0.45, form.flank * cap))
    body = 0.7 * side + 0.3 * soften(ink, 2.5 * form.flank * cap)  # flat middle, rounded shoulders
    if form.rim:
        wide = soften(ink, max(1.0, 0.09 * cap))
        body = body - form.rim * (wide - body).clip(0.0, 1.0)
    return np.asarray(body * np.float32(form.depth * cap), np.float32)


def _filled(image: Image, view: View, draw: Draw, dark: float, cover: tuple[float, float]) -> Image:
    """Dirt, rust or paint in the strokes, or on their tops; `dark` is the chance that it is darker than the surface."""
    tone = ink_colour(draw, luminance(image), draw.between(25.0, 110.0), draw.chance(dark), 0.06)
    if draw.chance(0.3):
        tone = paint_colour(draw, image, 45.0) if draw.chance(0.6) else tone * RUST
    return print_ink(image, soften(view.ink, view.cap * 0.02) * draw.between(*cover), np.asarray(tone, np.float32))


def _skin(job: Job, view: View, kinds: tuple[str, ...], roughness: float) -> Field:
    """Unevenness of the surface itself in pixels [h, w], up to `roughness` cap heights of deviation: it lights up as the strokes do."""
    draw = job.draw
    field = cut(draw.pick(kinds), view.ink.shape, draw, max(0.5, view.cap / 30.0) * draw.log_between(0.6, 1.5)).clip(-2.5, 2.5)
    return np.asarray(field * np.float32(view.cap * draw.unit() * roughness * (0.25 + 0.75 * job.difficulty)), np.float32)


def _sheen(image: Image, view: View, draw: Draw) -> Image:
    """The lamp's own reflection in the metal: a broad bright band or spot around some of the characters."""
    along, across = draw.log_between(0.8, 5.0), draw.between(0.35, 1.2)
    middle = draw.between(view.box[0], view.box[2])
    distance = ((view.u - middle + draw.bell(0.5) * view.v) / along) ** 2 + ((view.v - draw.between(-0.3, 1.3)) / across) ** 2
    return np.asarray(image * (1.0 + draw.between(0.2, 0.7) * np.exp(-distance.clip(0, 30)))[:, :, None], np.float32)


def stamped(job: Job) -> Shot:
    """Stamped lines and single punches: sunk with sharp flanks, of uneven depth, sometimes struck twice."""
    draw, difficulty = job.draw, job.difficulty
    setting = random_setting(draw, difficulty)
    single = draw.chance(0.55)
    if single:  # punches set by hand
        setting = replace(setting, wobble=draw.between(0.0, 0.07), unrest=draw.between(0.0, 0.05), tracking=draw.between(0.08, 0.4))
    view, height = shoot(job, line_face(job, 0.25, (0.09, 0.2)), setting)
    image = calm(ground(job, view, (*METALS, *METALS, "painted"), 0.9), 24.0)
    if draw.chance(0.3 * difficulty):
        image = _sheen(image, view, draw)
    ink = spread(view.ink, draw, view.cap, difficulty)
    deep = draw.between(0.035, 0.10) * (1.0 - 0.4 * difficulty * draw.unit())
    form = Form(-deep, draw.between(0.008, 0.03), draw.between(0.2, 1.0) if draw.chance(0.5) else 0.0)
    field = raised(ink, view.cap, form) * uneven(view, draw, (0.28 if single else 0.12) * difficulty)
    if draw.chance(0.1 * difficulty):  # struck twice
        shift = (draw.pick((-1, 1)) * max(1, round(0.06 * view.cap)), draw.pick((-1, 1)) * max(1, round(0.05 * view.cap)))
        field = np.minimum(field, 0.5 * np.roll(field, shift, (0, 1)))
    field = field + _skin(job, view, ("blasted", "brushed", "scratched", "pitted", "cast"), 0.07 * deep)
    result = lit(image, np.asarray(field, np.float32), random_lamp(draw, 0.8))
    return Shot(_filled(result, view, draw, 0.85, (0.25, 0.85)) if draw.chance(0.4) else result, view, height)


def cast(job: Job) -> Shot:
    """Raised characters of castings, forgings and mouldings: soft flanks, rough skin, worn or painted tops; seldom sunk ones."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), tracking=draw.between(0.06, 0.3))
    view, height = shoot(job, line_face(job, 0.12, (0.12, 0.2), ("bold", "din", "sans", "cond")), setting)
    image = calm(ground(job, view, ("cast", "cast", "rusty", "painted", "blasted", "galvanised", "rubber", "plastic"), 0.7), 24.0)
    ink = spread(view.ink, draw, view.cap, difficulty)
    form = Form(draw.between(0.05, 0.13) * (1.0 if draw.chance(0.88) else -1.0), draw.between(0.02, 0.05))
    field = raised(ink, view.cap, form) + _skin(job, view, ("cast", "pitted", "blasted"), 0.1 * abs(form.depth))
    result = lit(image, np.asarray(field, np.float32), random_lamp(draw, 0.45))
    if draw.chance(0.3):
        tops = wear(view.ink, draw, view.cap, 0.6 * difficulty)
        result = _filled(result, replace(view, ink=tops), draw, 0.35, (0.4, 0.95))
    return Shot(result, view, height)


def engraved(job: Job) -> Shot:
    """Milled and routed lines of constant width with a round bottom, with chatter, often filled with paint or cut through to another colour."""
    draw, difficulty = job.draw, job.difficulty
    words = ("routed", "osifont", "din", "light", "sans")
    view, height = shoot(job, line_face(job, 0.6, (0.06, 0.17), words), random_setting(draw, difficulty))
    image = calm(ground(job, view, ("brushed", "milled", "turned", "plain", "blasted", "plastic", "plastic", "painted", "oily"), 0.7), 24.0)
    field = raised(view.ink, view.cap, Form(-draw.between(0.03, 0.09), draw.between(0.015, 0.035), draw.between(0.0, 0.6)))
    if draw.chance(0.4):  # chatter of the cutter
        waves = np.sin((view.u + view.v * draw.bell(0.7)) * np.float32(draw.between(18.0, 45.0)))
        field = np.asarray(field * (1.0 + draw.between(0.1, 0.35) * difficulty * waves), np.float32)
    if draw.chance(0.55):  # paint or the core of a laminate
        ink = spread(view.ink, draw, view.cap, difficulty)
        ink = wear(ink, draw, view.cap, 0.6 * difficulty) if draw.chance(0.3) else ink
        image = print_ink(image, ink * draw.between(0.7, 1.0), paint_colour(draw, image, 60.0))
        field = field * np.float32(0.5)
    field = field + _skin(job, view, ("blasted", "brushed", "scratched", "turned"), 0.0035)
    return Shot(lit(image, np.asarray(field, np.float32), random_lamp(draw, 0.7)), view, height)
