"""What `siga-ocr train` writes down and shows of a run: `metrics.jsonl`, the recipe, and a line with rate and time left."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Never, TextIO

from tqdm import tqdm

from siga_ocr.cli import console
from siga_ocr.errors import DiskError
from siga_ocr.training.events import Checked, StepDone

METRICS = "metrics.jsonl"
RECIPE = "recipe.toml"
LINE_EVERY = 100
"""Steps between lines where stderr is no terminal."""


def keep_recipe(folder: Path, text: str) -> None:
    """Leave the recipe in the run folder.

    Raises:
        DiskError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RECIPE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DiskError(f"The run folder {folder} cannot be written: {error.strerror}. Name another one with --out.") from error


class MetricsFile:
    """One JSON line a step, appended, and one for each reading of validation crops; lines beyond the step where a run is taken up are cut off."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._stream: TextIO | None = None

    def begin(self, step: int) -> None:
        """Open the file for the steps after `step`.

        Raises:
            DiskError: it cannot be written.
        """
        kept = [line for line in self._lines() if _step_of(line) <= step] if step else []
        with _written(self._path):
            self._path.write_text("".join(kept), encoding="utf-8")
            self._stream = self._path.open("a", encoding="utf-8", buffering=1)

    def write(self, event: StepDone | Checked) -> None:
        """Add one step, or what was read after it.

        Raises:
            DiskError: it cannot be written.
        """
        if self._stream is None:
            return
        facts = _rounded(event)
        line = facts if isinstance(event, StepDone) else {"step": facts.pop("step"), "validation": facts}
        with _written(self._path):
            self._stream.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Close the file; what a full disk did not take is lost."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()

    def _lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines(keepends=True) if self._path.exists() else []


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {error.strerror}. Free some space; the run goes on from its last checkpoint.") from error


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):  # the end of a line that a killed run left
        return 2**62


def _rounded(event: StepDone | Checked) -> dict[str, object]:
    """The fields of an event, numbers with five digits; NaN and infinities as text, because JSON has none."""

    def short(value: object) -> object:
        if isinstance(value, dict):
            return {name: short(part) for name, part in value.items()}
        if not isinstance(value, float):
            return value
        return float(f"{value:.5g}") if abs(value) < float("inf") else str(value)

    return {name: short(value) for name, value in asdict(event).items()}


class Display:
    """A bar on a terminal, else a line now and then: loss, crops a second, time left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Never] | None = None
        self._steps = 0
        self._first = 0
        self._begun = time.monotonic()
        self._recent: list[tuple[float, int, float]] = []  # time, crops, loss

    def begin(self, step: int, steps: int) -> None:
        """The run goes from `step` to `steps`."""
        self._first, self._steps, self._begun = step, steps, time.monotonic()
        if self._stream.isatty():
            self._bar = tqdm(total=steps, initial=step, unit="step", file=self._stream, mininterval=0.5, dynamic_ncols=True)

    def show(self, event: StepDone) -> None:
        """One step more."""
        self._recent = [*self._recent[-(LINE_EVERY - 1) :], (time.monotonic(), event.crops, event.loss)]
        if self._bar is not None:
            self._bar.set_postfix_str(self._summary(), refresh=False)
            self._bar.update(event.step - self._bar.n)
        elif event.step % LINE_EVERY == 0:
            left = (time.monotonic() - self._begun) / (event.step - self._first) * (self._steps - event.step)
            console.say(f"step {event.step}/{self._steps}  {self._summary()}  {_clock(left)} left")

    def note(self, message: str) -> None:
        """A line of its own, above the bar."""
        if self._bar is not None:
            self._bar.write(message, file=self._stream)
        else:
            console.say(message)

    def close(self) -> None:
        """Leave the terminal in order."""
        if self._bar is not None:
            self._bar.close()

    def _summary(self) -> str:
        """Means over the last steps."""
        begin, end = self._recent[0][0], self._recent[-1][0]
        crops = sum(crops for _, crops, _ in self._recent[1:])
        loss = sum(loss for _, _, loss in self._recent) / len(self._recent)
        return f"loss {loss:.3f}  {crops / max(end - begin, 1e-9):.0f} crops/s"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
