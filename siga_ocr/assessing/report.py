"""An assessment as one HTML page that needs nothing beside itself; names and texts are foreign data and are escaped."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape

from siga_ocr.assessing.assessment import Assessment, Confusion, SetScores
from siga_ocr.assessing.charts import Axes, Bar, bars, curves
from siga_ocr.assessing.pictures import CONFUSIONS, EXAMPLES, Pictures
from siga_ocr.assessing.record import thinned
from siga_ocr.assessing.style import STYLE
from siga_ocr.scores.binomial import wilson
from siga_ocr.scores.comparison import Comparison
from siga_ocr.scores.confidence import coverage_at
from siga_ocr.scores.metrics import faults

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
POINTS = 150
MOST_FILES = 200


def page(found: Assessment, pictures: Pictures, second: Assessment | None = None, comparison: Comparison | None = None) -> bytes:
    """UTF-8 HTML of the first model's assessment, with the second one beside it where there is one."""
    name, shown = found.provenance.model, [one for one in (found, second) if one is not None]
    sections = [
        f'<h1>{_safe(name)}</h1><p class="dim mono">weights {_safe(found.provenance.weights_sha256[:16])}, {_safe(found.provenance.engine)}, '
        f"siga-ocr {_safe(found.provenance.tool_version)}</p>",
        _tiles(found),
        _sets(shown),
        _compared(shown, comparison) if comparison else "",
        f'<h2>Confidence and length</h2><div class="charts">{"".join(_charts(shown))}</div>',
        _confusions(found, pictures),
        _runs(found),
        _worst(found, pictures),
        _unreadable(found),
    ]
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{_safe(name)}: evaluation</title>'
    html = f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>{"".join(sections)}</body></html>\n'
    return html.encode("utf-8", "replace")


def _tiles(found: Assessment) -> str:
    low, high = wilson(found.exact.word_accuracy, found.exact.count)
    point = coverage_at(found.risk, 0.01)
    tiles = [
        (_percent(found.exact.word_accuracy), f"words right of {found.exact.count}; {_percent(low)} to {_percent(high)} with 95 %"),
        (_percent(found.folded.word_accuracy) if found.folded else "-", "words right, A-Z and 0-9 alone, case aside"),
        (_percent(found.exact.character_error_rate, 2), "character errors (CER)"),
        (_percent(found.exact.similarity), "likeness (1-NED)"),
        (_percent(found.calibration_error) if found.reliability else "-", "calibration error (ECE)"),
        (_percent(point.coverage) if point else "0 %", "of the crops can be accepted at 1 % wrong, on this set"),
    ]
    return f'<div class="tiles">{"".join(f"<div class=tile><b>{value}</b><span>{text}</span></div>" for value, text in tiles)}</div>'


def _sets(shown: Sequence[Assessment]) -> str:
    """The sets that were joined, each by itself: words right, and of A-Z and 0-9 alone behind a stroke."""
    if not shown[0].sets:
        return ""
    heads = "".join(f"<th>{_safe(one.provenance.model)}</th>" for one in shown)
    rows = "".join(
        f'<tr><td class="mono">{_safe(alike[0].name)}</td><td class=number>{alike[0].exact.count}</td>'
        + "".join(f"<td class=number>{_set_accuracy(one)}</td>" for one in alike)
        + "</tr>"
        for alike in zip(*(one.sets for one in shown), strict=True)
    )
    lead = "Words right, and, behind the stroke, those of A-Z and 0-9 alone, case aside."
    return f"<h2>Each set by itself</h2><p>{lead}</p><table><tr><th>set</th><th>crops</th>{heads}</tr>{rows}</table>"


def _set_accuracy(one: SetScores) -> str:
    return _percent(one.exact.word_accuracy) + (f" | {_percent(one.folded.word_accuracy)}" if one.folded else "")


def _compared(shown: Sequence[Assessment], comparison: Comparison) -> str:
    rows = [
        ("words right", [_percent(one.exact.word_accuracy) for one in shown]),
        ("CER", [_percent(one.exact.character_error_rate, 2) for one in shown]),
    ]
    rows.append(("calibration error", [_percent(one.calibration_error) for one in shown]))
    heads = "".join(f"<th>{_safe(one.provenance.model)}</th>" for one in shown)
    body = "".join(f"<tr><th>{name}</th>{''.join(f'<td class=number>{cell}</td>' for cell in cells)}</tr>" for name, cells in rows)
    verdict = "The difference is clear." if comparison.is_clear else "This is no clear difference."
    gap, low, high = (f"{100 * part:+.1f}" for part in (comparison.difference, comparison.low, comparison.high))
    told = f"The second reads {gap} points more words right ({low} to {high} with 95 %, paired bootstrap)"
    crops = f"{comparison.gained} crops gained, {comparison.lost} lost"
    return f"<h2>Two models on the same crops</h2><table><tr><th></th>{heads}</tr>{body}</table><p>{told}: {crops}. {verdict}</p>"


