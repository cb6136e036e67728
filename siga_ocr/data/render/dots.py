"""Characters as dots: a 5x7 matrix drawn here and finer ones taken from a font file, for ink-jet printers and dot-peen markers."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Glyph, Mask

ROWS = dict(
    item.split(" ", 1)
    for item in (
        *(
            "A ehhvhhh",
            "B uhhuhhu",
            "C ehggghe",
            "D uhhhhhu",
            "E vgguggv",
            "F vgguggg",
            "G ehgnhhe",
            "H hhhvhhh",
            "I e44444e",
            "J 72222ic",
            "K hikokih",
        ),
        *(
            "L ggggggv",
            "M hrllhhh",
            "N hhpljhh",
            "O ehhhhhe",
            "P uhhuggg",
            "Q ehhhlid",
            "R uhhukih",
            "S fgge11u",
            "T v444444",
            "U hhhhhhe",
            "V hhhhha4",
        ),
        *(
            "W hhhllla",
            "X hha4ahh",
            "Y hha4444",
            "Z v1248gv",
            "0 ehjlphe",
            "1 4c4444e",
            "2 eh1248v",
            "3 eh161he",
            "4 26aiv22",
            "5 vgu11he",
            "6 68guhhe",
        ),
        *(
            "7 v124888",
            "8 ehhehhe",
            "9 ehhf12c",
            "a 00e1fhf",
            "b ggmphhu",
            "c 00egghe",
            "d 11djhhf",
            "e 00ehvge",
            "f 698s888",
            "g 0fhhf1e",
            "h ggmphhh",
        ),
        *(
            "i 40c444e",
            "j 20622ic",
            "k ggikoki",
            "l c44444e",
            "m 00qllhh",
            "n 00mphhh",
            "o 00ehhhe",
            "p 00uhugg",
            "q 00djf11",
            "r 00mpggg",
            "s 00ege1u",
        ),
        *(
            "t 88s8896",
            "u 00hhhjd",
            "v 00hhha4",
            "w 00hhlla",
            "x 00ha4ah",
            "y 00hhf1e",
            "z 00v248v",
            "! 4444004",
            '" aaa0000',
            "# aavavaa",
            "$ 4fke5u4",
        ),
        *(
            "% op248j3",
            "& cik8lid",
            "' c480000",
            "( 2488842",
            ") 8422248",
            "* 04lel40",
            "+ 044v440",
            ", 0000c48",
            "- 000v000",
            ". 00000cc",
            "/ 01248g0",
        ),
        *(
            ": 0cc0cc0",
            "; 0cc0c48",
            "< 248g842",
            "= 00v0v00",
            "> 8421248",
            "? eh12404",
            "@ eh1dlle",
            "[ e88888e",
            "\\ 0g84210",
            "] e22222e",
            "^ 4ah0000",
        ),
        *("_ 000000v", "` 8420000", "{ 2448442", "| 4444444", "} 8442448", "~ 0008l20"),
    )
)
"""Seven rows of five dots each, a row as one digit of base 32 (16 is the dot at the left)."""


@lru_cache(maxsize=8192)
def matrix(character: str, rows: int, path: str, open_zero: bool) -> Mask:
    """The dots of a character as uint8 [rows (and more below the baseline), columns] of 0 and 1; `path` is the font file for more than 7 rows."""
    if rows == 7:
        code = ROWS["O" if character == "0" and open_zero else character]
        return np.array([[int(row, 32) >> (4 - column) & 1 for column in range(5)] for row in code], np.uint8)
    font = ImageFont.truetype(path, 100)
    top, bottom = font.getbbox("H", anchor="ls")[1::2]
    sized = ImageFont.truetype(path, round(100 * rows / (bottom - top)))
    canvas = Image.new("1", (2 * rows, rows + rows // 3))
    ImageDraw.Draw(canvas).text((rows // 4, rows), character, fill=1, font=sized, anchor="ls")
    grid = np.asarray(canvas, np.uint8)
    columns = np.flatnonzero(grid.any(axis=0))
    return grid[:, columns[0] : columns[-1] + 1] if columns.size else grid[:, : rows // 2]


@dataclass(frozen=True)
class DotFace:
    """Dots of `diameter` (1: dots touch), pushed by `jitter` pitches, missing with probability `lost`; `wide` is the column pitch to the row
    pitch. Every character drawn differs, by the choices of `draw`."""

    draw: Draw
    rows: int = 7
    path: str = ""
    diameter: float = 0.9
    jitter: float = 0.0
    lost: float = 0.0
    wide: float = 1.0
    open_zero: bool = False

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
        rows, columns = np.nonzero(grid)
        moves = self.draw.generator.standard_normal((rows.size, 3)).clip(-2, 2)
        kept = self.draw.generator.random(rows.size) >= self.lost
        for row, column, move, there in zip(rows, columns, moves, kept, strict=True):
            if there:
                x = edge + (column + 0.5 + self.jitter * move[0]) * step
                y = edge + (row + 0.5 + self.jitter * move[1]) * pitch
                radius = max(0.5, pitch * self.diameter / 2 * (1 + self.jitter * move[2]))
                cv2.circle(canvas, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, 4)
        cell = grid.shape[1] + 1 if self.rows == 7 else grid.shape[1] + max(1, self.rows // 6)
        return Glyph(canvas, -edge, -cap - edge, cell * step)
