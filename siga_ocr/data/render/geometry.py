"""Where the camera sees the line: stretch, shear, turn, perspective, bend and crop window, as one map from crop pixels to the flat artwork."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Mask
from siga_ocr.data.render.typeset import PAD, Artwork, Margins

Field = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How the line lies before the camera; angles in degrees."""

    stretch: float = 1.0  # width against height
    turn: float = 0.0
    shear: float = 0.0  # horizontal shift per cap height
    tilt: tuple[float, float] = (0.0, 0.0)  # perspective along the line and across it
    arc: float = 0.0  # rise of the baseline's middle, in cap heights
    roll: float = 0.0  # share of the half circle that the line covers when it runs around a cylinder
    barrel: float = 0.0  # the same for the height of the line, when it runs along a cylinder


@dataclass(frozen=True)
class View:
    """The artwork as the crop sees it, all [h, w]: `ink` 0..1, `labels` t+1 on character t, `u` and `v` the place on the flat artwork in cap
    heights from the text's upper left corner (v: 0 at the top of the capitals, 1 at the baseline), `cap` the pixels per cap height."""

    ink: Field
    labels: Mask
    u: Field
    v: Field
    cap: float
    box: Box


def random_pose(draw: Draw, difficulty: float, aspect: float) -> Pose:
    """A pose whose turn a line of `aspect` (width / height) can bear without filling less than a third of its crop."""
    widest = min(15.0, math.degrees(math.atan(1.4 / max(aspect, 0.5))))
    turn = draw.bell(3.0 * difficulty) if draw.chance(0.75) else draw.between(-15.0, 15.0) * difficulty
    return Pose(
        stretch=draw.log_between(1.0 - 0.3 * difficulty, 1.0 + 0.3 * difficulty),
        turn=min(max(turn, -widest), widest),
        shear=draw.bell(0.06 + 0.1 * difficulty, 2.5) if draw.chance(0.4) else 0.0,
        tilt=(draw.bell(0.12 * difficulty, 2.0), draw.bell(0.10 * difficulty, 2.0)) if draw.chance(0.5) else (0.0, 0.0),
        arc=draw.bell(0.12 * difficulty, 2.0) if draw.chance(0.12) else 0.0,
        roll=draw.between(0.2, 0.75) * difficulty if draw.chance(0.1) else 0.0,
    )


def fault_pose(draw: Draw, fault: str, aspect: float) -> Pose | None:
    """The pose of a crop whose one fault is of geometry, strong but readable; None for any other fault."""
    sign = 1.0 if draw.chance(0.5) else -1.0
    if fault == "perspective":
        return Pose(tilt=(sign * draw.between(0.14, 0.28) * min(1.0, 6.0 / aspect), draw.bell(0.2, 1.5)), shear=draw.bell(0.08))
    if fault == "rotation":
        return Pose(turn=sign * draw.between(0.55, 1.0) * min(15.0, math.degrees(math.atan(1.4 / max(aspect, 0.5)))))
    if fault == "shear":
        return Pose(shear=sign * draw.between(0.2, 0.4))
    if fault == "cylinder":
        return Pose(roll=draw.between(0.55, 0.8)) if draw.chance(0.5) else Pose(barrel=draw.between(0.55, 0.8))
    if fault == "arc":
        return Pose(arc=sign * draw.between(0.18, 0.4))
    return None


def _homography(pose: Pose, box: Box) -> npt.NDArray[np.float64]:
    """From flat cap heights to the image plane in cap heights, around the middle of the text."""
    left, top, right, bottom = box
    half = max(right - left, 0.5) / 2
    angle = math.radians(pose.turn)
    centre = np.array([[1, 0, -(left + right) / 2], [0, 1, -(top + bottom) / 2], [0, 0, 1]], np.float64)
    linear = np.array([[pose.stretch, -pose.shear, 0], [0, 1, 0], [0, 0, 1]], np.float64)
    lean = np.array([[1, 0, 0], [0, 1, 0], [pose.tilt[0] / half / pose.stretch, pose.tilt[1], 1]], np.float64)
    turned = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]], np.float64)
    return turned @ lean @ linear @ centre


