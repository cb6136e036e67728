"""What was measured of a model's confidences and is kept beside it: the temperature that makes them true, and thresholds for error rates."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from siga_ocr.errors import ModelError, UsageError
from siga_ocr.parsing import build, from_json
from siga_ocr.scores.promises import Promise
from siga_ocr.store.folder import CALIBRATION_NAME, describe, small_file
from siga_ocr.store.weights import find

FORMAT = 1
"""The version of the file; it rises when an old program could misread a new one."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Log-probabilities are divided by `temperature` and normalised anew; `crops` and `wrong` of them it was fitted on.

    `promises` are thresholds of confidences at this temperature. It holds for the weights of `weights_sha256` alone.

    Raises:
        UsageError: a number cannot be.
    """

    format: int
    weights_sha256: str
    temperature: float
    crops: int
    wrong: int
    calibration_error: float
    promises: tuple[Promise, ...]

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise UsageError(f"calibration.format is {self.format}, this version reads {FORMAT}.")
        if not 0.01 <= self.temperature <= 100:
            raise UsageError(f"calibration.temperature must lie in 0.01..100, got {self.temperature}.")
        if not 0 <= self.wrong <= self.crops:
            raise UsageError(f"calibration.wrong must lie in 0..{self.crops}, got {self.wrong}.")
        if any(not (0 < kept.max_error < 1 and 0 <= kept.threshold <= 1) for kept in self.promises):
            raise UsageError("calibration.promises hold an error rate outside 0..1, or a threshold outside 0..1.")


def read(folder: Path) -> Calibration | None:
    """The calibration in a model folder, None where there is none.

    Raises:
        ModelError: it is damaged, or belongs to other weights.
    """
    path = folder / CALIBRATION_NAME
    try:
        found = build(Calibration, from_json(small_file(path)), "calibration")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, UsageError) as error:
        raise ModelError(f"{path} cannot be used ({error}). Measure it again with siga-ocr calibrate, or delete it.") from error
    if found.weights_sha256 != describe(folder).weights_sha256:
        raise ModelError(f"{path} was measured with other weights. Measure it again with siga-ocr calibrate, or delete it.")
    return found


def serialised(calibration: Calibration) -> bytes:
    """The file's content."""
    return (json.dumps(asdict(calibration), indent=2) + "\n").encode()


def temperature_of(folder: Path) -> float:
    """The temperature of a model folder, 1 where none was measured.

    Raises:
        ModelError: what was measured cannot be used.
    """
    found = read(folder)
    return found.temperature if found else 1.0


def threshold_for(model: str, max_error: float) -> float:
    """The confidence from which on no more than `max_error` of a model's readings are wrong, as its calibration promises.

    Raises:
        UsageError: `max_error` is no rate.
        ModelError: the model has no calibration, or none that promises so much.
    """
    if not 0 < max_error < 1:
        raise UsageError(f"An error rate lies between 0 and 1, such as 0.001, not {max_error:g}.")
    folder = find(model).folder
    found, how = read(folder), "siga-ocr calibrate --data CROPS --model FOLDER"
    if found is None:
        raise ModelError(f"{model} is not calibrated, so that no threshold for an error rate is known. Measure it: {how}.")
    kept = [one for one in found.promises if one.max_error <= max_error * (1 + 1e-9)]
    if not kept:
        least = min((one.max_error for one in found.promises), default=None)
        promised = f"its least promise is {least:g}" if least else "it promises none"
        raise ModelError(f"{model} was calibrated on {found.crops} crops and cannot promise {max_error:g} wrong: {promised}. Use more crops: {how}.")
    return max(kept, key=lambda one: one.coverage).threshold
