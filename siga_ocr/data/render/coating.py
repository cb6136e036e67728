"""What happens to a coat of paint between the tool and the photograph: ragged edges, drips, overspray, gaps and peeling."""

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.mark import soften
from siga_ocr.data.render.texture import Field, cut


def ragged(ink: Field, draw: Draw, cap: float, amount: float) -> Field:
    """Edges that bristles or a rough ground tear, by `amount` 0..0.25."""
    if amount < 0.02:
        return ink
    noise = cut(draw.pick(("cast", "blasted", "brushed")), ink.shape, draw, max(0.4, cap / 30.0))
    return np.asarray(((soften(ink, 0.03 * cap) + noise * np.float32(amount) - 0.5) * 2.5 + 0.5).clip(0.0, 1.0), np.float32)


def dripping(ink: Field, draw: Draw, cap: float, count: int) -> Field:
    """Runs of wet paint down from the strokes, thin and up to a cap height long, so that they make no other character."""
    rows, columns = np.nonzero(ink > 0.7)
    if not rows.size:
        return ink
    layer = np.zeros(ink.shape, np.float32)
    for _ in range(count):
        at = draw.whole(0, rows.size - 1)
        x, y, length = int(columns[at]), int(rows[at]), draw.log_between(0.15, 0.9) * cap
        pen = max(1, round(cap * draw.between(0.02, 0.05)))
        cv2.line(layer, (x, y), (x + round(draw.bell(0.04) * length), y + round(length)), draw.between(0.5, 1.0), pen, cv2.LINE_AA)
    return np.asarray(np.maximum(ink, soften(layer, 0.01 * cap)), np.float32)


def oversprayed(ink: Field, draw: Draw, cap: float, amount: float) -> Field:
    """Spray around the strokes: a haze and fine drops, and a coat of uneven density; `amount` 0..1."""
    near = soften(ink, cap * draw.between(0.08, 0.16))
    drops = (cut("grain", ink.shape, draw, max(1.0, cap / 40.0)) - 1.6).clip(0.0, 1.0) * (near > 0.08)
    haze = near * np.float32(draw.between(0.0, 0.25)) + drops * np.float32(draw.between(0.0, 0.8))
    dense = 1.0 - amount * draw.between(0.0, 0.4) * cut("cloud", ink.shape, draw, max(0.3, cap / 50.0)).clip(0.0, 1.5)
    return np.asarray(np.maximum(ink * dense, haze * amount).clip(0.0, 1.0), np.float32)


def broken(ink: Field, draw: Draw, cap: float, amount: float) -> Field:
    """Flakes, dry streaks and rubbed places: up to `amount` 0..1 of the coat is gone there, with sharp edges."""
    if amount < 0.08:
        return ink
    kind = draw.weighted((("patches", 0.3), ("cast", 0.3), ("brushed", 0.2), ("cloud", 0.2)))
    field = cut(kind, ink.shape, draw, max(0.35, cap / 34.0) * draw.log_between(0.6, 2.0))
    gone = ((field - draw.between(0.7, 1.7)) * 4.0).clip(0.0, 1.0)
    return np.asarray(ink * (1.0 - amount * gone), np.float32)
