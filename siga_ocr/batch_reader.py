"""Batches of crops through an engine: what has not ended is run again, what does not fit the memory is halved, what is not sure is marked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from threading import BoundedSemaphore
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from siga_ocr.config import ModelConfig
from siga_ocr.crops import Crop
from siga_ocr.decode import Columns, Decoded, Seen, has_ended, likely_ids, spell
from siga_ocr.engines.engine import Engine, EngineOutput, OutOfMemory
from siga_ocr.intake import Taken
from siga_ocr.judgement import judge
from siga_ocr.looking import Looking
from siga_ocr.preprocess import bucket, to_batch
from siga_ocr.read_options import ReadOptions
from siga_ocr.reading import Reading
from siga_ocr.second_looks import DOUBTED
from siga_ocr.text_line import text_line
from siga_ocr.visualize import Evidence, side_by_side

if TYPE_CHECKING:
    from siga_ocr.search import Search


SHORTEST_WINDOW, BATCHES_AHEAD = 256, 8
"""Crops, and full batches, that are gathered at least before they are divided into batches by their widths: enough for the large ones of GPUs."""


class BatchReader:
    """Reads batches with one engine, from as many threads at once as the engine bears; `notices` hears of batches that had to shrink."""

    def __init__(self, engine: Engine, options: ReadOptions, notices: list[str]) -> None:
        self.size = engine.facts.batch_size if options.batch_size == "auto" else options.batch_size
        self.window = max(SHORTEST_WINDOW, BATCHES_AHEAD * self.size) if options.window == "auto" else options.window
        self._engine = engine
        self._config = engine.config
        self._closely = engine.config.input.keep_aspect and engine.facts.device == "cpu"  # a GPU prepares itself for each width anew
        self._charset = engine.config.charset
        self._options = options
        self._notices = notices
        self._lanes = BoundedSemaphore(engine.facts.lanes)
        self._search = make_search(self._config, options) if options.searches else None
        least = self._search.steps if self._search else options.first_steps
        least = self._config.max_steps if options.keep_log_probabilities else least
        self._first_steps = min(max(least, options.first_steps), self._config.max_steps)
        self._looking = Looking(self._config, self._in_batches, self._search, once=options.once)
        self._keeps = options.keep_log_probabilities or options.searches or options.orientation == "auto" or not options.once

    def read(self, batch: Sequence[Taken]) -> list[Reading]:
        """One reading for each crop, all of which could be opened.

        Raises:
            DeviceError: not even one crop fits into the device's memory.
        """
        begun = perf_counter()
        seen = self._best(batch)
        share = 1000 * (perf_counter() - begun) / len(batch)
        return [self._reading(taken, found, share) for taken, found in seen]

    def batches(self, crops: Sequence[Taken]) -> Iterator[list[int]]:
        """Places of the crops that share a batch; the widest first, and crops of one bucket together, because padding to another would cost time."""
        widths = [taken.pixels.shape[2] for taken in crops]
        order = sorted((place for place, taken in enumerate(crops) if not taken.error), key=widths.__getitem__, reverse=True)
        for _, group in groupby(order, key=lambda place: bucket(widths[place], self._config.input)):
            places, size = list(group), self.size
            yield from (places[start : start + size] for start in range(0, len(places), size))

    def refused(self, taken: Taken) -> Reading:
        """The reading of what could not be opened."""
        return Reading(taken.name, "error", elapsed_ms=round(taken.elapsed_ms, 2), read_at=_now(), image_sha256=taken.sha256, error=taken.error)

    def explain(self, taken: Taken, crop: Crop) -> tuple[Reading, Evidence]:
        """Read one crop with all positions and keep what the reading rests on."""
        begun = perf_counter()
        taken, best = self._best([taken])[0]
        batches = [to_batch([one.pixels], self._config.input) for one in ([part for part, _ in best.parts] or [taken])]
        outputs = [self._engine.run(batch, self._config.max_steps) for batch in batches]
        foregrounds = [self._engine.foreground(batch)[0] for batch in batches]
        image = taken.look.at(crop.image)
        reading = self._reading(taken, best, 1000 * (perf_counter() - begun))
        if not best.parts:
            attention = outputs[0].glyph_attention[0, : len(best.characters)]
            return reading, Evidence(image, foregrounds[0], attention, best.characters, taken.pixels.shape[2])
        maps = [output.glyph_attention[0, :count] for output, (_, count) in zip(outputs, best.parts, strict=True)]
        return reading, side_by_side(image, foregrounds, maps, [part.pixels.shape[2] for part, _ in best.parts], best.characters)

    def _best(self, batch: Sequence[Taken]) -> list[tuple[Taken, Decoded]]:
        return self._looking.best(batch, self._decoded(batch, self._first_steps))

    def _in_batches(self, crops: Sequence[Taken], positions: Sequence[int]) -> list[Decoded]:
        """What is read of each, crops of like widths together, and those that need no more than the first positions."""
        found = dict[int, Decoded]()
        far = [count > self._first_steps for count in positions]
        for steps, wanted in ((self._first_steps, False), (self._config.max_steps, True)):
            numbers = [number for number, is_far in enumerate(far) if is_far is wanted]
            for places in self.batches([crops[number] for number in numbers]):
                chosen = [numbers[place] for place in places]
                found |= zip(chosen, self._decoded([crops[number] for number in chosen], steps), strict=True)
        return [found[number] for number in range(len(crops))]

    def _decoded(self, batch: Sequence[Taken], steps: int) -> list[Decoded]:
        """In the order of the batch; what has not ended within `steps` is run once more with all of them."""
        pixels = to_batch([taken.pixels for taken in batch], self._config.input, closely=self._closely)
        output = None
        try:
            with self._lanes:
                output = self._engine.run(pixels, steps)
        except OutOfMemory:
            if len(batch) == 1:
                raise
        if output is None:  # not within the handler, whose error would keep hold of what the failed batch had on the device
            return self._in_halves(batch, steps)
        done = has_ended(output.log_probabilities) | (steps == self._config.max_steps)
        open_rows = np.flatnonzero(~done).tolist()
        rest = self._decoded([batch[row] for row in open_rows], self._config.max_steps) if open_rows else []
        again, width = dict(zip(open_rows, rest, strict=True)), pixels.images.shape[3]
        return [again[row] if row in again else self._decode(output, row, taken, width) for row, taken in enumerate(batch)]

    def _in_halves(self, batch: Sequence[Taken], steps: int) -> list[Decoded]:
        half = (len(batch) + 1) // 2
        if half < self.size:
            self.size = half
            self._notices.append(f"{self._engine.facts.device} has not enough memory for {len(batch)} crops at once: going on with {half}.")
        return self._decoded(batch[:half], steps) + self._decoded(batch[half:], steps)

    def _decode(self, output: EngineOutput, row: int, taken: Taken, batch_width: int) -> Decoded:
        attention = output.glyph_attention[row]
        fitted_pixels = batch_width / attention.shape[2]  # of the fitted crop, for each column of the attention
        margin = taken.look.margin
        columns = Columns(fitted_pixels * (taken.width + 2 * margin) / taken.pixels.shape[2], taken.width, margin)
        seen = Seen(output.log_probabilities[row], attention)
        found = spell(likely_ids(seen.log_probabilities), seen, self._charset, columns)
        if self._search is not None:
            found = replace(found, seen=(seen, columns))
        if found.confidence < DOUBTED and not self._options.once:
            own = taken.pixels.shape[2] / batch_width
            found = replace(found, line=text_line(attention[: len(found.characters)], self._config.input.height, taken.pixels.shape[2], own))
        return replace(found, log_probabilities=seen.log_probabilities.copy()) if self._keeps else found

    def _reading(self, taken: Taken, decoded: Decoded, elapsed_ms: float) -> Reading:
        judgement = judge(decoded, self._options)
        reading = Reading(
            taken.name,
            judgement.status,
            judgement.text,
            decoded.confidence,
            decoded.characters,
            taken.width,
            taken.height,
            read_at=_now(),
            image_sha256=taken.sha256,
            reason=judgement.reason,
            raw_text=judgement.raw_text,
            found=decoded.found,
            orientation=taken.look.angle,
            log_probabilities=decoded.log_probabilities if self._options.keep_log_probabilities else None,
        )
        return replace(reading, elapsed_ms=round(taken.elapsed_ms + elapsed_ms, 2))


def make_search(config: ModelConfig, options: ReadOptions) -> "Search":
    """The search that these options ask for; imported only then.

    Raises:
        UsageError: the model can never read a code of the format.
    """
    from siga_ocr.search import Search, SearchOptions

    return Search(config, SearchOptions(options.code_format, options.n_best, options.min_margin > 0))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
