"""What `data check` shows: findings and doubts as a table, as JSON, or as CSV, and a summary in words."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from siga_ocr.data.doubt import Doubt
from siga_ocr.data.label_check import MENDED, Report
from siga_ocr.data.label_rows import Row
from siga_ocr.writers import Sink, printable

COLUMNS = ("line", "file", "text", "finding", "detail", "suggestion")


@dataclass(frozen=True)
class Shown:
    """What is shown: the report, the labels that the model doubts, and the model's name (empty where none was asked)."""

    report: Report
    doubts: Sequence[Doubt]
    model: str


def write(shown: Shown, form: str, sink: Sink) -> None:
    """Write everything that was found as `table`, `json` or `csv`."""
    if form == "json":
        sink.write(json.dumps(_object(shown), indent=1, ensure_ascii=True) + "\n")
    elif form == "csv":
        csv.writer(sink, lineterminator="\n").writerows([COLUMNS, *_records(shown)])
    else:
        _write_aligned([tuple(printable(cell) for cell in record) for record in _records(shown)], sink)
    sink.flush()


def summary(report: Report) -> str:
    """How many rows are clean, mended and dropped, and how often each kind was found."""
    dropped = len(report.dropped)
    if not report.findings:
        return f"{report.row_count} rows, nothing found."
    mended = len({finding.row for finding in report.findings if finding.kind in MENDED} - {row for row, _ in report.dropped})
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.counts.most_common())
    return f"{report.row_count} rows: {report.row_count - dropped - mended} clean, {mended} can be mended, {dropped} cannot be used ({kinds})."


def _records(shown: Shown) -> Iterator[tuple[str, ...]]:
    for finding in shown.report.findings:
        yield _record(finding.row, finding.kind, finding.detail, finding.suggestion)
    for doubt in shown.doubts:
        yield _record(doubt.row, "upside down" if doubt.is_upside_down else "doubt", _detail(doubt), doubt.read)


def _detail(doubt: Doubt) -> str:
    turned = "turned by 180 degrees, " if doubt.is_upside_down else ""
    return f"{turned}the model reads {doubt.read!r} ({doubt.confidence:.2f})"


def _record(row: Row, kind: str, detail: str, suggestion: str) -> tuple[str, ...]:
    return str(row.line), row.file, row.text, kind, detail, suggestion


def _write_aligned(records: list[tuple[str, ...]], sink: Sink) -> None:
    if not records:
        return
    table = [COLUMNS, *records]
    widths = [min(max(len(record[column]) for record in table), 40) for column in range(len(COLUMNS) - 1)]
    for record in table:
        cells = [cell.ljust(width) for cell, width in zip(record, widths, strict=False)]
        sink.write("  ".join([*cells, record[-1]]).rstrip() + "\n")


def _object(shown: Shown) -> dict[str, object]:
    report = shown.report
    return {
        "rows": report.row_count,
        "kept": len(report.kept),
        "counts": {kind.value: count for kind, count in report.counts.items()},
        "findings": [
            dict(zip(COLUMNS, (f.row.line, f.row.file, f.row.text, f.kind.value, f.detail, f.suggestion), strict=True)) for f in report.findings
        ],
        "model": shown.model or None,
        "doubts": [_doubt(doubt) for doubt in shown.doubts],
    }


def _doubt(doubt: Doubt) -> dict[str, object]:
    return {
        "line": doubt.row.line,
        "file": doubt.row.file,
        "text": doubt.row.text,
        "upside_down": doubt.is_upside_down,
        "reading": doubt.read,
        "confidence": doubt.confidence,
        "doubt": doubt.score,
    }
