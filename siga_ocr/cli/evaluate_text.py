"""What `evaluate` shows on stdout: one assessment, or two side by side, as plain lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from siga_ocr.assessing.assessment import Assessment
from siga_ocr.scores.binomial import wilson
from siga_ocr.scores.comparison import Comparison
from siga_ocr.scores.confidence import coverage_at
from siga_ocr.scores.metrics import Scores

RISKS = (0.001, 0.01)
MOST_CONFUSIONS = 10
MOST_FILES = 10


def lines(first: Assessment, second: Assessment | None, comparison: Comparison | None) -> Iterator[str]:
    """A table of scores, a column a model; then each of several sets, what the first model mistakes, and what could not be opened."""
    found = [one for one in (first, second) if one is not None]
    columns = [_column(one) for one in found]
    for cells in zip(_NAMES, *columns, strict=True):
        yield f"{cells[0]:34}" + "".join(f"{cell:>26}" for cell in cells[1:])
    yield from _sets(found)
    if comparison is not None:
        yield from _compared(comparison)
    yield from _mistaken(first)
    for place in first.unreadable[:MOST_FILES]:
        yield f"could not be opened: {first.samples[place].path}: {first.readings[place].error}"
    if len(first.unreadable) > MOST_FILES:
        yield f"... and {len(first.unreadable) - MOST_FILES} more that could not be opened"


_NAMES = (
    "",
    "crops",
    "words right, % (95 %)",
    "words right, A-Z 0-9 alone, %",
    "character errors (CER), %",
    "1-NED, %",
    "calibration error (ECE), %",
    *(f"coverage at {100 * risk:g} % wrong, %" for risk in RISKS),
    "characters lost / doubled in runs",
    "could not be opened",
)


def _column(found: Assessment) -> list[str]:
    points = [coverage_at(found.risk, risk) for risk in RISKS]
    return [
        found.provenance.model,
        str(found.exact.count),
        interval(found.exact),
        f"{100 * found.folded.word_accuracy:.1f}" if found.folded else "-",
        f"{100 * found.exact.character_error_rate:.2f}",
        f"{100 * found.exact.similarity:.2f}",
        f"{100 * found.calibration_error:.1f}" if found.reliability else "-",
        *(f"{100 * point.coverage:.1f} (from {point.threshold:.4f})" if point else "0.0" for point in points),
        f"{found.repeats.lost} / {found.repeats.doubled} of {found.repeats.pairs} pairs",
        str(len(found.unreadable)),
    ]


def _sets(found: Sequence[Assessment]) -> Iterator[str]:
    """Words right of each set by itself, and of A-Z and 0-9 alone behind a stroke; a column a model."""
    names = [Path(one.name).name for one in found[0].sets]
    for place, alike in enumerate(zip(*(one.sets for one in found), strict=True)):
        name = names[place] if names.count(names[place]) == 1 else alike[0].name
        cells = [f"{interval(one.exact)} | {100 * one.folded.word_accuracy:.1f}" if one.folded else interval(one.exact) for one in alike]
        yield f"{name} ({alike[0].exact.count})".ljust(34) + "".join(f"{cell:>26}" for cell in cells)


def interval(scores: Scores) -> str:
    """Word accuracy in per cent with Wilson's interval."""
    low, high = wilson(scores.word_accuracy, scores.count)
    return f"{100 * scores.word_accuracy:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def difference(found: Comparison) -> str:
    """The comparison in one sentence."""
    verdict = "a clear difference" if found.is_clear else "no clear difference"
    return (
        f"{100 * found.difference:+.1f} points of words right ({100 * found.low:+.1f} to {100 * found.high:+.1f}, 95 %, paired bootstrap): "
        f"{verdict}; {found.gained} crops gained, {found.lost} lost"
    )


def _compared(found: Comparison) -> Iterator[str]:
    yield f"the second model against the first: {difference(found)}"


def _mistaken(found: Assessment) -> Iterator[str]:
    if found.confusions:
        shown = (f"{one.expected or '(nothing)'} as {one.read or '(nothing)'} {one.count}" for one in found.confusions[:MOST_CONFUSIONS])
        yield f"most often mistaken: {', '.join(shown)}"
