"""Reader: load a model once, then turn images into readings, in order and in constant memory."""

import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from siga_ocr import __version__
from siga_ocr.batch_reader import BatchReader
from siga_ocr.crops import Crop
from siga_ocr.engines.engine import Engine, check, choose
from siga_ocr.engines.tempered import tempered
from siga_ocr.errors import ModelError, UnreadableImage
from siga_ocr.intake import Source, Taken, name_of, opened, take, take_all
from siga_ocr.read_options import ReadOptions
from siga_ocr.reading import Provenance, Reading
from siga_ocr.store import weights
from siga_ocr.store.calibration import temperature_of
from siga_ocr.store.folder import describe
from siga_ocr.visualize import Evidence

__all__ = ["ReadOptions", "Reader"]

SLOW_SOURCE = 0.02
"""Seconds: a source that makes us wait longer is slow, and what was gathered before the next one is read without waiting for more."""

CHUNKS = {False: 8, True: 64}
"""Sources that are opened at a stretch: by a thread, and by a process, to which sources and pixels have to be sent."""

_Opening = Sequence[Future[list[Taken]]]
_Running = tuple[list[Taken], list[tuple[list[int], Future[list[Reading]]]]]
"""A window that is opened; and one that is computed: its crops, and its batches as places in it."""


class Reader:
    """Reads images with one engine. Build it with `Reader.load`, or hand in an engine.

    `notices` collects what a person should hear of: a device that is left alone, batches that had to be made smaller.
    """

    def __init__(self, engine: Engine, options: ReadOptions | None = None, provenance: Provenance | None = None) -> None:
        self.options = options or ReadOptions()
        self.provenance = provenance or Provenance(
            engine=engine.facts.name, device=engine.facts.device, precision=engine.facts.precision, tool_version=__version__
        )
        self.notices: list[str] = []
        self.config = engine.config
        self._input = engine.config.input
        self._processes: Executor | None = None
        self._batches = BatchReader(engine, self.options, self.notices)

    @classmethod
    def load(cls, model: str = weights.DEFAULT, device: str = "auto", engine: str = "auto", options: ReadOptions | None = None) -> "Reader":
        """The reader of a model, given by name, by folder or by its address on the hub (`hf:owner/repo`).

        `device` is `auto`, `cpu`, `cuda` or `cuda:N`; `engine` is `auto`, `onnx` or `torch`. `auto` takes a CUDA device with PyTorch where
        there is one that works, else the CPU with ONNX Runtime where the model has a graph; PyTorch is then never imported.

        Raises:
            UsageError: a name is unknown.
            DeviceError: a device was named that is not there.
            ModelError: the model is missing or damaged.
        """
        options = options or ReadOptions()
        check(engine, device)
        found = weights.find(model)
        while True:
            try:
                return cls._on(found, model, device, engine, options)
            except ModelError:
                before, found = found, weights.find(model)
                if found.folder == before.folder:  # else the model was replaced while it was opened
                    raise

    @classmethod
    def _on(cls, found: weights.Found, model: str, device: str, engine: str, options: ReadOptions) -> "Reader":
        folder = found.folder
        choice = choose(folder, engine, device)
        description = describe(folder)
        made = tempered(load_engine(folder, choice.engine, choice.device, options), temperature_of(folder))
        facts, revision = made.facts, found.revision or description.revision
        provenance = Provenance(model, revision, description.weights_sha256, facts.name, facts.device, facts.precision, __version__)
        reader = cls(made, options, provenance)
        if choice.notice:
            reader.notices.append(choice.notice)
        return reader

    def read(self, sources: Iterable[Source | None]) -> Iterator[Reading]:
        """One reading for each source, in the same order; what cannot be opened becomes a reading with status `error`.

        A source is a path, the bytes of an encoded image, a NumPy array uint8 or uint16 [h, w], [h, w, 3] (red, green, blue) or [h, w, 4], a
        picture of Pillow, or a `Crop`. `None` among them is no source: it asks for the readings of all before it, before another one is drawn.
        Sources are drawn in the caller's thread, a window of them ahead while they come fast.
        """
        pool, opening = (ThreadPoolExecutor(self.options.thread_count, name) for name in ("siga-ocr", "siga-ocr-open"))
        starting = ThreadPoolExecutor(1, "siga-ocr-start")
        ahead: deque[tuple[_Opening, Future[_Running]]] = deque()  # it is opened and computed while the window before it is handed out
        try:
            openers = self._openers(opening)  # threads of their own: a batch that is ready does not queue behind what is opened ahead
            for window, is_urgent in _windows(iter(sources), self._batches.window):
                chunks = self._open(window, openers)
                ahead.append((chunks, starting.submit(self._start, chunks, pool)))
                while len(ahead) > (0 if is_urgent else 1):
                    yield from self._handed_out(ahead.popleft()[1].result())
            while ahead:
                yield from self._handed_out(ahead.popleft()[1].result())
        finally:  # whoever stops listening, or Ctrl-C, does not wait for what is ahead
            for chunk in (chunk for chunks, _ in ahead for chunk in chunks):
                chunk.cancel()
            for threads in (opening, starting, pool):
                threads.shutdown(cancel_futures=True)

    def read_crops(self, crops: Sequence[Crop]) -> list[Reading]:
        """One reading for each crop that is in memory already."""
        with ThreadPoolExecutor(self.options.thread_count, "siga-ocr") as pool:
            return list(self._handed_out(self._start(self._open(crops, pool), pool)))

    def explain(self, source: Source) -> tuple[Reading, Evidence | None]:
        """Read one source and show where each character was seen; no evidence where it cannot be opened."""
        taken = take(source, self._input, self.options.intake)
        if taken.error:
            return self._batches.refused(taken), None
        try:
            crop = opened(source, name_of(source))
        except UnreadableImage as error:  # it has changed since
            return Reading(taken.name, "error", error=str(error)), None
        return self._batches.explain(taken, self.options.part_of(crop))

    def _openers(self, pool: Executor) -> Executor:
        """Who opens images: processes where some are asked for, kept for as long as the reader lives, else the threads that read."""
        if self.options.workers and self._processes is None:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            self._processes = ProcessPoolExecutor(self.options.workers, multiprocessing.get_context("spawn"))
            weakref.finalize(self, self._processes.shutdown, cancel_futures=True)
        return self._processes or pool

    def _open(self, window: Sequence[Source], openers: Executor) -> _Opening:
        """Open the sources of a window in the background."""
        chunk = CHUNKS[not isinstance(openers, ThreadPoolExecutor)]
        chunks = (window[start : start + chunk] for start in range(0, len(window), chunk))
        return [openers.submit(take_all, sources, self._input, self.options.intake) for sources in chunks]

    def _start(self, chunks: _Opening, pool: ThreadPoolExecutor) -> _Running:
        """Have a window computed as soon as it is opened."""
        window = [taken for chunk in chunks for taken in chunk.result()]
        return window, [(batch, pool.submit(self._batches.read, [window[place] for place in batch])) for batch in self._batches.batches(window)]

    def _handed_out(self, started: _Running) -> Iterator[Reading]:
        """The readings of a window, in order."""
        window, running = started
        readings = {place: self._batches.refused(taken) for place, taken in enumerate(window) if taken.error}
        for batch, found in running:
            readings |= zip(batch, found.result(), strict=True)
        for place in range(len(window)):
            yield readings[place]


def load_engine(folder: Path, name: str, device: str, options: ReadOptions) -> Engine:
    """The engine `onnx` or `torch` of a model folder, at temperature 1.

    Raises:
        ModelError: the model is damaged.
    """
    if name == "onnx":
        from siga_ocr.engines.onnx import OnnxEngine

        return OnnxEngine(folder)
    from siga_ocr.engines.pytorch import TorchEngine

    return TorchEngine.load(folder, device, options.thread_count)


def _windows(sources: Iterator[Source | None], largest: int) -> Iterator[tuple[list[Source], bool]]:
    """Sources in groups that grow fourfold from 1 to `largest` while they come fast, and whether the readings of a group are waited for.

    A group ends at `None`, or with a source that was slow to come; the groups then begin with one source again.
    """
    size, window, is_over = 1, list[Source](), False
    while not is_over:
        begun, is_slow = perf_counter(), False
        try:
            source = next(sources)
        except StopIteration:
            is_over = True
            break
        is_slow = source is None or perf_counter() - begun > SLOW_SOURCE
        if source is not None:
            window.append(source)
        if is_slow or len(window) >= size:
            yield window, is_slow or size == 1
            size, window = 1 if is_slow else min(4 * size, largest), []
    if window:
        yield window, True
