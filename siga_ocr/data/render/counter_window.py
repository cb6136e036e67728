"""What lies before and around counter wheels: the frame of the window with its shadow, a unit beside it, and the glass, dirty, fogged, mirroring."""

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.camera import luma
from siga_ocr.data.render.geometry import View, inside_rounded
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.mark import print_ink, soften
from siga_ocr.data.render.scene import random_margins
from siga_ocr.data.render.surface import Image, Wanted, surface, tint
from siga_ocr.data.render.texture import cut
from siga_ocr.data.render.typeset import Margins

CASTS = ((0.86, 1.14, 0.92), (0.90, 1.10, 1.00), (0.90, 1.0, 1.12), (1.14, 1.0, 0.80), (1.03, 1.06, 0.84))
"""The light behind a meter's glass, RGB: green and blue covers, cellars lit by bulbs."""
UNITS = "mkWG"


def window_margins(draw: Draw, difficulty: float, room: float) -> Margins:
    """Mostly cut to the window or into its `room` above and below the digits (cap heights); sometimes with its frame."""
    if draw.chance(0.7):
        left, right = draw.between(-0.05, 0.1), draw.between(-0.05, 0.1)
        top, bottom = (draw.between(-0.5, 0.1) * room for _ in range(2))
    else:
        loose = random_margins(draw, difficulty)
        left, right = max(loose.left, 0.0), max(loose.right, 0.0)
        top, bottom = (min(max(side, -0.06), 0.35) for side in (loose.top, loose.bottom))
    return Margins(left=left, top=top, right=right, bottom=bottom)


def in_window(image: Image, view: View, draw: Draw, face: Face) -> Image:
    """The frame around the wheels with its shadow on them; `view.box` is the window."""
    left, top, right, bottom = view.box
    side, corner = draw.between(0.0, 0.2), draw.between(0.0, 0.25)
    inside = inside_rounded(view, (left - side, top, right + side, bottom), corner)
    shadow = 1.0 - draw.between(0.0, 0.42) * np.exp(-inside.clip(0.0, None) / (draw.between(0.03, 0.15) * view.cap))
    tone = draw.log_between(8.0, 60.0) if draw.chance(0.55) else draw.between(60.0, 220.0)
    frame = surface(draw, view.ink.shape, Wanted(("plastic", "plain", "rubber"), tone=tone))
    if draw.chance(0.7):  # meters are grey and black; coloured housings are seldom
        frame = np.asarray(frame * np.float32(0.2) + luma(frame)[:, :, None] * np.float32(0.8), np.float32)
    if draw.chance(0.25):
        frame = _unit(frame, view, draw, face)
    if draw.chance(0.3):  # a bright edge, bevelled or worn
        rim = np.exp(-(((inside + draw.between(0.02, 0.06) * view.cap) / (0.025 * view.cap + 0.5)) ** 2).clip(0.0, 30.0))
        frame = np.asarray(frame + (rim * draw.between(30.0, 110.0))[:, :, None], np.float32)
    cover = (inside + 0.5).clip(0.0, 1.0)[:, :, None]
    return np.asarray((image * shadow[:, :, None] * cover + frame * (1.0 - cover)) * _cast(draw), np.float32)


def _cast(draw: Draw) -> Image:
    """The colour [3] of the light."""
    if draw.chance(0.04):
        return tint(draw, 0.35)
    if draw.chance(0.55):
        return tint(draw, 0.06)
    return np.asarray(1.0 + (np.asarray(draw.pick(CASTS), np.float32) - 1.0) * np.float32(draw.between(0.3, 1.3)), np.float32)


def _unit(frame: Image, view: View, draw: Draw, face: Face) -> Image:
    """The first letter of a unit beside the window, cut by the crop's edge wherever the crop reaches that far."""
    glyph = face.glyph(draw.pick(UNITS), 40)
    wide, high = draw.between(0.35, 0.8), draw.between(0.35, 0.7)
    last = float(view.u.max())
    start = max(view.box[2] + 0.12, last - wide * draw.between(0.2, 0.55))
    rows, columns = glyph.mask.shape
    x = (view.u - np.float32(start)) * np.float32(columns / wide)
    y = (view.v - np.float32(draw.between(0.1, 0.5))) * np.float32(rows / high)
    ink = cv2.remap(glyph.mask, x, y, cv2.INTER_LINEAR).astype(np.float32) / 255.0
    dark = float(frame.mean()) > 110.0
    return print_ink(frame, ink, np.full(3, 25.0 if dark else 225.0, np.float32))


def behind_glass(image: Image, view: View, draw: Draw, difficulty: float) -> Image:
    """Fog, dirt, drops and a lamp's reflection on the glass; nothing of it hides a digit for good."""
    shape = view.ink.shape
    if draw.chance(0.10 * difficulty):
        veil = (draw.between(0.12, 0.45) * (1.0 + 0.35 * cut("cloud", shape, draw))).clip(0.0, 0.6)[:, :, None]
        image = np.asarray(image * (1.0 - veil) + np.float32(draw.between(140.0, 215.0)) * veil, np.float32)
    if draw.chance(0.14 * difficulty):
        grime = ((cut(draw.pick(("patches", "cast", "cloud")), shape, draw) - draw.between(0.4, 1.2)) * 1.5).clip(0.0, 1.0)
        stain = (grime * draw.between(0.2, 0.6))[:, :, None]
        image = np.asarray(image * (1.0 - stain) + np.array([70.0, 58.0, 44.0], np.float32) * np.float32(draw.between(0.4, 2.2)) * stain, np.float32)
    if draw.chance(0.16 * difficulty):
        image = _mirrored(image, view, draw)
    return image


def _mirrored(image: Image, view: View, draw: Draw) -> Image:
    """A lamp as a small glaring spot with its halo, or a window as a slanting pale band."""
    left, top, right, bottom = view.box
    if draw.chance(0.5):
        u, v, size = draw.between(left, right), draw.between(top, bottom), draw.log_between(0.06, 0.22)
        away = np.hypot(view.u - u, view.v - v) / np.float32(size)
        light = 200.0 * np.exp(-((away / 1.1) ** 4).clip(0.0, 30.0)) + draw.between(10.0, 70.0) * np.exp(-(away / 4.0).clip(0.0, 30.0))
    else:
        across = view.u - draw.between(left, right) + (view.v - 0.5) * np.float32(draw.bell(0.7, 2.0))
        band = ((draw.log_between(0.25, 1.6) - np.abs(across)) * view.cap).clip(0.0, 1.0)
        light = soften(np.asarray(band, np.float32), 0.05 * view.cap) * draw.between(15.0, 75.0)
    return np.asarray(image + light[:, :, None].astype(np.float32), np.float32)