def _window(matrix: npt.NDArray[np.float64], box: Box, margins: Margins, arc: float) -> Box:
    """The upright box around the text in the image plane, with the margins."""
    left, top, right, bottom = box
    top, bottom = top - max(arc, 0.0), bottom + max(-arc, 0.0)
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]], np.float64) @ matrix.T
    x, y = corners[:, 0] / corners[:, 2], corners[:, 1] / corners[:, 2]
    x0, x1 = x.min() - margins.left, max(x.max() + margins.right, x.min() + 0.25)
    return float(x0), float(y.min() - margins.top), float(x1), float(y.max() + margins.bottom)


def _bend(u: Field, v: Field, pose: Pose, box: Box) -> tuple[Field, Field]:
    """Undoes arc and cylinder: from the plane of the lettering to the flat artwork."""
    middle, half = (box[0] + box[2]) / 2, max(box[2] - box[0], 0.5) / 2
    across = (u - middle) / half
    if pose.arc:
        v = np.asarray(v + np.float32(pose.arc) * (1 - across * across).clip(-1.5, 1.0), np.float32)
    if pose.roll:
        reach = math.sin(pose.roll * math.pi / 2)
        u = middle + half * np.arcsin((across * reach).clip(-0.999, 0.999)) / np.float32(pose.roll * math.pi / 2)
    if pose.barrel:
        reach = math.sin(pose.barrel * math.pi / 2)
        v = np.asarray(0.5 + 0.5 * np.arcsin(((2 * v - 1) * reach).clip(-0.999, 0.999)) / np.float32(pose.barrel * math.pi / 2), np.float32)
    return u.astype(np.float32, copy=False), v.astype(np.float32, copy=False)


def widened(labels: Mask, reduction: float) -> Mask:
    """Labels whose thinnest strokes survive nearest-pixel reduction by that factor."""
    if reduction <= 1.1:
        return labels
    size = 2 if reduction <= 2.0 else 3
    return np.asarray(cv2.dilate(labels, np.ones((size, size), np.uint8)), np.uint8)


def look(artwork: Artwork, pose: Pose, margins: Margins, height: int, widest: int) -> View:
    """The crop of `height` pixels (less where it would be wider than `widest`) that shows the text with its margins."""
    matrix = _homography(pose, artwork.box)
    x0, y0, x1, y1 = _window(matrix, artwork.box, margins, pose.arc)
    scale = min(height / (y1 - y0), widest / (x1 - x0))
    rows, columns = max(8, round((y1 - y0) * scale)), max(6, round((x1 - x0) * scale))
    place = np.array([[1 / scale, 0, x0 + 0.5 / scale], [0, 1 / scale, y0 + 0.5 / scale], [0, 0, 1]], np.float64)
    back = (np.linalg.inv(matrix) @ place).astype(np.float32)
    x, y = np.arange(columns, dtype=np.float32)[None, :], np.arange(rows, dtype=np.float32)[:, None]
    depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
    u = (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth
    v = (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth
    u, v = _bend(u, v, pose, artwork.box)
    map_x, map_y = (u + PAD) * artwork.cap - 0.5, (v + PAD) * artwork.cap - 0.5
    ink = cv2.remap(artwork.coverage, map_x, map_y, cv2.INTER_LINEAR).astype(np.float32)
    ink *= np.float32(1.0 / max(128.0, min(255.0, float(ink.max()) * 1.05)))  # hairlines keep half of their tone
    labels = cv2.remap(widened(artwork.labels, artwork.cap / scale), map_x, map_y, cv2.INTER_NEAREST)
    return View(np.minimum(ink, 1.0), np.asarray(labels, np.uint8), u, v, scale, artwork.box)


def inside_rounded(view: View, reach: Box, radius: float) -> Field:
    """Signed distance in pixels to a rounded rectangle (left, top, right, bottom in cap heights): positive inside."""
    left, top, right, bottom = reach
    x = np.abs(view.u - (left + right) / 2) - (right - left) / 2 + radius
    y = np.abs(view.v - (top + bottom) / 2) - (bottom - top) / 2 + radius
    outside = np.hypot(np.maximum(x, 0.0), np.maximum(y, 0.0)) + np.minimum(np.maximum(x, y), 0.0) - radius
    return np.asarray(-outside * view.cap, np.float32)
