"""The record of one reading as it is written down: which fields there are, what they mean, and their values."""

from dataclasses import dataclass

from siga_ocr.reading import CharReading, Found, Provenance, Reading

SCHEMA_VERSION = 1
"""Changes when a field is removed or changes its meaning, not when one is added."""

Value = str | int | float | list[dict[str, object]] | None


@dataclass(frozen=True)
class Field:
    """One field: its JSON type and its meaning as the documentation has them; only flat ones are columns of CSV and TSV."""

    name: str
    kind: str
    meaning: str
    flat: bool = True


FIELDS = (
    Field("file", "string", "the path as given, a folder's name joined with the image's; never made absolute"),
    Field("status", "string", "`ok`, `review` (a rule was not met, see `reason`) or `error` (could not be opened)"),
    Field("text", "string", "the reading; empty where nothing was read"),
    Field(
        "confidence",
        "number or null",
        "product of the confidences of all characters and of the end of the text, less where the crop may hold a second line, 0 to 1; null on error",
    ),
    Field("min_character_confidence", "number or null", "that of the weakest character; of the end where the text is empty; null on error"),
    Field("error", "string or null", "why the image could not be read, in one line"),
    Field("schema_version", "integer", "1; it changes when a field is removed or changes its meaning"),
    Field("characters", "list", "one object a character: `character`, `confidence`, `x0`, `x1`, `alternatives`", flat=False),
    Field("width", "integer or null", "width of the upright crop in pixels, after `--roi` and `--orientation`"),
    Field("height", "integer or null", "height of the upright crop in pixels, after `--roi` and `--orientation`"),
    Field("model", "string or null", "the model's name"),
    Field("model_revision", "string or null", "the model's revision"),
    Field("weights_sha256", "string or null", "SHA-256 of the weights that were used, hexadecimal"),
    Field("engine", "string or null", "what computed: `onnx` or `torch`"),
    Field("device", "string or null", "where it was computed: `cpu`, `cuda:0`, ...; what was used, not what was asked for"),
    Field("precision", "string or null", "the numbers that it was computed with, such as `float32`"),
    Field("tool_version", "string or null", "version of siga-ocr"),
    Field("read_at", "string or null", "when it was read: UTC, ISO 8601"),
    Field("elapsed_ms", "number", "milliseconds of work on this crop; its share where several were computed together"),
    Field("image_sha256", "string or null", "SHA-256 of the image file, hexadecimal; with `--trace`"),
    Field("raw_text", "string or null", "the reading without a code format, or before `--unknown`; null where neither was asked for"),
    Field(
        "constraint_cost",
        "number or null",
        "how many nats less likely `text` is than `raw_text`, 0 at least; null without a code format, or where none fits",
    ),
    Field(
        "orientation",
        "integer or null",
        "by how many degrees clockwise the picture, upright by EXIF, was turned to be read: 0, 90, 180 or 270; null on error",
    ),
    Field("n_best", "list or null", "the likeliest texts (`text`, `confidence`), the likeliest first; with `--n-best`", flat=False),
    Field("search", "string or null", "`exact`, or `lattice`: all texts were judged on the positions of the one reading of a network with feedback"),
    Field("margin", "number or null", "by how many nats the runner-up is less likely; with `--min-margin`; null where there is none"),
    Field("reason", "string or null", "why the status is `review`"),
)
"""In the order in which they are written; later ones are only ever appended."""

COLUMNS = tuple(field.name for field in FIELDS if field.flat)


def record(reading: Reading, provenance: Provenance) -> dict[str, Value]:
    """The values of `FIELDS`, None for what there is not."""
    opened = reading.status != "error"
    known: dict[str, Value] = {
        "file": reading.file,
        "status": reading.status,
        "text": reading.text,
        "confidence": round(reading.confidence, 6) if opened else None,
        "min_character_confidence": round(reading.min_character_confidence, 6) if opened else None,
        "error": reading.error or None,
        "schema_version": SCHEMA_VERSION,
        "characters": [_character(character) for character in reading.characters],
        "width": reading.width or None,
        "height": reading.height or None,
        "model": provenance.model or None,
        "model_revision": provenance.model_revision or None,
        "weights_sha256": provenance.weights_sha256 or None,
        "engine": provenance.engine or None,
        "device": provenance.device or None,
        "precision": provenance.precision or None,
        "tool_version": provenance.tool_version or None,
        "read_at": reading.read_at or None,
        "elapsed_ms": round(reading.elapsed_ms, 3),
        "image_sha256": reading.image_sha256 or None,
    }
    known |= {"raw_text": reading.raw_text, "reason": reading.reason or None, "orientation": reading.orientation if opened else None} | _found(
        reading.found
    )
    return {field.name: known.get(field.name) for field in FIELDS}


def _found(found: Found | None) -> dict[str, Value]:
    """What a search adds, nothing where there was none."""
    if found is None:
        return {}
    return {
        "constraint_cost": _rounded(found.constraint_cost),
        "n_best": None if found.n_best is None else [{"text": one.text, "confidence": round(one.confidence, 6)} for one in found.n_best],
        "search": found.search,
        "margin": _rounded(found.margin),
    }


def _rounded(nats: float | None) -> float | None:
    return None if nats is None else round(nats, 4)


def _character(character: CharReading) -> dict[str, object]:
    return {
        "character": character.character,
        "confidence": round(character.confidence, 6),
        "x0": round(character.x0, 2),
        "x1": round(character.x1, 2),
        "alternatives": [{"character": other.character, "confidence": round(other.confidence, 6)} for other in character.alternatives],
    }
