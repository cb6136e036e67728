"""Does attention sit on the character that it stands for? Measured on rendered crops, whose glyph masks are known: `glyph_hits.py --model M`.

Of each character, by its glyph map, by the columns of that map, and by the columns of the implicit attention:

- hit: the strongest cell lies inside the character's box, in columns inside the box's columns;
- energy: the share of the whole weight that lies inside;
- IoU: of the columns where it is the strongest of all characters and at least half of its own peak, with the box's columns;
- order: its strongest column lies behind that of the character before.

IoU with the ink: each pixel belongs to the strongest channel of the glyph maps, background among them, against the character's glyph mask; beside it
the pixels that the implicit attention and the text mask give the character together, which are the labels that the glyph maps learn from.
The measures are our own: the paper's are not published.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from siga_ocr.data.render import RenderedCrop, render
from siga_ocr.losses import REFERENCE_COLUMNS
from siga_ocr.model import SigaModel
from siga_ocr.model.outputs import TrainOutput
from siga_ocr.model.pseudo_label import glyph_pseudo_labels
from siga_ocr.preprocess import fit, to_batch
from siga_ocr.recipe import FIRST_TRAINING_SEED
from siga_ocr.recipe_losses import LossConfig
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style
from siga_ocr.store import checkpoint, weights

Floats = npt.NDArray[np.float32]

HALF = 0.5
"""The strongest cell is inside a box that covers half of it in both directions; a region reaches down to half of its peak."""

LENGTHS = ((6, "up to 6 characters"), (12, "7 to 12"), (24, "13 to 24"), (100, "25 and more"))

MEASURES = (
    *(f"map {name}" for name in ("hit", "energy", "order", "ink")),
    *(f"map columns {name}" for name in ("hit", "energy", "IoU")),
    *(f"implicit {name}" for name in ("hit", "energy", "IoU", "order", "ink")),
)


class Shown:
    """A rendered crop as the network gets it."""

    def __init__(self, crop: RenderedCrop, model: SigaModel) -> None:
        settings = model.config.input
        self.crop, self.count = crop, len(crop.text)
        self.fitted_width = fit(crop.image, settings).shape[2]
        batch = to_batch([fit(crop.image, settings)], settings)
        self.images, self.mask = torch.from_numpy(batch.images), torch.from_numpy(batch.mask)
        self.targets = torch.tensor([[*model.config.charset.encode(crop.text), 0]])
        self._settings = settings

    def ink(self, t: int) -> Tensor:
        """The pixels of character t: bool [H, W] with the padding of the batch."""
        picture = np.repeat((self.crop.glyph_map == t + 1).astype(np.uint8)[..., None] * 255, 3, 2)
        fitted = torch.from_numpy(fit(picture, self._settings)[0] > 127)
        return F.pad(fitted, (0, self.images.shape[3] - fitted.shape[1]))

    def box(self, t: int, height: int, width: int) -> Floats | None:
        """How much of each of [height, width] cells the box of character t covers; none where it has no ink."""
        rows, columns = np.nonzero(self.crop.glyph_map == t + 1)
        if not len(rows):
            return None
        tall = self.crop.glyph_map.shape[0]
        scale = self.fitted_width / self.images.shape[3] / self.crop.glyph_map.shape[1]
        across = covered(columns.min() * scale, (columns.max() + 1) * scale, width)
        along = np.ones(1, np.float32) if height == 1 else covered(rows.min() / tall, (rows.max() + 1) / tall, height)
        return np.asarray(along[:, None] * across[None])


def covered(begin: float, end: float, cells: int) -> Floats:
    """The part of each of `cells` equal cells of 0..1 that lies in `begin`..`end`: [cells]."""
    edges = np.arange(cells + 1) / cells
    parts: Floats = (np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None) * cells).astype(np.float32)
    return parts


def located(shown: Shown, maps: Floats) -> Iterator[tuple[int, dict[str, float]]]:
    """Each character with ink, and how its map of [T, h, w] lies to its box."""
    for t in range(shown.count):
        box = shown.box(t, *maps.shape[1:])
        if box is None:
            continue
        strongest = np.unravel_index(int(maps[t].argmax()), maps[t].shape)
        found = {"hit": float(box[strongest] >= HALF * HALF), "energy": float((maps[t] * box).sum())}
        if maps.shape[1] == 1:
            found["IoU"] = overlap(maps[:, 0], t, box[0])
        if t:
            before, here = (int(maps[place].sum(axis=0).argmax()) for place in (t - 1, t))
            found["order"] = float(here > before)
        yield t, found


def overlap(columns: Floats, t: int, box: Floats) -> float:
    """Intersection over union of a character's region among [T, w] with the columns of its box [w], which count by the part that it covers."""
    region = (columns[t] >= columns.max(axis=0)) & (columns[t] >= HALF * columns[t].max())
    shared = float(box[region].sum())
    return shared / float(region.sum() + box.sum() - shared)


