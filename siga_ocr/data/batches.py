"""From chosen crops to training batches: grouped by width and length, changed at random, normalised, texts encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from siga_ocr.colour import LUMA
from siga_ocr.config import InputConfig
from siga_ocr.data.augment import geometric, photometric
from siga_ocr.data.shards import FittedCrops
from siga_ocr.preprocess import bucket, to_batch
from siga_ocr.recipe import TrainConfig

SORTED_BATCHES = 8
"""Crops are sorted by length within groups of so many batches: similar lengths meet, and yet the company changes."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TrainBatch:
    """What a training step takes.

    `images` [N, C, H, W] and `mask` [N, W] as the network takes them; `grey` [N, 1, H, W] in 0..255, without photometric changes;
    `targets` [N, T], each text with its end mark, padded with 0; `lengths` [N] in characters.
    """

    images: Floats
    mask: Floats
    grey: Floats
    targets: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.lengths)


class Candidate(NamedTuple):
    """A crop to show: a row of `crops`, at a width, changed with these strengths by the random numbers of `key`."""

    crops: FittedCrops
    row: int
    width: int
    geometric: float
    photometric: float
    key: int

    @property
    def text(self) -> str:
        """What the crop says."""
        return self.crops.texts[self.row]


def group(candidates: Sequence[Candidate], config: TrainConfig, rng: np.random.Generator) -> list[list[Candidate]]:
    """Batches of one bucket and similar lengths, in random order; what fills no batch goes on to the next wider bucket.

    Of the rest at the end, `least_share` says whether it is worth a batch; a round that has nothing else shows it in any case.
    """
    settings = config.model.input
    shuffled = [candidates[i] for i in rng.permutation(len(candidates))]
    batches: list[list[Candidate]] = []
    rest: list[Candidate] = []
    for width in settings.widths:
        size = config.batch_at(width)
        members = rest + [candidate for candidate in shuffled if bucket(candidate.width, settings) == width]
        whole = len(members) if width == settings.widths[-1] else len(members) // size * size
        rest = members[whole:]
        batches += _cut(members[:whole], size)
    order = rng.permutation(len(batches))
    kept = [batches[i] for i in order if len(batches[i]) >= config.least_share * config.batch_at(_widest(batches[i], settings))]
    return kept or [batches[i] for i in order]


def _widest(members: Sequence[Candidate], settings: InputConfig) -> int:
    """The bucket that a batch is padded to."""
    return max(bucket(candidate.width, settings) for candidate in members)


def _cut(members: Sequence[Candidate], size: int) -> list[list[Candidate]]:
    """Sort by length within groups of some batches, then cut into batches."""
    batches = []
    for begin in range(0, len(members), size * SORTED_BATCHES):
        sorted_group = sorted(members[begin : begin + size * SORTED_BATCHES], key=lambda candidate: len(candidate.text))
        batches += [sorted_group[i : i + size] for i in range(0, len(sorted_group), size)]
    return batches


def assemble(candidates: Sequence[Candidate], config: TrainConfig) -> TrainBatch:
    """Change, normalise and pad the crops, encode their texts."""
    settings = config.model.input
    changed = [_changed(candidate) for candidate in candidates]
    batch = to_batch([lit for _, lit in changed], settings)
    grey = np.zeros((len(candidates), 1, settings.height, batch.mask.shape[1]), dtype=np.float32)
    for row, (clean, _) in enumerate(changed):
        grey[row, 0, :, : clean.shape[2]] = clean[0] if settings.channels == 1 else np.tensordot(LUMA, clean, 1)
    targets, lengths = _encode([candidate.text for candidate in candidates], config)
    return TrainBatch(batch.images, batch.mask, grey, targets, lengths)


def _encode(texts: Sequence[str], config: TrainConfig) -> tuple[Ints, Ints]:
    charset = config.model.charset
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    targets = np.zeros((len(texts), int(lengths.max()) + 1), dtype=np.int64)
    for row, text in enumerate(texts):
        targets[row, : len(text)] = charset.encode(text)
    return targets, lengths


def _changed(candidate: Candidate) -> tuple[Pixels, Pixels]:
    """The crop, warped, and the same in another light: both uint8 [C, H, width]."""
    rng = np.random.default_rng(candidate.key)
    crop = candidate.crops.crop(candidate.row)
    picture = crop[0] if crop.shape[0] == 1 else np.ascontiguousarray(crop.transpose(1, 2, 0))
    clean = geometric(picture, candidate.width, candidate.geometric, rng)
    lit = photometric(clean, candidate.photometric, rng)
    return _planes(clean), _planes(lit)


def _planes(picture: Pixels) -> Pixels:
    """[H, w] or [H, w, C] -> [C, H, w]."""
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
