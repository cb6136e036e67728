"""Words of random characters as generators of scene text set them: any colours, outlines and shadows on any ground; not part of the mixture."""

from dataclasses import replace

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.geometry import Pose, View, random_pose
from siga_ocr.data.render.mark import luminance, print_ink, soften
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.surface import Image, Wanted, surface, tint
from siga_ocr.data.render.texture import Field

GROUNDS = ("plain", "painted", "painted", "plastic", "paper", "corrugated", "cast", "woven", "rusty", "brushed")
LEAST = 45.0
"""Grey levels between the word and its ground, or its outline where it has one."""


def scene_word(job: Job) -> Shot:
    """A coloured word, outlined or with a shadow now and then, on a coloured ground or a photograph."""
    draw = job.draw
    setting = replace(random_setting(draw, 0.5 * job.difficulty), tracking=draw.between(0.0, 0.2), pitch=0.0, line_pitch=0.0, neighbours=(0.0, 0.0))
    view, height = shoot(job, file_face(job), setting, _pose(job))
    image = _ground(job, view)
    return Shot(_written(draw, view, image), view, height)


def _pose(job: Job) -> Pose:
    """More bend and perspective than a code on a part has."""
    draw = job.draw
    pose = random_pose(draw, job.difficulty, 0.7 * len(job.code.shown))
    return replace(pose, arc=draw.bell(0.3 * job.difficulty, 2.0)) if draw.chance(0.25) else pose


def _ground(job: Job, view: View) -> Image:
    """One vivid surface, or two that meet at an edge of any direction."""
    draw, shape = job.draw, view.ink.shape
    wanted = Wanted(GROUNDS, texture=0.4 + 0.8 * job.difficulty, photos=job.style.surfaces)
    image = np.asarray(surface(draw, shape, wanted) * tint(draw, 0.8), np.float32)
    if not draw.chance(0.25 * job.difficulty):
        return image
    beyond = np.asarray(surface(draw, shape, replace(wanted, tone=_near(draw, luminance(image)))) * tint(draw, 0.8), np.float32)
    across, down = draw.bell(1.0), draw.bell(1.0)
    half = (view.u - np.float32(draw.between(0.0, float(view.u.max())))) * across + (view.v - 0.5) * down
    cover = (half * view.cap + 0.5).clip(0.0, 1.0)[:, :, None]
    return np.asarray(image * (1.0 - cover) + beyond * cover, np.float32)


def _near(draw: Draw, tone: float) -> float:
    """A tone that the same word still stands out from."""
    return min(max(tone + draw.between(-40.0, 40.0), 25.0), 230.0)


def _written(draw: Draw, view: View, image: Image) -> Image:
    """Shadow, outline and fill, in that order."""
    under = luminance(image)
    if draw.chance(0.25):
        image = _shadowed(draw, view, image)
    if draw.chance(0.25):
        reach = max(1, round(view.cap * draw.between(0.03, 0.09)))
        wide = np.asarray(cv2.dilate(view.ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))), np.float32)
        outline = _colour(draw, under)
        image, under = print_ink(image, wide, outline), luminance(outline)
    return print_ink(image, view.ink * np.float32(draw.between(0.8, 1.0)), _colour(draw, under))


def _shadowed(draw: Draw, view: View, image: Image) -> Image:
    """The word's own shadow, a little beside it."""
    beside = [round(view.cap * draw.between(-0.1, 0.1)) for _ in range(2)]
    shade: Field = soften(np.roll(view.ink, beside, (0, 1)), view.cap * draw.between(0.0, 0.06))
    return np.asarray(image * (1.0 - np.float32(draw.between(0.2, 0.5)) * shade)[:, :, None], np.float32)


def _colour(draw: Draw, under: float) -> Image:
    """Any colour [3] whose grey stands out from `under`."""
    tones = [(low, high) for low, high in ((8.0, under - LEAST), (under + LEAST, 248.0)) if high > low]
    low, high = draw.weighted([(span, span[1] - span[0]) for span in tones])
    return np.asarray(np.clip(draw.between(low, high) * tint(draw, 1.0), 0.0, 255.0), np.float32)
