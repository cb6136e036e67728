"""Whether each character of a finished crop can still be told from what is around it."""

import cv2
import numpy as np

from siga_ocr.data.render.camera import Pixels

LEAST = 6.0  # grey levels by which a character's strokes differ from their ground
ABOVE_NOISE = 0.95  # their deviation as a multiple of that of the ground beside them


def hidden(pixels: Pixels, labels: Pixels) -> float:
    """The share of the labelled characters whose strokes are lost in their ground, 0..1; 0 for a crop without text.

    Strokes are measured against the ground around them alone, smoothed by about a pixel, so that neither slow light nor noise counts. Ink
    shows in their mean, relief in their deviation.
    """
    text = labels > 0
    if not text.any():
        return 0.0
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 0.7)
    rows = np.flatnonzero(text.any(axis=1))
    reach = max(3, round(0.7 * (rows[-1] - rows[0] + 1))) | 1
    bare = (~text).astype(np.float32)
    weight = cv2.blur(bare, (reach, reach))
    ground = cv2.blur(grey * bare, (reach, reach)) / np.maximum(weight, 1e-3)
    detail = np.where(weight > 0.02, grey - ground, 0.0)
    near = (cv2.dilate(labels, np.ones((5, 5), np.uint8)) > 0) & ~text
    noise = float(np.sqrt(np.mean(detail[near] ** 2))) if near.any() else 0.0
    counts = np.bincount(labels.ravel())[1:]
    strengths = np.sqrt(np.bincount(labels.ravel(), weights=(detail * detail).ravel())[1:] / np.maximum(counts, 1))
    lost = (strengths < max(LEAST, ABOVE_NOISE * noise)) & (counts > 0)
    return float(lost.sum() / max(1, (counts > 0).sum()))
