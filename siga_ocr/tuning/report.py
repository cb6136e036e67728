"""A fine-tuning as one HTML page that needs nothing beside it: the verdict, scores before and after, and plots of every loss part."""

import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siga_ocr.tuning.checks import Look
from siga_ocr.tuning.folder import Facts
from siga_ocr.tuning.verdict import BeforeAfter, Marks, Verdict, points
from siga_ocr.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPORT, METRICS = "report.html", "metrics.jsonl"
SMOOTHED = 50
"""Points of a curve at most; each is a mean over as many steps."""

_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid #ccc; padding: .3rem .8rem .3rem 0; text-align: left; }
svg { max-width: 100%; height: auto; } .verdict { font-size: 1.2rem; } code { background: #f2f2f2; padding: 0 .2rem; }"""


@dataclass(frozen=True)
class Told:
    """What a report tells; the weights of the look after `kept_at` steps were kept."""

    facts: Facts
    looks: tuple[Look, ...]
    kept_at: int
    validation: BeforeAfter
    rest: BeforeAfter
    verdict: Verdict


def write_report(folder: Path, told: Told) -> Path:
    """Write the page of a run, from what it has measured and from its `metrics.jsonl`.

    Raises:
        DiskError: it cannot be written.
    """
    path = folder / REPORT
    write_whole({path: page(told, _metrics(folder / METRICS)).encode(errors="replace")})
    return path


def page(told: Told, steps: Sequence[dict[str, Any]]) -> str:
    """The HTML; `steps` are the lines of `metrics.jsonl`."""
    facts, plan = told.facts, told.facts.plan
    rows = "".join(_row(name, both) for name, both in (("validation crops", told.validation), ("base set (other codes)", told.rest)))
    dropped = ", ".join(f"{count} {reason}" for reason, count in facts.prepared.dropped) or "none"
    return "\n".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Fine-tuning of {_text(facts.name)}</title><style>{_STYLE}</style>',
            f"<h1>Fine-tuning of {_text(facts.name)}</h1>",
            f'<p class="verdict"><strong>{_text(told.verdict.outcome.value)}</strong>: {_text(told.verdict.reason)}</p>',
            "<table><tr><th>set<th>crops<th>right before<th>right after<th>difference</tr>" + rows + "</table>",
            "<p>Shares of crops that are read without a fault, with 95 % intervals. The validation crops chose among the weights; measure on other "
            "crops with <code>siga-ocr evaluate</code>.</p>",
            f"<p>{facts.prepared.train} crops to learn from with {facts.prepared.texts} texts; dropped rows: {_text(dropped)} "
            "(<code>dropped.csv</code>).</p>",
            f"<p>At most {plan.steps} steps of {plan.batch} crops, rate {plan.rate:g}; the weights after step {told.kept_at} were kept.</p>",
            "<h2>Validation crops</h2>",
            _accuracy_plot(told),
            "<h2>Every part of the loss</h2>",
            _loss_plots(steps),
            "</html>",
        ]
    )


def _row(name: str, both: BeforeAfter) -> str:
    return f"<tr><td>{name}<td>{len(both.before.correct)}<td>{_share(both.before)}<td>{_share(both.after)}<td>{points(both.comparison)}</tr>"


def _share(found: Marks) -> str:
    low, high = found.bounds
    return f"{100 * found.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _accuracy_plot(told: Told) -> str:
    steps = [0, *(look.step for look in told.looks)]
    shares = [100 * told.validation.before.accuracy, *(100 * look.accuracy for look in told.looks)]

    def draw(axes: "Axes") -> None:
        axes.plot(steps, shares, marker="o", markersize=3)
        axes.axvline(told.kept_at, color="grey", linestyle=":")
        axes.set_title("crops read right, per cent (dotted: the weights that were kept)")

    return _svg([draw], columns=1)


def _loss_plots(steps: Sequence[dict[str, Any]]) -> str:
    """One small plot for the whole loss and for each part, means over stretches of steps."""
    names = list(dict.fromkeys(name for step in steps for name in step.get("parts", {})))
    curves = {"loss": [(step["step"], _number(step["loss"])) for step in steps]}
    curves |= {name: [(step["step"], _number(step["parts"][name])) for step in steps if name in step["parts"]] for name in names}

    def drawing(name: str, curve: list[tuple[int, float]]) -> Any:
        def draw(axes: "Axes") -> None:
            width = max(1, -(-len(curve) // SMOOTHED))
            stretches = [curve[begin : begin + width] for begin in range(0, len(curve), width)]
            axes.plot([stretch[-1][0] for stretch in stretches], [sum(value for _, value in stretch) / len(stretch) for stretch in stretches])
            axes.set_title(name.replace("_", " "))

        return draw

    return _svg([drawing(name, curve) for name, curve in curves.items() if curve], columns=3)


def _svg(drawings: Sequence[Any], columns: int) -> str:
    """Plots side by side as one inline SVG; nothing where there is nothing to draw."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    if not drawings:
        return ""
    rows = -(-len(drawings) // columns)
    figure = Figure(figsize=(10, 2.4 * rows if columns > 1 else 3), layout="constrained")
    FigureCanvasSVG(figure)
    for place, draw in enumerate(drawings, start=1):
        axes = figure.add_subplot(rows, columns, place)
        draw(axes)
        axes.title.set_fontsize(9)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("step", fontsize=8)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    content = stream.getvalue()
    return content[content.index("<svg") :]


def _metrics(path: Path) -> list[dict[str, Any]]:
    """The steps of a run; the end of a line that a killed run left is no step."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [step for step in found if "parts" in step]


def _number(value: object) -> float:
    return float(str(value))


def _text(value: str) -> str:
    return html.escape(value)
