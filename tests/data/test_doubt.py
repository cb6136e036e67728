"""What a reader says against a label: which labels are doubted most, and which crops are upside down."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr.crops import Crop
from siga_ocr.data.doubt import Source, doubt_of, find_doubts, is_upside_down
from siga_ocr.data.label_rows import Row
from siga_ocr.reading import Alternative, CharReading, Reading


def reading(text: str, *sure: float, others: dict[int, Alternative] | None = None) -> Reading:
    """A reading whose characters have these confidences, the last of them for all that follow."""
    every = [*sure, *[sure[-1]] * len(text)][: len(text)]
    alternatives = {place: (other,) for place, other in (others or {}).items()}
    characters = tuple(CharReading(c, p, 0, 1, alternatives.get(n, ())) for n, (c, p) in enumerate(zip(text, every, strict=True)))
    return Reading("a.png", "ok", text, float(np.prod(every)), characters)


def test_a_sure_difference_is_doubted_more_than_an_unsure_one() -> None:
    assert doubt_of("X1:2", reading("X1.2", 0.99)) > doubt_of("X1:2", reading("X1.2", 0.99, 0.99, 0.6, 0.99))
    torn = reading("X1.2", 0.9, others={2: Alternative(":", 0.4)})
    assert doubt_of("X1:2", torn) < doubt_of("X1:2", reading("X1.2", 0.9))


def test_a_character_cut_off_at_an_end_is_doubted_little() -> None:
    for cut in ("A123", "1234"):
        assert doubt_of(cut, reading("123", 0.99)) < 0.2
    assert doubt_of("12-3", reading("123", 0.99)) > 0.9
    assert doubt_of("123", reading("-123", 0.99)) > 0.9


def test_equal_texts_are_not_doubted() -> None:
    assert doubt_of("123", reading("123", 0.5)) == 0


@pytest.mark.parametrize(
    ("text", "upright", "turned", "wanted"),
    [
        ("1502", reading("20S1", 0.5), reading("1502", 0.9), True),
        ("1502", reading("20S1", 0.5), reading("1503", 0.9), True),
        ("1502", reading("20S1", 0.9), reading("1502", 0.5), False),
        ("8O8", reading("808", 0.9), reading("808", 0.9), False),
        ("1502", reading("1503", 0.5), reading("ES91", 0.9), False),
        ("1502", reading("XXXX", 0.5), reading("YYYY", 0.9), False),
    ],
)
def test_upside_down_is_what_the_turned_crop_reads_better(text: str, upright: Reading, turned: Reading, wanted: bool) -> None:
    assert is_upside_down(text, upright, turned) is wanted


def test_upside_down_crops_come_first_and_only_what_differs_is_read_again(tmp_path: Path) -> None:
    rows, right = [], ("A1", "B2", "C3", "D4", "E5")
    labels = ("A1", "B2", "C8", "D9", "E5")
    for number, text in enumerate(labels):
        image = np.zeros((10, 20, 3), dtype=np.uint8)
        image[0, 0] = image[9, 19] = number, 1, 0
        image[9, 19, 1] = 2
        if text == "B2":
            image = image[::-1, ::-1]
        Image.fromarray(np.ascontiguousarray(image)).save(tmp_path / f"{number}.png")
        rows.append(Row(number + 2, f"{number}.png", text, tmp_path / f"{number}.png"))
    turned = []

    def read(sources: Iterable[Source]) -> Iterator[Reading]:
        for source in sources:
            if isinstance(source, Crop):
                turned.append(Path(source.source).name)
            image = source.image if isinstance(source, Crop) else np.asarray(Image.open(str(source)))
            number, is_upright = int(image[0, 0, 0]), image[0, 0, 1] == 1
            yield reading(right[number], 0.99 - number / 100) if is_upright else reading("??", 0.3)

    found = find_doubts(rows, read, 9)
    assert [(doubt.row.text, doubt.read, doubt.is_upside_down) for doubt in found] == [("B2", "B2", True), ("C8", "C3", False), ("D9", "D4", False)]
    assert turned == ["1.png", "2.png", "3.png"]
    assert [doubt.row.text for doubt in find_doubts(rows, read, 1)] == ["B2", "C8"]
