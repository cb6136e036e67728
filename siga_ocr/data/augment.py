"""Changes to a fitted crop that leave its text as it is: warps (geometric) and how it was lit and taken (photometric).

Each is a pure function of the crop, a strength 0..1 and a random generator. Crops are uint8 [H, w] grey or [H, w, 3] RGB.
"""

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

SLANTED, LEANED, CUT = 0.3, 0.25, 0.25
"""How many crops run aslant, how many lean besides, and how many are cut into from above or below, at strength 1."""

LEAN = 0.35
"""How far the top of a leaning line may stand beside its foot, in heights, at strength 1."""

_LEVELS = np.arange(256, dtype=np.float32) / 255.0


def stretched_width(width: int, strength: float, draw: float) -> int:
    """The width after a stretch of up to 15 % either way at strength 1; `draw` lies in -1..1."""
    return max(4, round(width * (1.0 + 0.15 * strength * draw)))


def geometric(crop: Pixels, width: int, strength: float, rng: np.random.Generator) -> Pixels:
    """Tilt, shear, scale, shift and perspective at once, to a given `width`; edges are continued outwards. Now and then the line runs aslant or
    leans, or the crop cuts into it from above or below, as detectors do.

    Sizes are shares of the height, so that a long crop is not turned out of its own picture.
    """
    height, old_width = crop.shape[:2]
    if strength == 0 and width == old_width:
        return crop
    source = np.array([[0, 0], [old_width, 0], [old_width, height], [0, height]], dtype=np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    target += strength * height * _corner_moves(rng)
    if rng.random() < SLANTED * strength:
        target = _slanted(target, strength * rng.uniform(-0.3, 0.3))
    if rng.random() < LEANED * strength:
        target = _leaned(target, height * strength * rng.uniform(-LEAN, LEAN))
    if rng.random() < CUT * strength:
        target = _cut_into(target, strength * rng.uniform(0.05, 0.35), from_above=rng.random() < 0.5)
    matrix = cv2.getPerspectiveTransform(source, target)
    return cast(Pixels, cv2.warpPerspective(crop, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _slanted(corners: npt.NDArray[np.float32], rise: float) -> npt.NDArray[np.float32]:
    """One end lifted and the other one lowered by `rise` heights, and all as much lower that the line stays within the crop."""
    height = corners[:, 1].max() - corners[:, 1].min()
    middle = corners[:, 1].mean()
    level = middle + (corners[:, 1] - middle) / (1.0 + 1.6 * abs(rise))
    return np.stack([corners[:, 0], level + rise * height * np.array([-1, 1, 1, -1])], axis=1).astype(np.float32)


def _leaned(corners: npt.NDArray[np.float32], shift: float) -> npt.NDArray[np.float32]:
    """The upper edge moved by `shift` pixels against the lower one, and all as much narrower that the line stays within the crop."""
    width = corners[:, 0].max() - corners[:, 0].min()
    middle = corners[:, 0].mean()
    narrowed = middle + (corners[:, 0] - middle) * width / (width + abs(shift))
    return np.stack([narrowed + shift / 2 * np.array([1, 1, -1, -1]), corners[:, 1]], axis=1).astype(np.float32)


def _cut_into(corners: npt.NDArray[np.float32], share: float, *, from_above: bool) -> npt.NDArray[np.float32]:
    """So much taller that a `share` of the height lies above the crop, or below it."""
    fixed = corners[:, 1].max() if from_above else corners[:, 1].min()
    return np.stack([corners[:, 0], fixed + (corners[:, 1] - fixed) / (1.0 - share)], axis=1).astype(np.float32)


def _corner_moves(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """How far each corner (clockwise from the upper left) moves, as shares of the height: float32 [4, 2]."""
    tilt, scale, shift_y, shift_x, shear, scale_x = rng.uniform(-1, 1, 6)
    upright = 0.10 * scale * np.array([1, 1, -1, -1]) + 0.08 * shift_y + 0.09 * tilt * np.array([1, -1, -1, 1])
    along = 0.12 * shear * np.array([1, 1, -1, -1]) + 0.08 * shift_x + 0.06 * scale_x * np.array([1, -1, -1, 1])
    moves = np.stack([along, upright], axis=1) + rng.uniform(-0.04, 0.04, (4, 2))
    return cast(npt.NDArray[np.float32], moves.astype(np.float32))


def photometric(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Other light and another camera: tone, now and then blur, noise, compression, a covering line, swapped black and white."""
    if strength == 0:
        return crop
    changed = cast(Pixels, cv2.LUT(crop, _tone(strength, rng)))
    for likelihood, change in _FAULTS:
        if rng.random() < likelihood * strength:
            changed = change(changed, strength, rng)
    return changed


def _tone(strength: float, rng: np.random.Generator) -> Pixels:
    """A table of new grey levels: gamma, contrast, brightness, rarely inverted."""
    gamma, contrast, brightness = rng.uniform(-1, 1, 3)
    levels = _LEVELS ** np.float32(2.0 ** (0.7 * strength * gamma))
    levels = (levels - 0.5) * np.float32(2.0 ** (1.0 * strength * contrast)) + np.float32(0.5 + 0.2 * strength * brightness)
    if rng.random() < 0.05 * strength:
        levels = 1.0 - levels
    return cast(Pixels, np.clip(levels * 255.0, 0, 255).astype(np.uint8))


def _blur(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    return cast(Pixels, cv2.GaussianBlur(crop, (0, 0), 0.4 + 1.8 * strength * rng.random() ** 2))


def _noise(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    grain = rng.standard_normal(crop.shape, dtype=np.float32) * np.float32(3 + 15 * strength * rng.random())
    return cast(Pixels, np.clip(crop + grain, 0, 255).astype(np.uint8))


def _coarsen(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """As from a camera with fewer pixels."""
    height, width = crop.shape[:2]
    share = 1.0 - 0.6 * strength * rng.random()
    small = cv2.resize(crop, (max(4, round(width * share)), max(8, round(height * share))), interpolation=cv2.INTER_AREA)
    return cast(Pixels, cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _compress(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    quality = round(85 - 60 * strength * rng.random())
    _, code = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE if crop.ndim == 2 else cv2.IMREAD_COLOR)
    return cast(Pixels, np.asarray(decoded, dtype=np.uint8))


def _line(crop: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """A thin scratch or hair across the crop."""
    height, width = crop.shape[:2]
    x0, x1 = (int(x) for x in rng.integers(0, width, 2))
    y0, y1 = (int(y) for y in rng.integers(0, height, 2))
    level = int(rng.integers(0, 256))
    drawn = cv2.line(crop.copy(), (x0, y0), (x1, y1), (level, level, level), 1, cv2.LINE_AA)
    return cast(Pixels, cv2.addWeighted(crop, 1 - 0.8 * strength, drawn, 0.8 * strength, 0))


_FAULTS: tuple[tuple[float, Callable[[Pixels, float, np.random.Generator], Pixels]], ...] = (
    (0.25, _blur),
    (0.30, _noise),
    (0.20, _coarsen),
    (0.20, _compress),
    (0.15, _line),
)
"""What may be wrong with a picture, and how likely at strength 1."""
