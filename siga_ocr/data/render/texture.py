"""Fields of procedural texture, mean 0 and deviation 1: made once per process from fixed seeds, then cut, turned and scaled for each crop."""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from siga_ocr.data.draw import Draw

Field = npt.NDArray[np.float32]
TILE = 512
KINDS = (
    *("grain", "cloud", "brushed", "cast", "blasted", "pitted", "milled", "scratched", "patches", "turned"),
    *("spangle", "scale", "weave", "ridges", "bead", "faced"),
)


def _standard(field: Field) -> Field:
    centred = field - field.mean()
    return np.asarray(centred / max(float(centred.std()), 1e-6), np.float32)


def _smooth(field: Field, x: float, y: float) -> Field:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigmaX=x, sigmaY=y, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _mixed(*parts: tuple[float, Field]) -> Field:
    return np.asarray(sum(weight * _standard(field) for weight, field in parts), np.float32)


def _scratches(generator: np.random.Generator) -> Field:
    canvas = np.zeros((TILE, TILE), np.float32)
    for _ in range(140):
        start = generator.integers(0, TILE, 2)
        angle, length = generator.normal(0.0, 0.5), generator.integers(20, 400)
        end = start + (length * np.array([np.cos(angle), np.sin(angle)])).astype(np.int64)
        first, last = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
        cv2.line(canvas, first, last, float(generator.normal(0.0, 1.0)), 1, cv2.LINE_AA)
    return canvas


def _crystals(generator: np.random.Generator, count: int) -> tuple[Field, Field]:
    """A tone for each of `count` cells around random points, and the distance to the cell's point, both [TILE, TILE]."""
    seeds = np.ones((TILE, TILE), np.uint8)
    seeds[generator.integers(0, TILE, count), generator.integers(0, TILE, count)] = 0
    distance, cells = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    tones = generator.standard_normal(int(cells.max()) + 1).astype(np.float32)
    return tones[cells], np.asarray(distance, np.float32)


def _weld(noise: Field) -> Field:
    """A bead of curved ripples along the middle of each quarter, spatter and brushed metal beside it."""
    rows, columns = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    across = (np.mod(rows, 256.0) - 128.0) / 34.0 + 0.12 * _standard(_smooth(noise, 30, 4))
    crest = np.sqrt((1.0 - across * across).clip(0.0, None))
    ripples = np.sin((columns - 26.0 * crest) * 0.42 + 0.8 * _standard(_smooth(noise, 12, 12)))
    toe = np.exp(-(((np.abs(across) - 1.05) / 0.12) ** 2))
    beside = 0.5 * _standard(_smooth(noise, 18, 0.8)) + np.maximum(_standard(_smooth(noise, 2, 2)) - 2.6, 0.0) * 3.0
    return np.asarray(np.where(crest > 0, 0.9 * ripples + 1.2 * crest - 0.9 * across, beside) - 1.5 * toe, np.float32)


def _manufactured(kind: str, noise: Field, generator: np.random.Generator) -> Field:
    """The kinds that have a pattern of their own."""
    rows, columns = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    if kind == "spangle":
        tones, distance = _crystals(generator, 420)
        return np.asarray(tones + 0.15 * np.sin(distance * 1.1 + 3.0 * tones) + 0.25 * _standard(_smooth(noise, 1, 1)), np.float32)
    if kind == "scale":
        flakes = _standard(_smooth(noise, 16, 6)) + 0.5 * _standard(_smooth(noise, 3, 2))
        loose = np.tanh(6.0 * (flakes - 0.7)).astype(np.float32)
        return _mixed((1.0, loose), (0.5, np.asarray(loose - np.roll(loose, (1, 1), (0, 1)), np.float32)), (0.5, _smooth(noise, 5, 1)))
    if kind == "weave":
        over = np.sign(np.sin(rows * 0.39) * np.sin(columns * 0.39))
        thread = np.where(over > 0, np.cos(rows * 0.78), np.cos(columns * 0.78))
        return np.asarray(0.6 * over + thread + 0.15 * noise, np.float32)
    if kind == "ridges":
        wave = np.sin(columns * np.float32(2 * np.pi / 64))
        return np.asarray(np.tanh(2.5 * wave) - 1.4 * np.cos(columns * np.float32(2 * np.pi / 64)).clip(0.6, 1.0) + 0.1 * noise, np.float32)
    if kind == "bead":
        return _weld(noise)
    radius = np.hypot(rows - 700.0, columns - 200.0)
    grooves = cv2.GaussianBlur(generator.standard_normal((1, 2048), dtype=np.float32), (0, 0), 0.9)[0]
    return np.asarray(_standard(grooves)[(radius * 1.5).astype(np.int64) % 2048] + 0.3 * noise, np.float32)


@lru_cache(maxsize=32)
def tile(kind: str) -> Field:
    """The whole field of one kind, float32 [TILE, TILE]; the same in every process."""
    generator = np.random.Generator(np.random.PCG64(KINDS.index(kind)))
    noise = generator.standard_normal((TILE, TILE), dtype=np.float32)
    return _standard(_shaped(kind, noise, generator))


def _shaped(kind: str, noise: Field, generator: np.random.Generator) -> Field:
    if kind == "cloud":
        return _mixed((1.0, _smooth(noise, 40, 40)), (0.6, _smooth(noise, 14, 14)), (0.3, _smooth(noise, 5, 5)))
    if kind == "brushed":
        return _mixed((1.0, _smooth(noise, 60, 0.6)), (0.5, _smooth(noise, 20, 1.2)), (0.15, noise))
    if kind == "cast":
        return _mixed((1.0, _smooth(noise, 2.0, 2.0)), (0.7, _smooth(noise, 5, 5)))
    if kind == "blasted":
        return _standard(_smooth(noise, 0.9, 0.9))
    if kind == "pitted":
        return np.asarray(-np.maximum(_standard(_smooth(noise, 1.6, 1.6)) - 1.4, 0.0), np.float32)
    if kind == "milled":
        rows, columns = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
        return np.asarray(np.sin((np.hypot(rows - 900, columns - 256)) * 0.9) + 0.5 * noise * 0.6, np.float32)
    if kind == "turned":
        rows = np.arange(TILE, dtype=np.float32)[:, None]
        return np.asarray(np.sin(rows * 1.3 + 2 * np.sin(rows * 0.11)) + 0.8 * _standard(_smooth(noise, 30, 0.7)), np.float32)
    if kind == "scratched":
        return _scratches(generator)
    if kind == "patches":
        return np.asarray((_standard(_smooth(noise, 8, 8)) > 0.8).astype(np.float32) + 0.2 * _smooth(noise, 1, 1), np.float32)
    return noise if kind == "grain" else _manufactured(kind, noise, generator)


def cut(kind: str, shape: tuple[int, int], draw: Draw, zoom: float = 1.0) -> Field:
    """A piece [h, w] of a field, `zoom` times enlarged, flipped and moved at random."""
    whole = tile(kind)
    height, width = max(2, round(shape[0] / zoom)), max(2, round(shape[1] / zoom))
    if height > TILE or width > TILE:
        whole = np.tile(whole, (-(-height // TILE), -(-width // TILE)))
    top, left = draw.whole(0, whole.shape[0] - height), draw.whole(0, whole.shape[1] - width)
    piece = whole[top : top + height, left : left + width]
    if draw.chance(0.5):
        piece = piece[:, ::-1]
    if draw.chance(0.5):
        piece = piece[::-1]
    if piece.shape != shape:
        piece = np.asarray(cv2.resize(np.ascontiguousarray(piece), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.ascontiguousarray(piece, np.float32)
