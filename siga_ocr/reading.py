"""What one crop says and how sure we are of it, and what it was read with."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Status = Literal["ok", "review", "error"]
"""`review` is given only by a rule that was asked for; `error` means that there was nothing to read from."""


@dataclass(frozen=True)
class Alternative:
    """Another character that could stand at a position, with its confidence in 0..1."""

    character: str
    confidence: float


@dataclass(frozen=True)
class CharReading:
    """One character of a reading: confidence in 0..1, `x0` and `x1` in pixels of the crop (the central 90 % of its glyph attention).

    `alternatives` are the next most likely characters, the likeliest first.
    """

    character: str
    confidence: float
    x0: float
    x1: float
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A whole text that a crop could say, with its confidence in 0..1."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Found:
    """What a search among whole texts adds to a reading.

    `search` is `exact`, or `lattice` where the network was fed with its own reading: all texts are then judged on that one's positions.
    `raw_text` is the reading without a format, None where none was given; `constraint_cost` how many nats less likely the text is than it,
    None also where no text fits. `margin` is by how many nats the runner-up is less likely, None where there is none or it was not asked for.
    `n_best` are the likeliest texts, the likeliest first, as many as were asked for.
    """

    search: Literal["exact", "lattice"]
    raw_text: str | None = None
    constraint_cost: float | None = None
    margin: float | None = None
    n_best: tuple[Candidate, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """The outcome for one crop; `confidence` is the product over its characters and the end mark, less where there may be a second line.

    `width` and `height` are those of the upright crop in pixels (0 where it could not be opened), `elapsed_ms` the milliseconds of work on
    it (its share of a batch), `read_at` the UTC time in ISO 8601, `image_sha256` the hexadecimal hash of the image's bytes where it was asked for.
    `reason` says why the status is `review`, `raw_text` is the text before a format or `unknown` changed it, `found` what a search adds.
    `orientation` is by how many degrees clockwise the picture was turned for it, of which `width` and `height` are.
    `log_probabilities` float32 [T, K] of all T positions are kept where they are asked for.
    """

    file: str
    status: Status
    text: str = ""
    confidence: float = 0.0
    characters: tuple[CharReading, ...] = ()
    width: int = 0
    height: int = 0
    elapsed_ms: float = 0.0
    read_at: str = ""
    image_sha256: str = ""
    error: str = ""
    reason: str = ""
    raw_text: str | None = None
    found: Found | None = None
    orientation: int = 0
    log_probabilities: "npt.NDArray[np.float32] | None" = field(default=None, compare=False, repr=False)

    @property
    def min_character_confidence(self) -> float:
        """The confidence of the weakest character; that of the end mark alone where the text is empty."""
        return min((c.confidence for c in self.characters), default=self.confidence)


@dataclass(frozen=True)
class Provenance:
    """What a whole run was read with: `model` as named, its revision and the SHA-256 of its weights; `engine` (`torch` or `onnx`), `device`
    and `precision` as they were used, whatever was asked for; `tool_version` that of this program."""

    model: str = ""
    model_revision: str = ""
    weights_sha256: str = ""
    engine: str = ""
    device: str = ""
    precision: str = ""
    tool_version: str = ""
