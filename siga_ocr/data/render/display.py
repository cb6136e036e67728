"""Seven-segment displays: light-emitting, vacuum-fluorescent and liquid-crystal."""

from dataclasses import replace

import numpy as np

from siga_ocr.data.render.geometry import View, random_pose
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.mark import print_ink, soften
from siga_ocr.data.render.scene import Job, Shot, file_face, random_setting, shoot
from siga_ocr.data.render.segments import SegmentFace
from siga_ocr.data.render.surface import Image, Wanted, surface
from siga_ocr.data.render.texture import Field


def segment_display(job: Job) -> Shot:
    """Glowing or dark segments on a display, with the unlit ones showing faintly."""
    draw = job.draw
    kind = draw.weighted(((_glow, 0.42), (_fluorescent, 0.13), (_liquid_crystal, 0.45)))
    face: Face = SegmentFace(draw.between(0.09, 0.19), draw.whole(0, 45) if draw.chance(0.6) else 0, draw.between(0.45, 0.62))
    face = face if face.covers(job.code.text) else file_face(job, ("mono", "din", "ocr"))
    setting = replace(random_setting(draw, job.difficulty), tracking=draw.between(0.05, 0.25), pitch=0.0, wobble=0.0, unrest=0.0)
    pose = random_pose(draw, job.difficulty, 0.7 * len(job.code.shown))
    pose = replace(pose, shear=draw.between(0.0, 0.18) if draw.chance(0.7) else 0.0, arc=0.0, roll=0.0)
    view, height = shoot(job, face, setting, pose)
    return Shot(kind(job, view), view, height)


def _glow(job: Job, view: View) -> Image:
    """Light-emitting segments on a dark window, with their halo."""
    draw = job.draw
    colour = draw.pick(((255.0, 50.0, 35.0), (60.0, 240.0, 90.0), (70.0, 150.0, 255.0), (255.0, 190.0, 60.0), (240.0, 240.0, 240.0)))
    image = surface(draw, view.ink.shape, Wanted(("plain", "plastic"), tone=draw.log_between(8.0, 60.0), texture=0.5))
    light = view.ink + draw.between(0.0, 0.5) * soften(view.ink, 0.12 * view.cap)
    return np.asarray(image + light[:, :, None] * np.asarray(colour, np.float32) * np.float32(draw.between(0.5, 1.1)), np.float32)


def _fluorescent(job: Job, view: View) -> Image:
    """Blue-green segments behind the fine mesh and wires of a vacuum tube, with a broad halo."""
    draw = job.draw
    image = surface(draw, view.ink.shape, Wanted(("plain",), tone=draw.log_between(8.0, 45.0), texture=0.5))
    pitch = draw.between(0.05, 0.12)
    mesh = 1.0 - draw.between(0.0, 0.35) * (np.sin(view.u * (6.2832 / pitch)) * np.sin(view.v * (6.2832 / pitch)) if pitch * view.cap > 2.2 else 0.0)
    wire = np.exp(-(((view.v - draw.between(0.1, 0.9)) * view.cap / 0.8) ** 2).clip(0, 30)) * np.float32(draw.between(0.0, 0.3))
    light = view.ink * mesh * (1.0 - wire) + draw.between(0.1, 0.5) * soften(view.ink, draw.between(0.1, 0.3) * view.cap)
    colour = np.array([draw.between(60.0, 130.0), 240.0, draw.between(180.0, 235.0)], np.float32) * np.float32(draw.between(0.6, 1.1))
    return np.asarray(image + light[:, :, None] * colour, np.float32)


def _liquid_crystal(job: Job, view: View) -> Image:
    """Dark segments with a shadow on a grey-green or backlit ground, or bright ones on a dark blue or black ground."""
    draw = job.draw
    if draw.chance(0.22):
        backlight = np.array(draw.pick(((30.0, 55.0, 190.0), (20.0, 24.0, 30.0), (25.0, 90.0, 60.0))), np.float32) * np.float32(
            draw.between(0.6, 1.1)
        )
        image = surface(draw, view.ink.shape, Wanted(("plain",), tone=0.0, texture=0.7)) + backlight
        return print_ink(np.asarray(image, np.float32), view.ink * draw.between(0.7, 1.0), np.array([225.0, 235.0, 245.0], np.float32))
    hue = (0.95, 1.05, draw.between(0.75, 1.1)) if draw.chance(0.75) else draw.pick(((1.2, 1.0, 0.55), (0.7, 1.25, 0.5)))
    ground = np.array(hue, np.float32) * np.float32(draw.between(100.0, 200.0))
    image = surface(draw, view.ink.shape, Wanted(("plain",), tone=0.0, texture=0.7)) + ground
    shift = round(0.05 * view.cap)
    shadow: Field = np.roll(soften(view.ink, 0.03 * view.cap), (shift, shift), (0, 1))
    image = image * (1.0 - draw.between(0.0, 0.25) * shadow)[:, :, None]
    return print_ink(np.asarray(image, np.float32), view.ink * draw.between(0.6, 1.0), np.asarray(ground * 0.15, np.float32))
