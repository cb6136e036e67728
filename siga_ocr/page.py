"""Readings as one HTML page to look through, correct and label; it needs nothing beside itself, and names and texts in it are foreign data."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from siga_ocr.reading import CharReading, Provenance, Reading
from siga_ocr.visualize import Evidence, Floats, Pixels
from siga_ocr.writers import Sink

TEMPLATES = Path(__file__).parent / "templates"
ROWS = "<!-- rows -->"
LARGEST = (480, 96)
"""Width and height in pixels of a thumbnail."""


class Page:
    """Writes a page crop by crop, so that memory does not grow with it; without `finish` it is no whole page."""

    def __init__(self, sink: Sink, provenance: Provenance) -> None:
        self._sink = sink
        head, self._tail = _frame(provenance).split(ROWS)
        self._before = head

    def add(self, reading: Reading, evidence: Evidence | None) -> None:
        """One crop more; without evidence it has no picture."""
        row = _row(reading) | (_seen(evidence) if evidence else {})
        text = json.dumps(row, ensure_ascii=True, separators=(",", ":"))
        self._sink.write(self._before + text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
        self._before = ",\n"

    def finish(self) -> None:
        """Write what comes after the last crop."""
        self._sink.write(("" if self._before == ",\n" else self._before) + self._tail)


def _frame(provenance: Provenance) -> str:
    """All of the page but its rows."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    script = (TEMPLATES / "read.js").read_text(encoding="utf-8")
    return environment.get_template("read.html").render(
        title=f"Readings of {provenance.model}",
        model=provenance.model,
        weights=provenance.weights_sha256[:16],
        engine=provenance.engine,
        device=provenance.device,
        version=provenance.tool_version,
        made=datetime.now(UTC).isoformat(sep=" ", timespec="minutes"),
        style=(TEMPLATES / "read.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _row(reading: Reading) -> dict[str, object]:
    """What the page's script knows of a reading; `path` is absolute, so that a table of labels holds wherever it is put on this machine."""
    return {
        "file": reading.file,
        "path": str(Path(reading.file).absolute()),
        "read": reading.read_at,
        "status": reading.status,
        "text": "".join(one.character for one in reading.characters) or reading.text,  # not what stands for unsure ones: it becomes a label
        "confidence": round(reading.confidence, 4),
        "weakest": round(reading.min_character_confidence, 4),
        "error": reading.error,
        "turned": reading.orientation,
        "characters": [[one.character, round(one.confidence, 4), _others(one)] for one in reading.characters],
    }


def _others(one: CharReading) -> str:
    return ", ".join(f"{other.character} {100 * other.confidence:.1f} %" for other in one.alternatives)


def _seen(evidence: Evidence) -> dict[str, object]:
    """The thumbnail, and each character's glyph attention in 0..255 of its peak; `grid` is rows, columns and how many columns are the crop's."""
    own = evidence.own_width * evidence.glyph_attention.shape[2] / evidence.foreground.shape[1]
    columns = max(1, min(int(np.ceil(own)), evidence.glyph_attention.shape[2]))
    planes = _halved(evidence.glyph_attention[:, :, :columns])
    peaks = planes.max(axis=(1, 2), keepdims=True, initial=1e-12)
    picture, size = _thumbnail(evidence.crop)
    return {
        "picture": picture,
        "size": size,
        "seen": b64encode(np.round(255 * planes / peaks).astype(np.uint8).tobytes()).decode(),
        "grid": [planes.shape[1], planes.shape[2], round(own / 2, 3)],
    }


def _halved(planes: Floats) -> Floats:
    """Maps [T, h, w] at half their height and width: enough to point at a glyph, and a quarter of the bytes."""
    count, height, width = planes.shape
    even = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)))
    halved: Floats = even.reshape(count, (height + 1) // 2, 2, (width + 1) // 2, 2).mean(axis=(2, 4))
    return halved


def _thumbnail(crop: Pixels) -> tuple[str, tuple[int, int]]:
    image, stream = Image.fromarray(crop), BytesIO()
    scale = min(LARGEST[0] / image.width, LARGEST[1] / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))  # as it is shown; small crops are not stored larger than they are
    if scale < 1:
        image = image.resize(size, Image.Resampling.LANCZOS)
    image.save(stream, "WEBP", quality=70)
    return b64encode(stream.getvalue()).decode(), size
