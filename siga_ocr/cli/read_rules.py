"""What options of `read`, `watch` and `verify` say in words or numbers, as the reader takes it."""

from typing import TYPE_CHECKING, Literal

from siga_ocr.cli.options import OrientationName
from siga_ocr.errors import UsageError

if TYPE_CHECKING:
    from siga_ocr.crops import Roi
    from siga_ocr.formats.codeformat import CodeFormat
    from siga_ocr.orientation import Orientation


MOST_DIGITS = 9
"""Of a number of pixels or crops."""


def code_format(mask: str, regex: str, charset: str, length: str, preset: str) -> "CodeFormat | None":
    """The format that these options ask for; None where they ask for none."""
    if not any((mask, regex, charset, length, preset)):
        return None
    from siga_ocr.formats.codeformat import CodeFormat

    return CodeFormat(mask=mask, regex=regex, characters=charset, length=length, preset=preset)


def least_confidence(min_confidence: float, max_error: float | None, model: str) -> float:
    """The confidence below which a reading is to be looked at.

    Raises:
        UsageError: it is said in both ways.
    """
    if max_error is None:
        return min_confidence
    if min_confidence:
        raise UsageError("--min-confidence and --max-error are two ways to say one thing: give one of them.")
    from siga_ocr.store.calibration import threshold_for

    return threshold_for(model, max_error)


def region(text: str | None) -> "Roi | None":
    """X,Y,W,H as numbers.

    Raises:
        UsageError: they are none.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts) or "0" in {str(int(part)) for part in parts[2:]}:
        raise UsageError(f"--roi is X,Y,W,H in whole pixels, with W and H from 1, not {text[:80]!r}.")
    x, y, width, height = map(int, parts)
    return x, y, width, height


def crops_a_batch(text: str) -> int | Literal["auto"]:
    """A number of crops, or `auto`.

    Raises:
        UsageError: it is neither.
    """
    if text == "auto":
        return "auto"
    if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
        raise UsageError(f"--batch-size is auto or a number from 1 with at most {MOST_DIGITS} digits, not {text[:80]!r}.")
    return int(text)


def way_up(name: OrientationName) -> "Orientation":
    """The angle in degrees, or `auto`."""
    from siga_ocr.orientation import ORIENTATIONS

    found: Orientation = next(one for one in ORIENTATIONS if str(one) == name.value)
    return found
