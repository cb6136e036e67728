"""Reader: load a model once, then turn paths into readings, in order and in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from siga_ocr import checkpoint, weights
from siga_ocr.crops import Crop, read_crop
from siga_ocr.decode import Columns, Decoded, greedy, has_ended
from siga_ocr.engine import Engine, EngineOutput, TorchEngine, choose_device
from siga_ocr.errors import UnreadableImage, UsageError
from siga_ocr.preprocess import Pixels, bucket, fit, to_batch
from siga_ocr.reading import Reading
from siga_ocr.visualize import Evidence


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How crops are gathered: none of it changes what is read.

    `window` crops are opened before the first of them is read, so that crops of like width share a batch of at most `batch_size`.
    `first_steps` positions are computed first; crops whose end mark has not come by then are run again with all.
    """

    window: int = 256
    batch_size: int = 32
    first_steps: int = 16

    def __post_init__(self) -> None:
        if min(self.window, self.batch_size, self.first_steps) < 1:
            raise UsageError(f"window, batch_size and first_steps must be at least 1, got {self}.")


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A crop on its way: its place in the window, its pixels [C, H, w] as the network takes them, and its own width."""

    place: int
    source: str
    pixels: Pixels
    crop_width: int


class Reader:
    """Reads crops with one engine. Build it with `Reader.load`, or hand in an engine."""

    def __init__(self, engine: Engine, options: ReadOptions | None = None) -> None:
        self._engine = engine
        self._config = engine.config
        self._options = options or ReadOptions()

    @classmethod
    def load(cls, model: str = weights.DEFAULT, device: str = "auto") -> "Reader":
        """The reader of a model, given by name or folder, on `auto`, `cpu`, `cuda` or `cuda:N`.

        Raises:
            ModelError: the model is missing or damaged.
            DeviceError: the device is not there.
        """
        chosen = choose_device(device)
        return cls(TorchEngine(checkpoint.load(weights.path_of(model)), chosen))

    def read(self, paths: Iterable[str]) -> Iterator[Reading]:
        """One reading for each path, in the same order; what cannot be opened becomes a reading with status `error`."""
        remaining = iter(paths)
        while window := list(islice(remaining, self._options.window)):
            yield from self._read_window(window)

    def read_crops(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop that is in memory already."""
        return self._read_fitted([self._fitted(place, crop) for place, crop in enumerate(crops)])

    def explain(self, path: str) -> tuple[Reading, Evidence | None]:
        """Read one path and show where each character was seen; no evidence where it cannot be opened."""
        try:
            crop = read_crop(path)
        except UnreadableImage as error:
            return Reading(path, "error", error=str(error)), None
        fitted = self._fitted(0, crop)
        batch = to_batch([fitted.pixels], self._config.input)
        output = self._engine.run(batch, self._config.max_steps)
        decoded = self._decode(output, 0, fitted, batch.images.shape[3])
        foreground = self._engine.foreground(batch)[0]
        attention = output.glyph_attention[0, : len(decoded.characters)]
        return _reading(path, decoded), Evidence(crop.image, foreground, attention, decoded.characters, fitted.pixels.shape[2])

    def _read_window(self, paths: Sequence[str]) -> list[Reading]:
        readings: dict[int, Reading] = {}
        fitted = []
        for place, path in enumerate(paths):
            try:
                fitted.append(self._fitted(place, read_crop(path)))
            except UnreadableImage as error:
                readings[place] = Reading(path, "error", error=str(error))
        readings |= zip((crop.place for crop in fitted), self._read_fitted(fitted), strict=True)
        return [readings[place] for place in range(len(paths))]

    def _fitted(self, place: int, crop: Crop) -> _Fitted:
        return _Fitted(place, crop.source, fit(crop.image, self._config.input), crop.image.shape[1])

    def _read_fitted(self, crops: Sequence[_Fitted]) -> list[Reading]:
        """Read crops bucket by bucket and return the readings in the order of `crops`."""
        readings: dict[int, Reading] = {}
        for batch in self._batches(crops):
            readings |= self._read_batch(batch)
        return [readings[crop.place] for crop in crops]

    def _batches(self, crops: Iterable[_Fitted]) -> Iterator[list[_Fitted]]:
        """Crops of one bucket together, because padding to another bucket would cost time."""

        def bucket_of(crop: _Fitted) -> int:
            return bucket(crop.pixels.shape[2], self._config.input)

        for _, group in groupby(sorted(crops, key=bucket_of), key=bucket_of):
            while batch := list(islice(group, self._options.batch_size)):
                yield batch

    def _read_batch(self, crops: Sequence[_Fitted], steps: int = 0) -> dict[int, Reading]:
        """Readings by place; what has not ended within the first steps is run once more with all of them."""
        steps = steps or min(self._options.first_steps, self._config.max_steps)
        batch = to_batch([crop.pixels for crop in crops], self._config.input)
        output = self._engine.run(batch, steps)
        done = has_ended(output.log_probabilities) | (steps == self._config.max_steps)
        readings = {}
        for row in np.flatnonzero(done).tolist():
            crop = crops[row]
            readings[crop.place] = _reading(crop.source, self._decode(output, row, crop, batch.images.shape[3]))
        if open_rows := np.flatnonzero(~done).tolist():
            readings |= self._read_batch([crops[row] for row in open_rows], self._config.max_steps)
        return readings

    def _decode(self, output: EngineOutput, row: int, crop: _Fitted, batch_width: int) -> Decoded:
        attention = output.glyph_attention[row]
        fitted_pixels = batch_width / attention.shape[2]  # of the fitted crop, for each column of the attention
        columns = Columns(fitted_pixels * crop.crop_width / crop.pixels.shape[2], crop.crop_width)
        return greedy(output.log_probabilities[row], attention, self._config.charset, columns)


def _reading(source: str, decoded: Decoded) -> Reading:
    return Reading(source, "ok", decoded.text, decoded.confidence, decoded.characters)
