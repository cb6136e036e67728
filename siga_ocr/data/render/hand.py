"""Single-stroke characters as a hand scratches them: wavering, gone over more than once, pressed unevenly, or as a trail of dots."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Glyph
from siga_ocr.data.render.strokes import STROKES, stroke_paths

Path = npt.NDArray[np.float64]


def resampled(path: Path, spacing: float) -> Path:
    """The stroke as points about `spacing` apart, both ends included, at least two."""
    lengths = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    places = np.linspace(0.0, lengths[-1], max(2, 1 + round(lengths[-1] / spacing)))
    return np.stack([np.interp(places, lengths, path[:, 0]), np.interp(places, lengths, path[:, 1])], axis=1)


@lru_cache(maxsize=512)
def _spaced(character: str, spacing: float) -> list[Path]:
    return [resampled(path, spacing) for path in stroke_paths(character)]


@dataclass(frozen=True)
class HandFace:
    """Strokes of `pen` cap heights, `wide` times as wide as the table has them, moved by `waver` sixths of the cap height, drawn `passes`
    times; `buzz` leaves a trail of dots. Every character drawn differs, by the choices of `draw`."""

    draw: Draw
    pen: float
    wide: float = 0.9
    waver: float = 0.2
    passes: int = 1
    buzz: bool = False

    @property
    def name(self) -> str:
        """This face."""
        return "hand"

    def covers(self, text: str) -> bool:
        """True for printable ASCII."""
        return all(c in STROKES for c in text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where capitals are about `cap` pixels high."""
        pen = max(1, round(self.pen * cap))
        step, edge = (cap - pen) / 6.0, pen + 2 + round(0.12 * cap)
        slant, grown = self.draw.bell(0.5 * self.waver, 2.0), 1.0 + self.draw.bell(0.3 * self.waver, 2.0)
        paths = [self._shaky(path, slant, grown) for path in _spaced(character, 0.45 if self.buzz else 0.9) for _ in range(self.passes)]
        columns = max(float(path[:, 0].max()) for path in paths) * step * self.wide
        below = max(0.0, max(float(path[:, 1].max()) for path in paths) - 6.0) * step
        canvas = np.zeros((cap + round(below) + 2 * edge, max(1, round(columns)) + 2 * edge), np.uint8)
        for path in paths:
            place = np.round((path * (step * self.wide, step) + edge + pen / 2) * 16).astype(np.int32)
            if self.buzz:
                for point in place.tolist():
                    cv2.circle(canvas, point, 6 * pen + self.draw.whole(0, 4), 255, -1, cv2.LINE_AA, 4)
            else:
                cv2.polylines(canvas, [place], False, 255, pen, cv2.LINE_AA, 4)
        return Glyph(self._pressed(canvas), -edge, -cap - edge, columns + pen + 0.14 * cap)

    def _pressed(self, canvas: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The strokes fainter where the hand pressed less."""
        coarse = self.draw.generator.random((4, 4), dtype=np.float32) * np.float32(0.75) + np.float32(0.45)
        pressure = cv2.resize(coarse, (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray((canvas * pressure).clip(0.0, 255.0), np.uint8)

    def _shaky(self, path: Path, slant: float, grown: float) -> Path:
        """The stroke as one pass of the hand leaves it."""
        points = path * (1.0, grown)
        noise = self.draw.generator.standard_normal((len(points) + 4, 2)).clip(-2, 2) * self.waver
        smooth = (noise[:-4] + noise[1:-3] + noise[2:-2] + noise[3:-1] + noise[4:]) / 2.5
        points = points + smooth + noise[0] * 0.5
        points[:, 0] += slant * (3.0 - points[:, 1]) * 0.5
        return np.asarray(points.clip((-0.5, -0.7), (5.0, 8.8)), np.float64)
