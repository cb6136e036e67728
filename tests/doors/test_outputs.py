"""The door outwards: what a crop, a file's name or a model says reaches pages, tables and terminals as text and nothing else."""

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import strategies as st

from siga_ocr.cli import console
from siga_ocr.page import Page
from siga_ocr.reading import Alternative, CharReading, Provenance, Reading
from siga_ocr.record import COLUMNS
from siga_ocr.resume import scan
from siga_ocr.writers import Format, make_writer
from tests.doors.trial import try_door

EVIL = (
    *("=cmd|' /C calc'!A1", "@SUM(1+1)", "+1-1", "-2", "<script>alert(1)</script>", "</script><!--", "<!--<script>", "&lt;", '"', "'", "{{ 7 * 7 }}"),
    *(
        "]]>",
        "\u2028",
        "\x1b]0;title\x07",
        "\x9b2J",
        "\u202e",
        "\udcff",
        "a\rb",
        "a\nb",
        "a\tb",
        "\\",
        "javascript:x",
        "<img src=x onerror=x>",
        ",",
        "",
    ),
)
TEXTS = st.one_of(
    st.sampled_from(EVIL), st.lists(st.sampled_from(EVIL), max_size=3).map("".join), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)
READINGS = st.builds(
    lambda file, text, error: Reading(file, "error" if error else "ok", text, 0.5, _characters(text), error=error, read_at="now"), TEXTS, TEXTS, TEXTS
)


def _characters(text: str) -> tuple[CharReading, ...]:
    return tuple(CharReading(c, 0.5, 0, 1, (Alternative(c, 0.25),)) for c in text)


class Gathered:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


class Tags(HTMLParser):
    """The tags of a page, and what stands between those of its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def page_of(reading: Reading | None, model: str) -> tuple[str, Tags]:
    sink = Gathered()
    page = Page(sink, Provenance(model=model, weights_sha256="0" * 64, engine="onnx", device="cpu"))
    if reading is not None:
        page.add(reading, None)
    page.finish()
    found = Tags()
    found.feed(sink.text)
    return sink.text, found


def test_the_page_has_the_same_tags_whatever_was_read() -> None:
    _, plain = page_of(None, "m")

    def holds(one: tuple[Reading, str]) -> None:
        text, found = page_of(*one)
        assert (found.tags, found.attributes) == (plain.tags, plain.attributes)
        content = text.split('<script type="application/json" id="rows">')[1].split("</script>")[0]
        rows = json.loads(content)
        assert [(row["file"], row["text"], row["error"]) for row in rows] == [(one[0].file, one[0].text, one[0].error)]
        text.encode("utf-8", "surrogateescape")

    try_door(st.tuples(READINGS, TEXTS), holds, 100, [(Reading(evil, "ok", evil, 0.5), evil) for evil in EVIL])


@pytest.mark.parametrize("form", [Format.CSV, Format.TSV, Format.JSONL])
def test_records_give_back_what_was_read_letter_for_letter(form: Format, tmp_path: Path) -> None:
    def holds(reading: Reading) -> None:
        sink = Gathered()
        make_writer(form, sink, Provenance(model="m")).write(reading)
        assert cells(form, sink.text) == (reading.file, reading.text)
        (tmp_path / "out").write_bytes(sink.text.encode("utf-8", "surrogateescape"))
        assert scan(tmp_path / "out", form).count == 1

    try_door(READINGS, holds, 80, [Reading(evil, "ok", evil, 0.5) for evil in EVIL])


def cells(form: Format, text: str) -> tuple[str, str]:
    """File and text of the one record, as another program reads them."""
    if form is Format.JSONL:
        record = json.loads(text)
        return record["file"], record["text"]
    if form is Format.CSV:
        _, row = csv.reader(io.StringIO(text, newline=""))
    else:
        escapes = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
        row = [_unescaped(cell, escapes) for cell in text.split("\n")[1].split("\t")]
    return row[COLUMNS.index("file")], row[COLUMNS.index("text")]


def _unescaped(cell: str, escapes: dict[str, str]) -> str:
    parts, place = list[str](), 0
    while place < len(cell):
        width = 2 if cell[place] == "\\" else 1
        part = cell[place : place + width]
        parts.append(escapes[part] if width == 2 else part)
        place += width
    return "".join(parts)


def test_a_table_for_people_is_one_line_a_record_without_control_characters() -> None:
    def holds(reading: Reading) -> None:
        sink = Gathered()
        make_writer(Format.TABLE, sink, Provenance()).write(reading)
        assert sink.text.count("\n") == 1
        assert sink.text.count("\t") == 2
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in sink.text.replace("\t", "").replace("\n", ""))

    try_door(READINGS, holds, 60, [Reading(evil, "ok", evil, 0.5) for evil in EVIL])


def test_what_is_said_on_stderr_moves_no_cursor(capfd: pytest.CaptureFixture[str]) -> None:
    def holds(text: str) -> None:
        console.fail(text, ValueError())
        said = capfd.readouterr().err
        assert said.startswith("siga-ocr: ")
        assert said.count("\n") == 1
        assert said[:-1].isprintable()

    try_door(TEXTS, holds, 40, EVIL)
    console.say("Grüße, 中, Ω")
    assert capfd.readouterr().err == "Grüße, 中, Ω\n"