def segments(output: TrainOutput, shown: Shown) -> tuple[Tensor, Tensor]:
    """The pixels of each character, by the glyph maps and by their pseudo-labels: bool [T, H, W] each."""
    size = (shown.images.shape[2], shown.images.shape[3])
    logits = F.interpolate(output.glyph_maps[0][:, : 1 + shown.count].float(), size=size, mode="bilinear", align_corners=False)
    found = (torch.softmax(output.mask_logits.float(), 1)[:, 1:] > HALF).float() * shown.mask[:, None, None]
    config, lengths = LossConfig(), torch.tensor([shown.count])
    delta = config.delta * REFERENCE_COLUMNS / output.column_mask.sum(1)
    labels = glyph_pseudo_labels(output.attention, lengths, found, size, delta, config.foreground_share)[0, 1 : 1 + shown.count] > 0
    numbers = torch.arange(1, 1 + shown.count)[:, None, None]
    return (logits.argmax(1) == numbers) & (shown.mask[0] > 0), labels


def share(region: Tensor, ink: Tensor) -> float:
    """Intersection over union of two sets of pixels."""
    return float((region & ink).sum() / (region | ink).sum())


@torch.inference_mode()
def measures(model: SigaModel, shown: Shown) -> dict[str, list[float]]:
    """Each measure of the crop's characters."""
    kept: dict[str, list[float]] = defaultdict(list)
    output = model.outputs(shown.images, shown.mask, shown.targets)
    maps = model(shown.images, shown.mask, shown.count + 1).glyph_attention[0, : shown.count].numpy()
    kinds = {"map": maps, "map columns": maps.sum(axis=1, keepdims=True), "implicit": output.attention[0, : shown.count, None].numpy()}
    for kind, given in kinds.items():
        for _, found in located(shown, given):
            for name, value in found.items():
                kept[f"{kind} {name}"].append(value)
    for kind, regions in zip(("map", "implicit"), segments(output, shown), strict=True):
        for t in range(shown.count):
            if (ink := shown.ink(t)).any():
                kept[f"{kind} ink"].append(share(regions[t], ink))
    return kept


def family(model: SigaModel, style: RenderStyle, seed: int, count: int) -> Iterator[dict[str, list[float]]]:
    """The measures of each of `count` rendered crops that the model can write."""
    for index in range(count):
        crop = render(seed, index, style)
        if 0 < len(crop.text) <= model.config.max_length and not model.config.charset.unknown(crop.text):
            yield measures(model, Shown(crop, model))


def main() -> None:
    """Print a table in Markdown, one line a family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=100, help="crops of each family")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--difficulty", type=float, default=0.5)
    options = parser.parse_args()
    if options.seed >= FIRST_TRAINING_SEED:
        parser.error(f"seeds from {FIRST_TRAINING_SEED} on are for training")
    model = checkpoint.load(weights.path_of(options.model))
    print(f"| family | characters | {' | '.join(MEASURES)} |\n| {' | '.join(['---'] * (2 + len(MEASURES)))} |")
    groups: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in ("all", *(name for _, name in LENGTHS))}
    for name, _ in DEFAULT_FAMILIES:
        found: dict[str, list[float]] = defaultdict(list)
        for crop in family(model, family_style(name, RenderStyle(difficulty=options.difficulty)), options.seed, options.count):
            length = next(name for longest, name in LENGTHS if len(crop["map hit"]) <= longest)
            for measure, values in crop.items():
                for group in (found, groups["all"], groups[length]):
                    group[measure] += values
        show(name, found)
    for name, group in groups.items():
        show(name, group)


def show(name: str, found: Mapping[str, list[float]]) -> None:
    """One line of the table, in per cent."""
    means = " | ".join(f"{100 * float(np.mean(found[measure] or [0])):.1f}" for measure in MEASURES)
    print(f"| {name} | {len(found['map hit'])} | {means} |", flush=True)


if __name__ == "__main__":
    main()
