"""Measures the confidences of a model on labelled crops: the temperature, thresholds for error rates, and what they are worth."""

import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siga_ocr.assessing.temperature import TEMPERATURES, Observed, fit, held_out_error
from siga_ocr.errors import DiskError, UsageError
from siga_ocr.scores.confidence import calibration_error, reliability
from siga_ocr.scores.promises import RATES, promise
from siga_ocr.store.calibration import FORMAT, Calibration, serialised
from siga_ocr.store.files import contents
from siga_ocr.store.folder import CALIBRATION_NAME
from siga_ocr.whole_file import write_whole

FEWEST = 50
"""Crops that a temperature is fitted on at least."""


@dataclass(frozen=True)
class Measured:
    """A calibration, and calibration errors (ECE): without it, and with it on crops that it was not fitted on (in halves, as they were read without).

    `surest` is half the number of crops, `surest_wrong` how many are wrong of as many that are the surest.
    """

    calibration: Calibration
    error_before: float
    error_held_out: float
    surest: int
    surest_wrong: int


Again = Callable[[float], Iterable[Observed]]
"""What reads the same crops at a temperature."""


def measure(crops: Iterable[Observed], weights_sha256: str, again: Again, rates: Sequence[float] = ()) -> Measured:
    """Fit a temperature to crops that were read at 1, read them `again` at it, and find thresholds for the usual error rates and for `rates`.

    What is doubted, and so which looks are taken, follows from confidences: a few crops get another text at another temperature.

    Raises:
        UsageError: there are too few crops, or a rate lies outside 0..1.
    """
    if any(not 0 < rate < 1 for rate in rates):
        raise UsageError(f"An error rate lies between 0 and 1, such as 0.001, not {', '.join(f'{rate:g}' for rate in rates)}.")
    seen = [(one.log_confidences(), one.is_right) for one in crops]
    if len(seen) < FEWEST:
        raise UsageError(f"{len(seen)} crops that can be opened are too few to measure confidences on: bring at least {FEWEST}.")
    log_confidences, correct = np.stack([one for one, _ in seen]), np.array([right for _, right in seen])
    place, plain = fit(log_confidences, correct), int(np.abs(np.log(TEMPERATURES)).argmin())
    as_read = list(again(float(TEMPERATURES[place])))
    sure, right = [one.confidence for one in as_read], [one.is_right for one in as_read]
    found = (promise(sure, right, rate) for rate in sorted({*RATES, *rates}))
    calibration = Calibration(
        format=FORMAT,
        weights_sha256=weights_sha256,
        temperature=float(TEMPERATURES[place]),
        crops=len(as_read),
        wrong=len(as_read) - sum(right),
        calibration_error=calibration_error(reliability(sure, right)),
        promises=tuple(one for one in found if one is not None),
    )
    half = np.argsort(sure)[len(right) // 2 :].tolist()
    before = calibration_error(reliability(np.exp(log_confidences[:, plain]).tolist(), correct.tolist()))
    return Measured(calibration, before, held_out_error(log_confidences, correct), len(half), sum(not right[place] for place in half))


def keep(calibration: Calibration, folder: Path) -> None:
    """Put it beside a model's weights.

    Raises:
        DiskError: the folder cannot be written.
    """
    write_whole({folder / CALIBRATION_NAME: serialised(calibration)})


def copy_with(calibration: Calibration, model: Path, target: Path) -> None:
    """A copy of a model with this calibration, in a folder that appears whole or not at all.

    Raises:
        DiskError: it cannot be written.
    """
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.mkdir()
        for file in contents(model):
            shutil.copyfile(model / file.name, partial / file.name)
        keep(calibration, partial)
        partial.rename(target)
    except OSError as error:
        raise DiskError(f"{target} cannot be written: {error.strerror}. Free some space or name another place.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
