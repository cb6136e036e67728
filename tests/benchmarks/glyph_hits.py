"""Does each glyph attention map sit on its character? Measured on rendered crops, whose glyph maps are known: `glyph_hits.py --model M`.

Of each character: is the strongest cell of its map inside its box (hit), which share of the map is (energy), how well do the cells overlap
the box where its map is the strongest of all characters' and at least half of its own peak (IoU), and does it follow the one before
(order). The implicit attention has columns alone, and so have the boxes that it is measured by. These are our own measures.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from siga_ocr.data.render import RenderedCrop, render
from siga_ocr.model import SigaModel
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.recipe import FIRST_TRAINING_SEED
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style
from siga_ocr.store import checkpoint, weights

Floats = npt.NDArray[np.float32]

HALF = 0.5
"""The strongest cell is inside a box that covers half of it in both directions."""


@dataclass(frozen=True)
class Hit:
    """One character: is the strongest cell of its map in its box, which share of the map is, how far do region and box overlap, does the
    map follow the one before?"""

    inside: bool
    share: float
    overlap: float
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
            vertical = np.ones_like(vertical) if height == 1 else vertical
            box = vertical[:, None] * horizontal[None]
            strongest = np.unravel_index(int(maps[t].argmax()), maps[t].shape)
            yield Hit(bool(box[strongest] >= HALF * HALF), float((maps[t] * box).sum()), overlap(maps, t, box), column > before)
        before = column


def overlap(maps: Floats, t: int, box: Floats) -> float:
    """Intersection over union of a character's region with its box [h, w], whose cells count by the part that it covers."""
    region = (maps[t] >= maps.max(axis=0)) & (maps[t] >= HALF * maps[t].max())
    shared = float(box[region].sum())
    return shared / float(region.sum() + box.sum() - shared)


def covered(begin: float, end: float, cells: int) -> Floats:
    """The part of each of `cells` equal cells of 0..1 that lies in `begin`..`end`: [cells]."""
    edges = np.arange(cells + 1) / cells
    parts: Floats = (np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None) * cells).astype(np.float32)
    return parts


def hits(model: SigaModel, style: RenderStyle, seed: int, count: int) -> tuple[list[Hit], list[Hit]]:
    """All characters of `count` rendered crops: by their glyph maps, and by the columns of the implicit attention."""
    by_map: list[Hit] = []
    by_attention: list[Hit] = []
    for index in range(count):
        crop = render(seed, index, style)
        if not 0 < len(crop.text) <= model.config.max_length or model.config.charset.unknown(crop.text):
            continue
        fitted = fit(crop.image, model.config.input)
        batch = to_batch([fitted], model.config.input)
        images, mask = torch.from_numpy(batch.images), torch.from_numpy(batch.mask)
        targets = torch.tensor([[*model.config.charset.encode(crop.text), 0]])
        with torch.inference_mode():
            maps = model(images, mask, len(crop.text) + 1).glyph_attention[0].numpy()
            attention = model.outputs(images, mask, targets).attention[0, :, None].numpy()
        by_map += characters_of(crop, maps, fitted.shape[2], batch.images.shape[3])
        by_attention += characters_of(crop, attention, fitted.shape[2], batch.images.shape[3])
    return by_map, by_attention


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
    model = checkpoint.load(weights.path_of(options.model))
    print(f"{'per cent':10} {'':6} {'glyph maps':^27} {'implicit attention':^27}")
    print(f"{'':10} {'chars':>6}" + f" {'hit':>6} {'energy':>6} {'IoU':>6} {'order':>6}" * 2)
    everything: tuple[list[Hit], list[Hit]] = ([], [])
    for name, _ in DEFAULT_FAMILIES:
        found = hits(model, family_style(name, RenderStyle(difficulty=options.difficulty)), options.seed, options.count)
        for kept, new in zip(everything, found, strict=True):
            kept += new
        show(name, found)
    show("all", everything)


def show(name: str, found: tuple[list[Hit], list[Hit]]) -> None:
    """One line of the table."""
    means = [
        100 * float(np.mean([getattr(hit, field) for hit in kind] or [0])) for kind in found for field in ("inside", "share", "overlap", "in_order")
    ]
    print(f"{name:10} {len(found[0]):6}" + "".join(f" {mean:6.1f}" for mean in means), flush=True)


if __name__ == "__main__":
    main()
