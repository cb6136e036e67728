"""A strip of a picture that is looked at from nearer: how high it is, how it lies and leans; it does not know what it shows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """A strip across a picture, in shares of its height: where its middle line meets the picture's `left` and `right` edge, and its own `height`.

    0 is the picture's top, 1 its bottom; a height above 1 shows more than there is, the picture's edges repeated. What stands in the middle of the
    strip leans by `lean` columns to the right for each row downwards, at its right edge by `fan` more than at its left one; drawn it stands
    upright, what lies on the middle line where it was.
    """

    left: float = 0.5
    right: float = 0.5
    height: float = 1.0
    lean: float = 0.0
    fan: float = 0.0

    def at(self, picture: Pixels) -> Pixels:
        """What the strip shows of a picture uint8 [h, w, 3]: as many rows as the picture has, its slope, lean and fan taken out."""
        height, width = picture.shape[:2]
        return self.drawn(picture, (max(1, round(width / self.height)), height))

    def drawn(self, picture: Pixels, size: tuple[int, int]) -> Pixels:
        """The strip of a picture uint8 [h, w] or [h, w, 3], drawn `size` (width, height) large."""
        height, width = picture.shape[:2]
        columns, rows = size
        half = self.height * height / 2
        fall = (self.right - self.left) * height / width  # rows of the picture for each of its columns
        far = width / columns * rows / 2  # of how far the strip's edges lie beside its middle, for a lean of 1
        at_left, at_right = (self.lean - self.fan / 2) * far, (self.lean + self.fan / 2) * far
        beside = 1 + int(np.ceil(max(abs(at_left), abs(at_right))))
        reach = self._beyond(height) + int(np.ceil(abs(fall) * beside))
        padded = np.pad(picture, ((reach, reach), (beside, beside), *((0, 0),) * (picture.ndim - 2)), mode="edge")
        corners = ((-at_left, -half), (at_left, half), (width + at_right, half), (width - at_right, -half))  # anticlockwise from the upper left
        placed = [place for x, v in corners for place in (x + beside, self.left * height + fall * x + v + reach)]
        turned = Image.fromarray(padded).transform(size, Image.Transform.QUAD, placed, resample=Image.Resampling.BILINEAR)
        return np.asarray(turned, dtype=np.uint8)

    def _beyond(self, height: int) -> int:
        """By how many rows the strip may leave the picture."""
        return int(np.ceil(max(0.0, self.height / 2 - min(self.left, self.right), max(self.left, self.right) + self.height / 2 - 1.0) * height)) + 1
