"""What one crop says and how sure we are of it."""

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["ok", "error"]


@dataclass(frozen=True)
class CharReading:
    """One character of a reading: confidence in 0..1, `x0` and `x1` in pixels of the crop (the central 90 % of its glyph attention)."""

    character: str
    confidence: float
    x0: float
    x1: float


@dataclass(frozen=True)
class Reading:
    """The outcome for one crop; `confidence` is the product over its characters and the end mark."""

    file: str
    status: Status
    text: str = ""
    confidence: float = 0.0
    characters: tuple[CharReading, ...] = field(default=())
    error: str = ""

    @property
    def min_character_confidence(self) -> float:
        """The confidence of the weakest character; that of the end mark alone where the text is empty."""
        return min((c.confidence for c in self.characters), default=self.confidence)
