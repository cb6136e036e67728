"""Single-stroke characters, as an engraving machine draws them with a round tool."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.render.glyphs import Glyph

Path = npt.NDArray[np.float64]

TABLE = r"""
A|062046|1434 B|0600|~00404303|~03434606 C|~414000064645 D|0600|~00404606 E|40000646|0333 F|400006|0333 G|~414000064643|4323
H|0006|4046|0343 I|2026 J|~40460604 K|0006|400346 L|000646 M|0600234046 N|06004640 O|c00404606 P|0600|~00404303
Q|c00404606|2446 R|0600|~00404303|2346 S|~4140000343460605 T|0040|2026 U|~00064640 V|002640 W|0016223640 X|0046|4006
Y|002340|2326 Z|00400646 0|c00303606 1|022026 2|~0100404306|0646 3|~0100404313|~13434606 4|36300444 5|400002|~02424606
6|~40000646430305 7|004016 8|c00404303|c03434606 9|~06464000034341 -|0333 .|0606 :|0202|0606 /|0640 +|0343|2125 _|0646
=|0242|0444 (|~20111526 )|~00111506 #|1016|3036|0242|0444 <|310335 >|013305 ,|1607
a|c02323606|3236 b|0006|c02323606 c|~32020636 d|3036|c02323606 e|~3432020636|0434 f|~301016|0222 g|c02323606|~323808 h|0006|~03023236
i|0206|0000 j|~222808|2020 k|0006|3204|1336 l|~000616 m|0206|~03022226|~23224246 n|0206|~03023236 o|c02323606 p|0208|c02323606
q|3238|c02323606 r|0206|~040222 s|~320204343606 t|~101626|0222 u|~02063632|3236 v|022642 w|0216233642 x|0236|3206 y|0226|4218
z|02320636 !|0004|0606 "|0002|2022 $|~4140000343460605|2026 %|4006|c00202202|c24444626 &|4601102104163644 '|0002 *|2125|0244|0442
;|1212|1607 ?|~010040432324|2626 @|c12323414|~32344440000646 [|20000626 \|0046 ]|00202606 ^|022042 `|0011 {|~20101303|~03131626
||0007 }|~00101323|~23131606 ~|~04123442
"""
"""Strokes as points, column 0..4 and row 0..8 (0 the top of the capitals, 6 the baseline); ~ rounds the corners, c also closes the stroke."""

STROKES = {word[0]: word[2:].split("|") for word in TABLE.split()}


def _rounded(points: Path, closed: bool) -> Path:
    """Three times cuts every corner at a quarter of both sides; the ends of an open stroke stay."""
    for _ in range(3):
        following = np.roll(points, -1, axis=0) if closed else points[1:]
        here = points if closed else points[:-1]
        cuts = np.stack([0.75 * here + 0.25 * following, 0.25 * here + 0.75 * following], axis=1).reshape(-1, 2)
        points = cuts if closed else np.concatenate([points[:1], cuts[1:-1], points[-1:]])
    return np.concatenate([points, points[:1]]) if closed else points


def stroke_paths(character: str) -> list[Path]:
    """The strokes of a character as points [n, 2] in sixths of the cap height, y down from the top of the capitals."""
    paths = []
    for stroke in STROKES[character]:
        digits = stroke.lstrip("~c")
        points = np.array([[int(x), int(y)] for x, y in zip(digits[::2], digits[1::2], strict=True)], np.float64)
        paths.append(_rounded(points, stroke[0] == "c") if stroke[0] in "~c" else points)
    return paths


@dataclass(frozen=True)
class StrokeFace:
    """Single-stroke characters drawn with a round pen of `pen` cap heights, `wide` times as wide as they are in the table."""

    pen: float
    wide: float = 0.9

    @property
    def name(self) -> str:
        """This face."""
        return "strokes"

    def covers(self, text: str) -> bool:
        """True for printable ASCII."""
        return all(c in STROKES for c in text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where capitals are `cap` pixels high, the pen inside that height."""
        return _stroke_glyph(character, cap, max(1, round(self.pen * cap)), self.wide)


@lru_cache(maxsize=20000)
def _stroke_glyph(character: str, cap: int, pen: int, wide: float) -> Glyph:
    paths = stroke_paths(character)
    step = (cap - pen) / 6.0
    columns = max(float(path[:, 0].max()) for path in paths) * step * wide
    edge = pen // 2 + 2
    below = max(0.0, max(float(path[:, 1].max()) for path in paths) - 6.0) * step
    canvas = np.zeros((cap + round(below) + 2 * edge, round(columns) + pen + 2 * edge), np.uint8)
    for path in paths:
        place = path * (step * wide, step) + edge + pen / 2
        cv2.polylines(canvas, [np.round(place * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    return Glyph(canvas, -edge, -cap - edge, columns + pen + 0.12 * cap)
