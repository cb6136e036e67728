"""Which way up a crop is read: angles that it may have to be turned by, and the looks that are taken at it for each of them."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from siga_ocr.window import Window

Pixels = npt.NDArray[np.uint8]

Orientation = Literal[0, 90, 180, 270, "auto"]
"""Degrees clockwise by which a picture is turned before it is read; `auto` finds them crop by crop."""

ORIENTATIONS = get_args(Orientation)

WIDE = 1.2
"""A crop that is as many times wider than high, or more, holds a line that lies: more than one character does not fit in otherwise."""

TALL = 2.0
"""A crop that is as many times higher than wide, or more, holds a line that stands; below it may be one character alone."""

MARGIN = 0.18
"""Of the height: what the second look shows around a crop, its own border repeated."""


@dataclass(frozen=True)
class Look:
    """One way to look at a crop: turned clockwise by `angle` degrees, with its border repeated on `margin` more pixels around it, and of that
    only the `window`."""

    angle: int = 0
    margin: int = 0
    window: Window | None = None

    def at(self, image: Pixels) -> Pixels:
        """What is seen of a crop, uint8 [h, w, 3]."""
        turned = np.rot90(image, -self.angle // 90)
        if self.margin:
            turned = np.pad(turned, ((self.margin, self.margin), (self.margin, self.margin), (0, 0)), mode="edge")
        return np.ascontiguousarray(turned if self.window is None else self.window.at(turned))


AS_IT_IS = Look()


def looks_at(height: int, width: int, orientation: Orientation) -> tuple[Look, ...]:
    """The looks that are taken at a crop of so many pixels, the first of them first; of an angle that is given there is only one."""
    if orientation != "auto":
        return (Look(orientation),)
    angles = (0, 180) if width >= WIDE * height else (90, 270) if height >= TALL * width else (0, 180, 90, 270)
    lengths = {angle: width if angle % 180 else height for angle in angles}  # the height, once it is turned
    return tuple(Look(angle, margin) for angle in angles for margin in (0, max(1, round(MARGIN * lengths[angle]))))
