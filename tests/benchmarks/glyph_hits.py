"""Does each glyph attention map sit on its character? Measured on rendered crops, whose glyph maps are known: `glyph_hits.py --model M`."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siga_ocr import checkpoint, weights
from siga_ocr.data.render import RenderedCrop, render
from siga_ocr.engine import TorchEngine, choose_device
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.recipe import FIRST_TRAINING_SEED
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """One character: is the strongest cell of its map in its box, which share of the map is, does the map follow the one before?"""

    inside: bool
    share: float
    in_order: bool


def characters_of(crop: RenderedCrop, maps: Floats, fitted_width: int, batch_width: int) -> Iterator[Hit]:
    """Compare maps [T, h, w] with the boxes of the characters; a cell counts as inside by the part of it that the box covers."""
    height, width = maps.shape[1:]
    before = -1
    for t in range(len(crop.text)):
        column = int(maps[t].sum(axis=0).argmax())
        rows, columns = np.nonzero(crop.glyph_map == t + 1)
        if len(rows):
            vertical = covered(rows.min() / crop.glyph_map.shape[0], (rows.max() + 1) / crop.glyph_map.shape[0], height)
            scale = fitted_width / batch_width / crop.glyph_map.shape[1]
            horizontal = covered(columns.min() * scale, (columns.max() + 1) * scale, width)
            box = vertical[:, None] * horizontal[None]
            strongest = np.unravel_index(int(maps[t].argmax()), maps[t].shape)
            yield Hit(bool(box[strongest] > 0), float((maps[t] * box).sum()), column > before)
        before = column


def covered(begin: float, end: float, cells: int) -> Floats:
    """The part of each of `cells` equal cells of 0..1 that lies in `begin`..`end`: [cells]."""
    edges = np.arange(cells + 1) / cells
    parts: Floats = (np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None) * cells).astype(np.float32)
    return parts


def hits(engine: TorchEngine, style: RenderStyle, seed: int, count: int) -> list[Hit]:
    """All characters of `count` rendered crops."""
    found: list[Hit] = []
    for index in range(count):
        crop = render(seed, index, style)
        if 0 < len(crop.text) <= engine.config.max_length and not engine.config.charset.unknown(crop.text):
            fitted = fit(crop.image, engine.config.input)
            batch = to_batch([fitted], engine.config.input)
            maps = engine.run(batch, len(crop.text) + 1).glyph_attention[0]
            found += characters_of(crop, maps, fitted.shape[2], batch.images.shape[3])
    return found


def main() -> None:
    """Print a table, one line a family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=100, help="crops of each family")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--difficulty", type=float, default=0.5)
    options = parser.parse_args()
    if options.seed >= FIRST_TRAINING_SEED:
        parser.error(f"seeds from {FIRST_TRAINING_SEED} on are for training")
    engine = TorchEngine(checkpoint.load(weights.path_of(options.model)), choose_device("cpu"))
    print(f"{'':10} {'chars':>6} {'hit':>6} {'share':>6} {'order':>6}   (per cent)")
    everything: list[Hit] = []
    for name, _ in DEFAULT_FAMILIES:
        found = hits(engine, family_style(name, RenderStyle(difficulty=options.difficulty)), options.seed, options.count)
        everything += found
        show(name, found)
    show("all", everything)


def show(name: str, found: list[Hit]) -> None:
    """One line of the table."""
    means = [100 * float(np.mean([getattr(hit, field) for hit in found] or [0])) for field in ("inside", "share", "in_order")]
    print(f"{name:10} {len(found):6} {means[0]:6.1f} {means[1]:6.1f} {means[2]:6.1f}")


if __name__ == "__main__":
    main()
