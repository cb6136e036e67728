"""Marks that stand beside codes and are no characters: arrows, symbols of standards, code matrices, bars, emblems."""

import math

import cv2
import numpy as np

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.glyphs import Mask

SIDE = 72  # pixels of a symbol's square


def _points(*pairs: tuple[float, float]) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    """Corners in shares of the square as fixed-point pixels."""
    return [np.round(np.array(pairs) * SIDE * 16).astype(np.int32)]


def _polyline(canvas: Mask, pen: int, closed: bool, *pairs: tuple[float, float]) -> None:
    cv2.polylines(canvas, _points(*pairs), closed, 255, pen, cv2.LINE_AA, 4)


def arrow(draw: Draw, pen: int) -> Mask:
    """A shaft with a head, to any of four sides."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    _polyline(canvas, pen, False, (0.08, 0.5), (0.62, 0.5))
    cv2.fillPoly(canvas, _points((0.55, 0.22), (0.94, 0.5), (0.55, 0.78)), 255, cv2.LINE_AA, 4)
    return np.ascontiguousarray(np.rot90(canvas, draw.whole(0, 3)))


def triangle(draw: Draw, pen: int) -> Mask:
    """A warning sign with a lightning stroke or a filled core."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    _polyline(canvas, pen, True, (0.5, 0.08), (0.94, 0.88), (0.06, 0.88))
    if draw.chance(0.5):
        _polyline(canvas, pen, False, (0.55, 0.35), (0.42, 0.58), (0.58, 0.6), (0.47, 0.8))
    else:
        cv2.fillPoly(canvas, _points((0.5, 0.36), (0.68, 0.72), (0.32, 0.72)), 255, cv2.LINE_AA, 4)
    return canvas


def earth(draw: Draw, pen: int) -> Mask:
    """Protective earth, in its ring now and then."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    _polyline(canvas, pen, False, (0.5, 0.12), (0.5, 0.48))
    for row, half in ((0.48, 0.3), (0.62, 0.2), (0.76, 0.1)):
        _polyline(canvas, pen, False, (0.5 - half, row), (0.5 + half, row))
    if draw.chance(0.4):
        cv2.circle(canvas, (SIDE // 2, SIDE // 2), round(0.46 * SIDE), 255, pen, cv2.LINE_AA)
    return canvas


def squares(draw: Draw, pen: int) -> Mask:
    """Double insulation: a square in a square."""
    del draw
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for edge in (0.06, 0.27):
        _polyline(canvas, pen, True, (edge, edge), (1 - edge, edge), (1 - edge, 1 - edge), (edge, 1 - edge))
    return canvas


def matrix_code(draw: Draw, pen: int) -> Mask:
    """A matrix of black and white cells with two solid sides."""
    del pen
    cells = draw.pick((10, 12, 14, 18))
    grid = (draw.generator.random((cells, cells)) < 0.5).astype(np.uint8) * 255
    grid[:, 0] = grid[-1] = 255
    grid[0, ::2], grid[0, 1::2] = 255, 0
    grid[::2, -1], grid[1::2, -1] = 0, 255
    return np.asarray(cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST), np.uint8)


def bars(draw: Draw, pen: int) -> Mask:
    """A bar code, higher than the square so that its bars are no characters."""
    del pen
    widths = [draw.whole(1, 4) for _ in range(SIDE)]
    edges = np.cumsum(widths)
    row = (np.searchsorted(edges, np.arange(SIDE), side="right") % 2 * 255).astype(np.uint8)
    return np.repeat(row[None, :], SIDE, axis=0)


def chevrons(draw: Draw, pen: int) -> Mask:
    """Three angles above each other."""
    canvas, high = np.zeros((SIDE, SIDE), np.uint8), draw.between(0.15, 0.4)
    for shift in (0.0, 0.22, 0.44):
        _polyline(canvas, pen + 1, False, (0.08, 0.1 + high + shift), (0.5, 0.1 + shift), (0.92, 0.1 + high + shift))
    return canvas


def star(draw: Draw, pen: int) -> Mask:
    """A maker's sign: a filled star, with a hole in it now and then."""
    canvas, middle = np.zeros((SIDE, SIDE), np.uint8), SIDE / 2
    count = draw.whole(5, 9)
    reach = [(0.46 if step % 2 else 0.46 * draw.between(0.5, 0.56)) * SIDE for step in range(2 * count)]
    corners = [(middle + r * math.sin(math.pi * k / count), middle - r * math.cos(math.pi * k / count)) for k, r in enumerate(reach)]
    cv2.fillPoly(canvas, [np.round(np.array(corners) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    if draw.chance(0.5):
        cv2.circle(canvas, (round(middle), round(middle)), round(draw.between(0.08, 0.16) * SIDE) + pen // 3, 0, -1, cv2.LINE_AA)
    return canvas


def hatching(draw: Draw, pen: int) -> Mask:
    """Slanting stripes, as on danger zones."""
    del pen
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    step = draw.between(10.0, 22.0)
    return np.asarray(((columns + rows * draw.pick((-1, 1))) % step < step / 2).astype(np.uint8) * 255, np.uint8)


SOLID = (matrix_code, matrix_code, star, hatching, bars)
OUTLINED = (arrow, triangle, earth, squares, chevrons, star)


def random_symbol(draw: Draw, solid: bool) -> Mask:
    """A symbol, uint8 [SIDE, SIDE]; a solid one resembles no character even where it is cut."""
    return draw.pick(SOLID if solid else OUTLINED)(draw, draw.whole(3, 7))


def scribble(draw: Draw) -> Mask:
    """A stroke of chalk, crayon or marker that runs through the square from one side to another, uint8 [SIDE, SIDE]."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    ends = [(-0.1, draw.unit()), (1.1, draw.unit())] if draw.chance(0.6) else [(draw.unit(), -0.1), (draw.unit(), 1.1)]
    bow, phase, waves = draw.bell(0.25), draw.unit() * 6.3, draw.between(1.0, 7.0)
    along = np.linspace(0.0, 1.0, 30)
    path = np.outer(1 - along, ends[0]) + np.outer(along, ends[1])
    path[:, 1] += bow * np.sin(waves * along + phase)
    path[:, 0] += 0.5 * bow * np.cos(waves * along + phase)
    cv2.polylines(canvas, [np.round(path * SIDE * 16).astype(np.int32)], False, 255, draw.whole(2, 6), cv2.LINE_AA, 4)
    return canvas
