"""Charts are well-formed, inside their frame, and escape what they are given."""

from xml.etree import ElementTree

import pytest

from siga_ocr.assessing.charts import HEIGHT, WIDTH, Axes, Bar, bars, curves

EVIL = '<script>"&'


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(tag))


def test_a_curve_stays_in_the_frame_and_keeps_its_direction() -> None:
    svg = curves(Axes("x", "y", 0.5), [("one", [(0.0, 0.0), (1.0, 0.5)]), ("two", [(0.5, 2.0)])])
    dots = [(float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in elements(svg, "circle")]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in dots)
    assert dots[0][0] < dots[2][0] < dots[1][0]
    assert dots[0][1] > dots[1][1] == dots[2][1]


def test_bars_are_as_high_as_their_share() -> None:
    heights = [
        float(bar.get("height", "")) for bar in elements(bars(Axes("x", "y"), [Bar("1", 1.0, ""), Bar("2", 0.25, ""), Bar("3", 0.0, "")]), "rect")
    ]
    assert heights[1] == pytest.approx(heights[0] / 4, abs=0.1)
    assert heights[2] == 0


@pytest.mark.parametrize("svg", [curves(Axes(EVIL, EVIL), [(EVIL, [(0.1, 0.2)]), (EVIL, [])]), bars(Axes(EVIL, EVIL), [Bar(EVIL, 0.5, EVIL)])])
def test_names_are_escaped(svg: str) -> None:
    assert "<script" not in svg
    assert EVIL in "".join(ElementTree.fromstring(svg).itertext())


def test_there_may_be_nothing_to_show() -> None:
    for svg in (curves(Axes("x", "y"), []), bars(Axes("x", "y"), [])):
        ElementTree.fromstring(svg)