def _charts(shown: Sequence[Assessment]) -> Iterator[str]:
    lines = [(one.provenance.model, [(point.coverage, point.risk) for point in thinned(one.risk, POINTS)]) for one in shown]
    top = max([risk for _, points in lines for _, risk in points] or [0.0])
    yield _figure(
        curves(Axes("accepted, %", "wrong among them, %", max(top * 1.05, 0.01)), lines), "Accepting the surest readings first: risk and coverage"
    )
    sure = [(one.provenance.model, [(part.confidence, part.accuracy) for part in one.reliability]) for one in shown]
    yield _figure(
        curves(Axes("confidence, %", "right, %"), sure, diagonal=True), "What confidence is worth; on the broken line it means what it says"
    )
    lengths = shown[0].lengths.items()
    found = [Bar(str(length), right / crops, f"{length} characters: {right} of {crops} right") for length, (crops, right) in lengths]
    yield _figure(bars(Axes("characters in the text", "words right, %"), found), "Words right by length")
    share = [Bar(str(length), crops / shown[0].exact.count, f"{length} characters: {crops} crops") for length, (crops, _) in lengths]
    yield _figure(bars(Axes("characters in the text", "of the crops, %"), share), "How long the texts are")


def _confusions(found: Assessment, pictures: Pictures) -> str:
    if not found.confusions:
        return "<h2>Mistaken characters</h2><p>None.</p>"
    rows = "".join(_confusion(found, one, pictures) for one in found.confusions[:CONFUSIONS])
    return f"<h2>Mistaken characters</h2><table><tr><th>is</th><th>read as</th><th>times</th><th>crops</th></tr>{rows}</table>"


def _confusion(found: Assessment, one: Confusion, pictures: Pictures) -> str:
    shown = "".join(_image(pictures.crops[place], _told(found, place)) for place in one.places[:EXAMPLES] if place in pictures.crops)
    cells = "".join(f"<td><code>{_safe(text) or '<i>nothing</i>'}</code></td>" for text in (one.expected, one.read))
    return f"<tr>{cells}<td class=number>{one.count}</td><td>{shown}</td></tr>"


def _runs(found: Assessment) -> str:
    counts = found.repeats
    text = (
        f"The texts hold {counts.pairs} pairs of equal neighbours. {counts.lost} characters of such runs were lost, {counts.doubled} were read twice."
    )
    return f"<h2>Repeated characters</h2><p>{text}</p>"


def _worst(found: Assessment, pictures: Pictures) -> str:
    shown = "".join(_figure(_image(png, _told(found, place)), _caption(found, place), "crop") for place, png in pictures.overlays.items())
    if not shown:
        return ""
    lead = f"The {len(pictures.overlays)} of {len(found.wrong)} misread crops that the model was most sure of: the crop, the text area, "
    lead += "where each character was seen, and the reading with its confidences in per cent."
    return f"<h2>Sure and wrong</h2><p>{lead}</p>{shown}"


def _caption(found: Assessment, place: int) -> str:
    sample, reading = found.samples[place], found.readings[place]
    wrong = {fault.text_place for fault in faults(reading.text, sample.text) if fault.read}
    text = "".join(f"<mark>{_safe(c)}</mark>" if number in wrong else _safe(c) for number, c in enumerate(reading.text))
    file = f'<span class="mono">{_safe(str(sample.path))}</span>'
    return (
        f"label <code>{_safe(sample.text) or '(nothing)'}</code>, read <code>{text or '(nothing)'}</code> at {_percent(reading.confidence)}; {file}"
    )


def _unreadable(found: Assessment) -> str:
    if not found.unreadable:
        return ""
    shown = found.unreadable[:MOST_FILES]
    rows = "".join(f'<tr><td class="mono">{_safe(str(found.samples[p].path))}</td><td>{_safe(found.readings[p].error)}</td></tr>' for p in shown)
    return f"<h2>Could not be opened</h2><p>{len(found.unreadable)} crops, counted as wrong.</p><table>{rows}</table>"


def _told(found: Assessment, place: int) -> str:
    return f"{found.samples[place].text} read as {found.readings[place].text}: {found.samples[place].path}"


def _figure(content: str, caption: str, kind: str = "chart") -> str:
    return f'<figure class="{kind}">{content}<figcaption>{caption}</figcaption></figure>'


def _image(png: bytes, text: str) -> str:
    return f'<img src="data:image/png;base64,{b64encode(png).decode()}" alt="{_safe(text)}" title="{_safe(text)}">'


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _safe(text: str) -> str:
    """Escaped, and without control characters."""
    return escape("".join(c if c.isprintable() else "�" for c in text))
