"""How images are gathered and judged while reading, and what a code may look like."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from siga_ocr.crops import Crop, Roi, cut
from siga_ocr.engines.device import core_count
from siga_ocr.errors import UsageError
from siga_ocr.intake import IntakeOptions
from siga_ocr.limits import MAX_N_BEST, MOST_THREADS
from siga_ocr.orientation import ORIENTATIONS, Orientation

if TYPE_CHECKING:
    from siga_ocr.formats.codeformat import CodeFormat


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How images are gathered, cut and judged.

    Crops of like width share a batch of at most `batch_size`; `auto` is what suits the engine. Up to `window` images are opened before the
    first of them is read, `auto` is eight batches, 256 at least; the window begins with one, so that the first reading comes early. `threads`
    open and read; 0 takes one for each core that this process may use. `workers` processes open the images instead, which pays where a GPU
    waits for them. `first_steps` positions are computed first; crops whose end mark has not come by then are run again with all. `roi` (x, y,
    width, height in pixels of the upright image) is cut out first, then turned clockwise by `orientation` degrees; `auto` finds those crop by
    crop. A crop that was read with a confidence below 0.95 is looked at again (`second_looks`), seven times more where all of that leaves it
    below 0.6, and of all readings the best supported stays; a long code that is doubted still is read in halves (`long_codes`).
    Not so where each crop is to be read `once`. `trace` fills `image_sha256`.

    The status is `review` where the confidence is below `min_confidence`, that of the weakest character below `min_character_confidence`, the
    runner-up nearer than `min_margin` nats, or a text that fits `code_format` more than `max_constraint_cost` nats less likely than the one
    that was read. `unknown` stands in the text for characters below `min_character_confidence`. `n_best` texts are kept.
    `keep_log_probabilities` keeps those of all positions in the reading.
    """

    batch_size: int | Literal["auto"] = "auto"
    window: int | Literal["auto"] = "auto"
    threads: int = 0
    workers: int = 0
    first_steps: int = 16
    roi: Roi | None = None
    orientation: Orientation = 0
    once: bool = False
    min_confidence: float = 0.0
    min_character_confidence: float = 0.0
    min_margin: float = 0.0
    unknown: str = ""
    n_best: int = 0
    code_format: "CodeFormat | None" = None
    max_constraint_cost: float = 3.0
    trace: bool = False
    keep_log_probabilities: bool = False

    def __post_init__(self) -> None:
        for name, number in (("batch_size", self.batch_size), ("window", self.window), ("first_steps", self.first_steps)):
            if number != "auto" and number < 1:
                raise UsageError(f"{name} must be at least 1, got {number}.")
        for name, count, most in (
            ("threads", self.threads, MOST_THREADS),
            ("workers", self.workers, MOST_THREADS),
            ("n_best", self.n_best, MAX_N_BEST),
        ):
            if not 0 <= count <= most:
                raise UsageError(f"{name} must be at least 0 and at most {most}, got {count}.")
        for name, bar in (("min_confidence", self.min_confidence), ("min_character_confidence", self.min_character_confidence)):
            if not 0 <= bar <= 1:
                raise UsageError(f"{name} must lie in 0..1, got {bar}.")
        for name, nats in (("min_margin", self.min_margin), ("max_constraint_cost", self.max_constraint_cost)):
            if not nats >= 0:
                raise UsageError(f"{name} must be nats from 0, got {nats}.")
        if self.roi is not None and (len(self.roi) != 4 or min(self.roi[2:]) < 1):
            raise UsageError(f"The region {','.join(map(str, self.roi))} has no pixels: give x,y,width,height.")
        if self.orientation not in ORIENTATIONS:
            raise UsageError(f"orientation is one of {', '.join(map(str, ORIENTATIONS))}, not {self.orientation!r}.")
        if self.unknown and not self.min_character_confidence:
            raise UsageError("unknown stands for characters below min_character_confidence: give that too.")

    @property
    def searches(self) -> bool:
        """Whether whole texts have to be compared."""
        return bool(self.code_format) or self.n_best > 0 or self.min_margin > 0

    @property
    def thread_count(self) -> int:
        """The threads that open and read."""
        return self.threads or core_count()

    @property
    def intake(self) -> IntakeOptions:
        """What concerns the opening of a source."""
        return IntakeOptions(self.roi, self.trace, self.orientation, detail=not self.once)

    def part_of(self, crop: Crop) -> Crop:
        """What of an upright image is read.

        Raises:
            UnreadableImage: the region lies outside.
        """
        return crop if self.roi is None else cut(crop, self.roi)
