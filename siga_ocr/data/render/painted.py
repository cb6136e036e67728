"""Paint: through stencils, by brush, by spray can and by spray head, on containers, billets and whatever else is large."""

from dataclasses import replace

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.coating import broken, dripping, oversprayed, ragged
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.geometry import View
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.lighting import Lamp, lit
from siga_ocr.data.render.mark import print_ink, soften
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.scribed import hand_face
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.texture import Field, cut
from siga_ocr.data.render.workpiece import ANY, ground, line_face, paint_colour

BLOCK = ("bold", "din", "sans", "narrow", "cond", "ptn77", "roboto-medium")

WALLS = (
    (120.0, 48.0, 40.0),
    (150.0, 60.0, 45.0),
    (40.0, 72.0, 120.0),
    (60.0, 105.0, 150.0),
    (60.0, 95.0, 75.0),
    (190.0, 192.0, 190.0),
    (130.0, 134.0, 138.0),
    (205.0, 110.0, 55.0),
    (190.0, 165.0, 110.0),
    (70.0, 72.0, 76.0),
)
"""Coats of freight containers, RGB."""


def stencil(job: Job) -> Shot:
    """Paint through a stencil: bridges in the letters, sprayed over the edge, thin and thick places."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), tracking=draw.between(0.1, 0.3))
    cut_out = draw.chance(0.5)
    view, height = shoot(job, file_face(job, ("stencil",) if cut_out else ("din", "bold", "rg2014", "narrow", "cond")), setting)
    if not cut_out and draw.chance(0.85):  # bridges at one height through all letters
        middle = draw.between(0.38, 0.62)
        bridge = ((abs(view.v - middle) - draw.between(0.025, 0.05)) * view.cap + 0.5).clip(0.0, 1.0)
        view = replace(view, ink=view.ink * bridge)
    image = ground(job, view, ANY)
    ink = soften(view.ink, view.cap * draw.between(0.0, 0.045))
    if draw.chance(0.55):
        ink = oversprayed(ink, draw, view.cap, difficulty)
    if draw.chance(0.3):
        ink = dripping(ink, draw, view.cap, draw.whole(1, 3))
    ink = broken(ink, draw, view.cap, draw.between(0.1, 0.7) * difficulty)
    return Shot(print_ink(image, ink, paint_colour(draw, image, 60.0)), view, height)


def paint(job: Job) -> Shot:
    """Container marks on corrugated walls, sprayed numbers on rolled steel, and brushed characters."""
    return job.draw.weighted(((_container, 0.4), (_billet, 0.32), (_brushed, 0.28)))(job)


def _brushed(job: Job) -> Shot:
    """Characters written with a brush or a marker: bleeding, running down, dry places, peeling."""
    draw, difficulty = job.draw, job.difficulty
    face: Face = replace(hand_face(draw, difficulty, (0.1, 0.2)), buzz=False, passes=1)
    view, height = shoot(job, face if draw.chance(0.7) else line_face(job, 0.3, (0.12, 0.2), BLOCK), random_setting(draw, difficulty))
    image = ground(job, view, ("painted", "rusty", "cast", "galvanised", "plastic", "oily", "paper"))
    full = np.asarray((view.ink * 1.33).clip(0.0, 1.0), np.float32)
    ink = ragged(full, draw, view.cap, draw.between(0.0, 0.2) * difficulty)
    if draw.chance(0.35):
        ink = dripping(ink, draw, view.cap, draw.whole(1, 5))
    ink = broken(ink, draw, view.cap, draw.between(0.0, 0.8) * difficulty)
    return Shot(print_ink(image, ink, paint_colour(draw, image, 60.0)), view, height)


def _billet(job: Job) -> Shot:
    """White or yellow numbers on the scaled face of hot-rolled steel, seen from far away: mostly of few pixels."""
    draw, difficulty = job.draw, job.difficulty
    kind = draw.weighted((("dots", 0.5), ("stencil", 0.25), ("pen", 0.25)))
    face = line_face(job, 1.0, (0.13, 0.22))
    if kind == "dots":
        face = DotFace(
            draw, 7, "", draw.between(0.8, 1.4), draw.between(0.0, 0.12) * difficulty, draw.between(0.0, 0.05), draw.between(0.85, 1.2), True
        )
    elif kind == "stencil":
        face = file_face(job, ("stencil", "din", "bold"))
    small = draw.whole(11, 24) if draw.chance(0.7) else 0
    view, height = shoot(job, face, replace(random_setting(draw, difficulty), tracking=draw.between(0.05, 0.3)), None, small)
    image = ground(job, view, ("cast", "rusty", "rusty", "oily", "plain"), 1.0, draw.log_between(28.0, 110.0))
    scale = (cut("patches", view.ink.shape, draw, max(0.4, view.cap / 12.0)) - 0.5).clip(0.0, 1.0) * np.float32(
        draw.between(-20.0, 40.0) * difficulty
    )
    image = np.asarray(image + scale[:, :, None], np.float32)
    ink = oversprayed(view.ink, draw, view.cap, difficulty) if draw.chance(0.5) else ragged(view.ink, draw, view.cap, 0.1 * difficulty)
    ink = broken(ink, draw, view.cap, draw.between(0.0, 0.75) * difficulty)
    colour = np.array(draw.pick(((238.0, 238.0, 232.0), (225.0, 228.0, 230.0), (235.0, 205.0, 50.0))), np.float32)
    return Shot(print_ink(image, ink, colour * np.float32(draw.between(0.6, 1.0))), view, height)


def _container(job: Job) -> Shot:
    """Block letters on a painted, mostly corrugated wall, rusty and peeling in places."""
    draw, difficulty = job.draw, job.difficulty
    setting = replace(random_setting(draw, difficulty), tracking=draw.between(0.08, 0.35), wobble=0.0)
    view, height = shoot(job, file_face(job, BLOCK), setting)
    wave = _corrugation(view, draw) if draw.chance(0.6) else None
    if wave is not None:
        view = _shifted(view, wave, draw.bell(0.05 * difficulty, 2.0) * view.cap)
    wall = np.array(draw.pick(WALLS), np.float32) * np.float32(draw.between(0.8, 1.1))
    image = ground(job, view, ("plain", "galvanised", "rubber", "oily"), 1.0, float(wall.mean())) * (wall / wall.mean())
    ink = broken(soften(view.ink, view.cap * draw.between(0.0, 0.02)), draw, view.cap, draw.between(0.0, 0.8) * difficulty)
    if draw.chance(0.12):
        ink = dripping(ink, draw, view.cap, draw.whole(1, 2))
    image = print_ink(image, ink, paint_colour(draw, image, 75.0))
    if draw.chance(0.35 * difficulty):  # rust breaks through wall and letters
        rust = (cut("cast", view.ink.shape, draw, view.cap / 14.0) - draw.between(1.2, 2.0)).clip(0.0, 0.9)
        image = print_ink(image, rust, np.array([105.0, 62.0, 38.0], np.float32) * np.float32(draw.between(0.6, 1.2)))
    return Shot(_walled(image, view, wave, draw), view, height)


def _corrugation(view: View, draw: Draw) -> Field:
    """The depth of a wall folded along vertical lines, -1..1 [h, w]."""
    period = draw.between(1.2, 3.4)
    return np.asarray((np.sin((view.u + draw.unit() * period) * (2 * np.pi / period)) * 2.4).clip(-1.0, 1.0), np.float32)


def _shifted(view: View, wave: Field, reach: float) -> View:
    """The folds seen from the side: letters break at them by `reach` pixels."""
    rows, columns = view.ink.shape
    x = np.arange(columns, dtype=np.float32)[None, :] + wave * np.float32(reach)
    y = np.broadcast_to(np.arange(rows, dtype=np.float32)[:, None], (rows, columns))
    ink = np.asarray(cv2.remap(view.ink, x, np.ascontiguousarray(y), cv2.INTER_LINEAR), np.float32)
    labels = np.asarray(cv2.remap(view.labels, x, np.ascontiguousarray(y), cv2.INTER_NEAREST), np.uint8)
    return replace(view, ink=ink, labels=labels)


def _walled(image: Image, view: View, wave: Field | None, draw: Draw) -> Image:
    """Light on the folds and on a row of rivets."""
    height = np.zeros(view.ink.shape, np.float32)
    if wave is not None:
        height = wave * np.float32(view.cap * draw.between(0.03, 0.11))
    if draw.chance(0.2):
        pitch, row = draw.between(0.4, 1.2), draw.pick((-0.3, 1.3)) + draw.bell(0.08)
        along = (view.u / pitch - np.round(view.u / pitch)) * pitch
        height = height + np.exp(-((along**2 + (view.v - row) ** 2) / 0.05**2).clip(0, 30)) * np.float32(0.06 * view.cap)
    lamp = Lamp(azimuth=draw.bell(0.5) + draw.pick((0.0, np.pi)), elevation=draw.between(0.5, 1.1), ambient=draw.between(0.3, 0.7))
    return lit(image, np.asarray(height, np.float32), lamp)
