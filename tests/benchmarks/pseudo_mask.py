"""How well each kind of pseudo-mask finds the ink of rendered crops: mean IoU with the rendered glyph masks, per marking family.

Usage: python -m tests.benchmarks.pseudo_mask [--count 100] [--difficulty 0.5] [--surfaces DIR]
"""

import argparse
from dataclasses import replace

import numpy as np
import torch

from siga_ocr.config import compact
from siga_ocr.data.render import render
from siga_ocr.model.pseudo_label import text_pseudo_mask
from siga_ocr.preprocess import fit
from siga_ocr.recipe_losses import PseudoMaskKind
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style

KINDS: tuple[PseudoMaskKind, ...] = ("intensity", "relief", "auto")
SEED = 7  # below 1000: kept for evaluation


def scores(style: RenderStyle, count: int) -> np.ndarray:
    """The IoU of each kind on each crop that holds ink: float [crops, kinds]."""
    rows, config = [], compact().input
    for index in range(count):
        crop = render(SEED, index, style)
        ink = np.repeat((crop.glyph_map > 0).astype(np.uint8)[..., None] * 255, 3, 2)
        truth = torch.from_numpy(fit(ink, config)[0] > 127)
        if not truth.any():
            continue
        grey = torch.from_numpy(fit(crop.image, config).astype(np.float32))[None]
        own = torch.ones(1, grey.shape[3])
        masks = [text_pseudo_mask(grey, own, kind)[0][0, 0] > 0 for kind in KINDS]
        rows.append([float((mask & truth).sum() / (mask | truth).sum()) for mask in masks])
    return np.array(rows)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--difficulty", type=float, default=0.5)
    parser.add_argument("--surfaces", default="")
    options = parser.parse_args()
    style = replace(RenderStyle(difficulty=options.difficulty, surfaces=options.surfaces), blank=0.0)
    print(f"{'family':10s}" + "".join(f"{kind:>11s}" for kind in (*KINDS, "best")))
    means = []
    for name, _ in DEFAULT_FAMILIES:
        table = scores(family_style(name, style), options.count)
        row = [*table.mean(0), table[:, :2].max(1).mean()]
        means.append(row)
        print(f"{name:10s}" + "".join(f"{100 * value:11.1f}" for value in row))
    weights = np.array([share for _, share in DEFAULT_FAMILIES])
    print(f"{'mixture':10s}" + "".join(f"{100 * value:11.1f}" for value in np.average(means, axis=0, weights=weights)))


if __name__ == "__main__":
    main()
