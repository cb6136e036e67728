"""The record of one verification as it is written down, in the formats that readings have."""

import json

from siga_ocr.reading import Provenance, Reading
from siga_ocr.verify import Verification
from siga_ocr.writers import Format, Sink, csv_line, printable, put, tsv_line

Record = dict[str, object]

NESTED = "differences"
"""The one field that is no column of CSV and TSV; `positions` stands for it there."""


def verification_record(reading: Reading, expected: str, found: Verification | None, provenance: Provenance) -> Record:
    """All fields in their order; without a verification the image could not be opened."""
    return {
        "file": reading.file,
        "outcome": found.outcome if found else "error",
        "expected": expected,
        "text": reading.text,
        "confidence": round(reading.confidence, 6) if found else None,
        "margin": round(found.margin, 4) if found else None,
        "other": found.other if found else None,
        "positions": " ".join(str(one.position) for one in found.differences) if found else "",
        NESTED: [{"position": one.position, "expected": one.expected, "other": one.other} for one in found.differences] if found else [],
        "error": reading.error or None,
        "orientation": reading.orientation if found else None,
        "model": provenance.model or None,
        "model_revision": provenance.model_revision or None,
        "weights_sha256": provenance.weights_sha256 or None,
        "tool_version": provenance.tool_version or None,
        "read_at": reading.read_at or None,
        "image_sha256": reading.image_sha256 or None,
    }


class VerificationWriter:
    """Writes one record after the other; CSV and TSV have a header before the first."""

    def __init__(self, form: Format, sink: Sink) -> None:
        self._form = form
        self._sink = sink
        self._is_headed = False

    def write(self, record: Record) -> None:
        """Write one record and let it be seen.

        Raises:
            DiskError: the sink takes no more.
        """
        put(self._sink, self._line(record))
        self._is_headed = True

    def _line(self, record: Record) -> str:
        if self._form is Format.JSONL:
            return json.dumps(record, ensure_ascii=True) + "\n"
        if self._form is Format.TEXT:
            return f"{record['outcome']}\n"
        if self._form is Format.TABLE:
            return _row(record)
        line = csv_line if self._form is Format.CSV else tsv_line
        columns = tuple(name for name in record if name != NESTED)
        header = "" if self._is_headed else line(columns)
        return header + line(tuple(record[name] for name in columns))


def _row(record: Record) -> str:
    """`file<TAB>outcome<TAB>expected<TAB>what else it says and by how much`, or the error."""
    last = f"error: {record['error']}" if record["error"] else f"{record['margin']} nats against {record['other']!r}"
    return "\t".join(printable(str(cell)) for cell in (record["file"], record["outcome"], record["expected"], last)) + "\n"
