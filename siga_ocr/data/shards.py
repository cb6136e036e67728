"""Rendered crops in portions: made from seed and indices alone, fitted to the network's height, kept in files until they are used up."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from siga_ocr.charset import Charset
from siga_ocr.config import InputConfig
from siga_ocr.data.render import render
from siga_ocr.data.workers import Workers
from siga_ocr.errors import DiskError
from siga_ocr.preprocess import fit
from siga_ocr.render_style import RenderStyle
from siga_ocr.whole_file import unfinished

PIECE = 128
"""Crops that one worker renders at a time."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FittedCrops:
    """Crops at the network's height with their texts.

    `pixels` uint8 holds [C, H, w] of each crop one after another; `widths` int32 [N]; `left_out` crops could not be used.
    """

    pixels: Pixels
    widths: npt.NDArray[np.int32]
    texts: tuple[str, ...]
    channels: int
    height: int
    left_out: int = 0

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.texts) or int(self._starts[-1]) != self.pixels.size:
            raise ValueError("Pixels, widths and texts of fitted crops do not belong together.")

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        """Where each crop begins in `pixels`, and where the last one ends."""
        return np.cumsum(np.concatenate([[0], self.widths.astype(np.int64) * (self.channels * self.height)]))

    def crop(self, row: int) -> Pixels:
        """One crop, uint8 [C, H, w]."""
        flat = self.pixels[self._starts[row] : self._starts[row + 1]]
        return flat.reshape(self.channels, self.height, int(self.widths[row]))


@dataclass(frozen=True)
class ShardPlan:
    """Which crops a shard holds: `count` indices from `first` on, in a style, as a network takes them."""

    seed: int
    first: int
    count: int
    style: RenderStyle
    input: InputConfig
    characters: str
    max_length: int

    @property
    def name(self) -> str:
        """A file name that only this content has."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"rendered-{self.seed}-{self.first}-{digest[:16]}.npz"

    def pieces(self) -> list["ShardPlan"]:
        """The same crops as smaller plans, in order."""
        end = self.first + self.count
        return [replace(self, first=first, count=min(PIECE, end - first)) for first in range(self.first, end, PIECE)]


def collect(crops: Sequence[tuple[Pixels, str]], input: InputConfig, left_out: int = 0) -> FittedCrops:
    """Pack fitted crops, each uint8 [C, H, w] with its text."""
    pixels = np.concatenate([crop.reshape(-1) for crop, _ in crops]) if crops else np.zeros(0, dtype=np.uint8)
    widths = np.array([crop.shape[2] for crop, _ in crops], dtype=np.int32)
    return FittedCrops(pixels, widths, tuple(text for _, text in crops), input.channels, input.height, left_out)


def render_piece(plan: ShardPlan) -> FittedCrops:
    """Render the crops of a plan; texts that the model cannot write are left out."""
    charset = Charset(plan.characters)
    crops = []
    for index in range(plan.first, plan.first + plan.count):
        rendered = render(plan.seed, index, plan.style)
        if len(rendered.text) <= plan.max_length and not charset.unknown(rendered.text):
            crops.append((fit(rendered.image, plan.input), rendered.text))
    return collect(crops, plan.input, plan.count - len(crops))


def join(pieces: Sequence[FittedCrops]) -> FittedCrops:
    """One shard from its pieces, in order; there is at least one."""
    return FittedCrops(
        np.concatenate([piece.pixels for piece in pieces]),
        np.concatenate([piece.widths for piece in pieces]),
        tuple(text for piece in pieces for text in piece.texts),
        pieces[0].channels,
        pieces[0].height,
        sum(piece.left_out for piece in pieces),
    )


class ShardStore:
    """Shards in a folder: found there, or rendered by the workers and written there."""

    def __init__(self, folder: Path, workers: Workers[ShardPlan, FittedCrops]) -> None:
        self._folder = folder
        self._workers = workers

    def begin(self, plan: ShardPlan) -> Callable[[], FittedCrops]:
        """Start on a shard; the function that comes back waits for it."""
        path = self._folder / plan.name
        found = read_shard(path)
        if found is not None:
            return lambda: found
        pending = self._workers.begin(plan.pieces())

        def finish() -> FittedCrops:
            shard = join(pending())
            write_shard(path, shard)
            return shard

        return finish

    def keep_only(self, plans: Sequence[ShardPlan]) -> None:
        """Delete every other shard of this folder."""
        names = {plan.name for plan in plans}
        for path in self._folder.glob("rendered-*.npz"):
            if path.name not in names:
                path.unlink(missing_ok=True)


def write_shard(path: Path, shard: FittedCrops) -> None:
    """Write a shard, whole or not at all.

    Raises:
        DiskError: it cannot be written.
    """
    text = "".join(shard.texts).encode()
    lengths = np.array([len(item) for item in shard.texts], dtype=np.int32)  # in characters
    shape = np.array([shard.channels, shard.height, shard.left_out], dtype=np.int64)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished([path]) as partial, partial[path].open("wb") as stream:
            np.savez(stream, pixels=shard.pixels, widths=shard.widths, text=np.frombuffer(text, np.uint8), lengths=lengths, shape=shape)
    except OSError as error:
        raise DiskError(f"Rendered crops cannot be written to {path.parent}: {error.strerror}. Free some space.") from error


def read_shard(path: Path) -> FittedCrops | None:
    """The shard in a file; `None` where there is none, or a damaged one: it is rendered again."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            channels, height, left_out = (int(value) for value in stored["shape"])
            texts = _split(stored["text"].tobytes().decode(), stored["lengths"])
            return FittedCrops(stored["pixels"], stored["widths"], texts, channels, height, left_out)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # cheaper than an error: the plan says all that the file held


def _split(text: str, lengths: npt.NDArray[np.int32]) -> tuple[str, ...]:
    ends = np.cumsum(lengths).tolist()
    return tuple(text[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True))
