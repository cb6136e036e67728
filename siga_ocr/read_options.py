"""How images are gathered and judged while reading; none of it changes what is read."""

from dataclasses import dataclass
from typing import Literal

from siga_ocr.crops import Crop, Roi, cut
from siga_ocr.device import core_count
from siga_ocr.errors import UsageError
from siga_ocr.intake import IntakeOptions


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How images are gathered, cut and judged.

    Crops of like width share a batch of at most `batch_size`; `auto` is what suits the engine. Up to `window` images are opened before the
    first of them is read; the window begins with one, so that the first reading comes early. `threads` open and read; 0 takes one for each
    core that this process may use. `workers` processes open the images instead, which pays where a GPU waits for them. `first_steps` positions
    are computed first; crops whose end mark has not come by then are run again with all. `roi` (x, y, width, height in pixels of the upright
    image) is cut out first. A confidence below `min_confidence` gives the status `review`. `trace` fills `image_sha256`.
    """

    batch_size: int | Literal["auto"] = "auto"
    window: int = 256
    threads: int = 0
    workers: int = 0
    first_steps: int = 16
    roi: Roi | None = None
    min_confidence: float = 0.0
    trace: bool = False

    def __post_init__(self) -> None:
        size = 1 if self.batch_size == "auto" else self.batch_size
        if min(self.window, size, self.first_steps) < 1 or min(self.threads, self.workers) < 0:
            raise UsageError(f"window, batch_size and first_steps must be at least 1 threads and workers at least 0, got {self}.")
        if self.roi is not None and min(self.roi[2:]) < 1:
            raise UsageError(f"The region {','.join(map(str, self.roi))} has no pixels: give x,y,width,height.")
        if not 0 <= self.min_confidence <= 1:
            raise UsageError(f"min_confidence must lie in 0..1, got {self.min_confidence}.")

    @property
    def thread_count(self) -> int:
        """The threads that open and read."""
        return self.threads or core_count()

    @property
    def intake(self) -> IntakeOptions:
        """What concerns the opening of a source."""
        return IntakeOptions(self.roi, self.trace)

    def part_of(self, crop: Crop) -> Crop:
        """What of an upright image is read.

        Raises:
            UnreadableImage: the region lies outside.
        """
        return crop if self.roi is None else cut(crop, self.roi)
