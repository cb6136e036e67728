"""The page is whole, needs nothing beside itself, and takes foreign names and texts for what they are."""

import re
from html.parser import HTMLParser
from pathlib import Path

from siga_ocr.assessing.assessment import Assessment, assess
from siga_ocr.assessing.pictures import Pictures
from siga_ocr.assessing.report import page
from siga_ocr.data.labels import Sample
from siga_ocr.reading import Provenance, Reading
from siga_ocr.scores.comparison import paired

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "img"}


class Page(HTMLParser):
    """Tags, texts and attributes of a page; fails on tags that do not match."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.sources: list[str] = []
        self._open: list[str] = []
        self.feed(content.decode())
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def assessed(text: str = EVIL, file: str = f"{EVIL}.png") -> Assessment:
    samples = [Sample(Path(file), "A1"), Sample(Path("b.png"), "B2"), Sample(Path(file), EVIL)]
    readings = [Reading(file, "ok", text, 0.9), Reading("b.png", "ok", "B2", 0.8), Reading(file, "error", error=EVIL)]
    return assess(samples, readings, Provenance(EVIL, weights_sha256="0" * 64))


def test_foreign_names_and_texts_stay_texts() -> None:
    found = assessed()
    shown = Page(page(found, Pictures({0: b"png"}, {0: b"png"}), found, paired(found.correct, found.correct)))
    assert "script" not in shown.tags
    assert any(EVIL in text for text in shown.texts)
    assert shown.sources
    assert all(source.startswith("data:image/png;base64,") for source in shown.sources)


def test_the_page_asks_for_nothing_else() -> None:
    content = page(assessed("A\x00\u202e1\ud800"), Pictures({}, {})).decode()
    assert not re.search(r"https?://|@import|url\(", content)
    assert "default-src 'none'" in content
    assert "\x00" not in content
    assert "\u202e" not in content


def test_what_could_not_be_opened_and_what_differs_is_shown() -> None:
    first, second = assessed(), assessed("A1")
    shown = " ".join(Page(page(first, Pictures({}, {}), second, paired(first.correct, second.correct))).texts)
    assert "Could not be opened" in shown
    assert "+33.3" in shown
    assert "1 crops gained, 0 lost" in shown


def test_a_set_without_mistakes_has_a_page() -> None:
    found = assess([Sample(Path("a.png"), "A")], [Reading("a.png", "ok", "A", 1.0)], Provenance("m"))
    shown = Page(page(found, Pictures({}, {})))
    assert "Sure and wrong" not in shown.texts
    assert "Could not be opened" not in shown.texts


def test_several_sets_have_a_row_each() -> None:
    samples = [Sample(Path(f"{text}.png"), text) for text in ("A1", "b-2", "C3")]
    readings = [Reading("", "ok", text, 0.9) for text in ("A1", "B2", "C4")]
    found = assess(samples, readings, Provenance("m"), [(Path("one"), 1), (Path("none"), 0), (Path(EVIL), 2)])
    shown = Page(page(found, Pictures({}, {})))
    assert "script" not in shown.tags
    texts = shown.texts[shown.texts.index("Each set by itself") :]
    assert texts[texts.index("one") + 1 :][:2] == ["1", "100.0 % | 100.0 %"]
    assert texts[texts.index(EVIL) + 1 :][:2] == ["2", "0.0 % | 50.0 %"]
    assert "none" not in texts
