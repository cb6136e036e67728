"""Characters as dots: matrices of 5x7 and 7x9 drawn here and finer ones taken from a font file, for ink-jet printers and dot-peen markers."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Glyph, Mask
from siga_ocr.data.render.strokes import stroke_paths

TABLE = r"""
Aehhvhhh Buhhuhhu Cehggghe Duhhhhhu Evgguggv Fvgguggg Gehgnhhe Hhhhvhhh Ie44444e J72222ic Khikokih Lggggggv Mhrllhhh Nhhpljhh Oehhhhhe
Puhhuggg Qehhhlid Ruhhukih Sfgge11u Tv444444 Uhhhhhhe Vhhhhha4 Whhhllla Xhha4ahh Yhha4444 Zv1248gv 0ehjlphe 14c4444e 2eh1248v 3eh161he
426aiv22 5vgu11he 668guhhe 7v124888 8ehhehhe 9ehhf12c a00e1fhf bggmphhu c00egghe d11djhhf e00ehvge f698s888 g0fhhf1e hggmphhh i40c444e
j20622ic kggikoki lc44444e m00qllhh n00mphhh o00ehhhe p00uhugg q00djf11 r00mpggg s00ege1u t88s8896 u00hhhjd v00hhha4 w00hhlla x00ha4ah
y00hhf1e z00v248v !4444004 "aaa0000 #aavavaa $4fke5u4 %op248j3 &cik8lid 'c480000 (2488842 )8422248 *04lel40 +044v440 ,0000c48 -000v000
.00000cc /01248g0 :0cc0cc0 ;0cc0c48 <248g842 =00v0v00 >8421248 ?eh12404 @eh1dlle [e88888e \0g84210 ]e22222e ^4ah0000 _000000v `8420000
{2448442 |4444444 }8442448 ~0008l20
"""
ROWS = {word[0]: word[1:] for word in TABLE.split()}
"""Seven rows of five dots each, a row as one digit of base 32 (16 is the dot at the left)."""


@lru_cache(maxsize=8192)
def matrix(character: str, rows: int, path: str, open_zero: bool) -> Mask:
    """The dots of a character as uint8 [rows (and more below the baseline), columns] of 0 and 1; `path` is the font file for more than 9 rows."""
    if rows == 7:
        code = ROWS["O" if character == "0" and open_zero else character]
        return np.array([[int(row, 32) >> (4 - column) & 1 for column in range(5)] for row in code], np.uint8)
    if rows == 9:
        return _seven_by_nine(character)
    font = ImageFont.truetype(path, 100)
    top, bottom = font.getbbox("H", anchor="ls")[1::2]
    sized = ImageFont.truetype(path, round(100 * rows / (bottom - top)))
    canvas = Image.new("1", (2 * rows, rows + rows // 3))
    ImageDraw.Draw(canvas).text((rows // 4, rows), character, fill=1, font=sized, anchor="ls")
    grid = np.asarray(canvas, np.uint8)
    columns = np.flatnonzero(grid.any(axis=0))
    return grid[:, columns[0] : columns[-1] + 1] if columns.size else grid[:, : rows // 2]


def _seven_by_nine(character: str) -> Mask:
    """The single strokes of a character on a grid of 7 columns and 9 rows above the baseline, 3 below it where it reaches there."""
    grid = np.zeros((12, 7), np.uint8)
    paths = stroke_paths(character)
    widest = max(float(path[:, 0].max()) for path in paths)
    scale = round(1.5 * widest) / max(widest, 1.0)  # the outermost stroke lies on a column
    for path in paths:
        x, y = path[:, 0] * scale, path[:, 1] * (8 / 6)
        column = np.where(x < 0.5 * scale * widest, np.ceil(x - 0.5), np.floor(x + 0.5))  # halves go outwards: what is even stays even
        cv2.polylines(grid, [np.stack([column, np.round(y)], axis=1).astype(np.int32)], False, 1)
    columns = np.flatnonzero(grid.any(axis=0))
    return grid[: 12 if grid[9:].any() else 9, columns[0] : columns[-1] + 1]


@dataclass(frozen=True)
class DotFace:
    """Dots of `diameter` (1: dots touch), pushed by `jitter` pitches, missing with probability `lost`; `wide` is the column pitch to the row
    pitch, `square` a needle with edges, `drag` how far a dot is drawn out along the line in pitches, `twice` the chance of a second hit.
    Every character drawn differs, by the choices of `draw`."""

    draw: Draw
    rows: int = 7
    path: str = ""
    diameter: float = 0.9
    jitter: float = 0.0
    lost: float = 0.0
    wide: float = 1.0
    open_zero: bool = False
    square: bool = False
    drag: float = 0.0
    twice: float = 0.0

    @property
    def name(self) -> str:
        """The matrix."""
        return f"dots-{self.rows}"

    def covers(self, text: str) -> bool:
        """True for printable ASCII."""
        return all(c in ROWS for c in text)

    def glyph(self, character: str, cap: int) -> Glyph:
        """The character where capitals are `cap` pixels high; a finer matrix hangs below the baseline as its font does."""
        grid = matrix(character, self.rows, self.path, self.open_zero)
        pitch = cap / self.rows
        step = pitch * self.wide
        edge = round(pitch) + 1
        canvas = np.zeros((round(grid.shape[0] * pitch) + 2 * edge, round(grid.shape[1] * step) + 2 * edge), np.uint8)
        for x, y, radius in self._places(grid, pitch, edge):
            if self.square:
                reach = round(0.9 * radius)
                corners = np.array([(x - reach, y - reach), (x + reach, y - reach), (x + reach, y + reach), (x - reach, y + reach)], np.int32)
                cv2.fillPoly(canvas, [corners], 255, cv2.LINE_AA, 4)
            else:
                cv2.circle(canvas, (x, y), radius, 255, -1, cv2.LINE_AA, 4)
            if self.drag:
                cv2.line(canvas, (x, y), (x + round(16 * self.drag * step), y), 255, max(1, round(radius / 10)), cv2.LINE_AA, 4)
        cell = grid.shape[1] + 1 if self.rows == 7 else grid.shape[1] + max(1, self.rows // 6)
        return Glyph(canvas, -edge, -cap - edge, cell * step)

    def _places(self, grid: Mask, pitch: float, edge: int) -> list[list[int]]:
        """Where the dots fall, x, y and radius in sixteenths of a pixel from the canvas' corner."""
        random = self.draw.generator
        rows, columns = np.nonzero(grid)
        kept = random.random(rows.size) >= self.lost
        if self.twice:
            again = random.random(rows.size) < self.twice
            rows, columns = np.concatenate([rows, rows[again]]), np.concatenate([columns, columns[again]])
            kept = np.concatenate([kept, kept[again]])
        moves = random.standard_normal((rows.size, 3)).clip(-2, 2) * self.jitter
        moves[int(grid.sum()) :, :2] += 0.22  # second hits land beside the first
        x = edge + (columns + 0.5 + moves[:, 0]) * pitch * self.wide
        y = edge + (rows + 0.5 + moves[:, 1]) * pitch
        radius = np.maximum(0.5, pitch * self.diameter / 2 * (1 + moves[:, 2]))
        places: list[list[int]] = np.round(np.stack([x, y, radius], axis=1)[kept] * 16).astype(np.int32).tolist()
        return places
