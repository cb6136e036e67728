"""The runs of `glyph_loss` side by side: means over seeds, and what the full loss gains over each other arm."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

ARMS = ("full", "no-glyph", "plain")
RESAMPLES = 10_000
SEED = 0


@dataclass(frozen=True)
class Outcome:
    """Part B with one set of weights: which crops were read right (`folded` to A-Z0-9, if the truth holds some), CER, mean `loss` a character."""

    exact: Sequence[bool]
    folded: Sequence[bool]
    character_error_rate: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run: its settings, the time of its steps, a hash of the crops that it was shown, and part B before and after."""

    set: str
    arm: str
    seed: int
    steps: int
    batch: int
    rate: float
    precision: str
    start_sha256: str
    parameters: int
    seconds: float
    processor_seconds: float
    skipped: int
    shown_sha256: str
    before: Outcome
    after: Outcome

    @property
    def conditions(self) -> tuple[object, ...]:
        """What has to be the same for runs to be compared."""
        return self.steps, self.batch, self.rate, self.precision, self.start_sha256, len(self.after.exact)


@dataclass(frozen=True)
class Difference:
    """Mean difference of word accuracies, and where it lies with 95 %."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f} ({100 * self.low:+.1f} to {100 * self.high:+.1f})"


def paired_over_seeds(first: Sequence[Sequence[bool]], second: Sequence[Sequence[bool]]) -> Difference:
    """`second` less `first`, each [seeds][crops] of the same seeds and crops; crops and seeds are drawn again, each apart (percentiles)."""
    each = np.array(second, dtype=np.float64) - np.array(first, dtype=np.float64)
    rng = np.random.default_rng(SEED)
    seeds, crops = (rng.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count for count in each.shape)
    drawn: npt.NDArray[np.float64] = ((seeds @ each) * crops).sum(1)
    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    return Difference(float(each.mean()), low, high)


def table(results: Sequence[Result]) -> str:
    """Markdown, one table for each set.

    Raises:
        SystemExit: there is no run, or runs of one set were made under different conditions.
    """
    if not results:
        raise SystemExit("No run lies there: make some with `glyph_loss.py run`.")
    return "\n\n".join(_of_set([result for result in results if result.set == name]) for name in sorted({result.set for result in results}))


def _of_set(results: Sequence[Result]) -> str:
    one = results[0]
    if len({result.conditions for result in results}) > 1:
        raise SystemExit(f"The runs of {one.set} differ in steps, batch, rate, precision, start or crops: keep those of one kind.")
    if len({(result.seed, result.shown_sha256) for result in results}) > len({result.seed for result in results}):
        raise SystemExit(f"The arms of {one.set} were shown other crops under the same seed: run them with one version of the program.")
    count, letters = len(one.after.exact), len(one.after.folded)
    lines = [
        f"`{one.set}`: {count} crops of part B ({letters} with letters or digits); {one.steps} steps of {one.batch}, rate {one.rate:g}, "
        f"{one.precision}; mean over seeds (lowest to highest); differences in points with 95 % intervals over crops and seeds.",
        "",
        "| arm | seeds | exact before | exact | folded | CER | loss | full minus arm, exact | full minus arm, folded | seconds (processor) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_arm = {arm: {result.seed: result for result in results if result.arm == arm} for arm in ARMS}
    lines += [_row(arm, runs, by_arm["full"]) for arm, runs in by_arm.items() if runs]
    return "\n".join(lines)


def _row(arm: str, runs: dict[int, Result], full: dict[int, Result]) -> str:
    ends = [runs[seed].after for seed in sorted(runs)]
    cells = [
        arm,
        ", ".join(map(str, sorted(runs))),
        f"{100 * fmean(fmean(run.before.exact) for run in runs.values()):.1f}",
        _spread([100 * fmean(end.exact) for end in ends], 1),
        _spread([100 * fmean(end.folded) for end in ends], 1),
        _spread([100 * end.character_error_rate for end in ends], 2),
        _spread([end.loss for end in ends], 4),
        *_gains(arm, runs, full),
        f"{fmean(run.seconds for run in runs.values()):.0f} ({fmean(run.processor_seconds for run in runs.values()):.0f})",
    ]
    return f"| {' | '.join(cells)} |"


def _gains(arm: str, runs: dict[int, Result], full: dict[int, Result]) -> tuple[str, str]:
    """What the full loss reads more, over the seeds that both arms have."""
    both = sorted(runs.keys() & full.keys())
    if arm == "full" or not both:
        return "-", "-"
    exact = paired_over_seeds([runs[seed].after.exact for seed in both], [full[seed].after.exact for seed in both])
    folded = paired_over_seeds([runs[seed].after.folded for seed in both], [full[seed].after.folded for seed in both])
    return str(exact), str(folded)


def _spread(values: Sequence[float], places: int) -> str:
    return f"{fmean(values):.{places}f} ({min(values):.{places}f} to {max(values):.{places}f})"
