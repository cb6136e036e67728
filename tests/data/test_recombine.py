from collections import Counter

import cv2
import numpy as np
import pytest

from siga_ocr.data.recombine import Line, Pixels, line, pieces

CELL = 24


def drawn(text: str, fall: int = 0, gap: int = CELL) -> tuple[Pixels, list[tuple[float, float]]]:
    """Digits in cells, each `fall` pixels lower than the one before, and the columns of their ink."""
    image = np.full((60, gap * len(text) + 8, 3), 220, np.uint8)
    for place, character in enumerate(text):
        cv2.putText(image, character, (4 + place * gap, 40 + fall * place), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2)
    return image, [(place * gap + 5.0, place * gap + 20.0) for place in range(len(text))]


def of(text: str, fall: int = 0, gap: int = CELL) -> Line:
    image, spans = drawn(text, fall, gap)
    return line(image, text, spans)


def test_a_line_is_cut_between_its_characters() -> None:
    image, spans = drawn("80274")
    cuts = line(image, "80274", spans).cuts
    assert len(cuts) == 6
    assert cuts[0] == 0
    assert cuts[-1] == CELL * 5 + 8
    for place, cut in enumerate(cuts[1:-1], 1):
        assert cut is not None
        assert abs(cut - place * CELL) <= 6
        assert image[:, cut].min() > 150


def test_characters_that_touch_are_not_cut_apart() -> None:
    image, spans = drawn("80274")
    image[20:40, 30:60] = 20  # a bar from 0 to 2
    assert line(image, "80274", spans).cuts[2] is None


def test_neighbours_are_what_a_tighter_crop_would_show() -> None:
    one = of("80274")
    piece = one.part(1, 3)
    assert piece is not None
    image, text = piece
    assert text == "02"
    assert np.array_equal(image, one.image[:, one.cuts[1] : one.cuts[3]])


def test_characters_change_places_with_their_text() -> None:
    one = of("80274")
    image, text = one.in_order([4, 0, 0])
    assert text == "488"
    first, last = one.part(0, 1), one.part(4, 5)
    assert first is not None
    assert last is not None
    assert np.array_equal(image, np.concatenate([last[0], first[0], first[0]], axis=1))


def test_a_line_that_falls_keeps_its_order() -> None:
    assert of("80274").level
    assert not of("80274", fall=4).level
    made = list(pieces([of("80274", fall=4)] * 5, 60, seed=1))
    assert made
    assert all(text in "80274" for _, text in made)


def test_pieces_are_many_other_texts_and_the_same_for_the_same_seed() -> None:
    lines = [of("80274"), of("61953"), of("20486"), of("73519")]
    made = [text for _, text in pieces(lines, 200, seed=1)]
    assert len(made) == 200
    assert len(set(made)) > 100
    assert made == [text for _, text in pieces(lines, 200, seed=1)]
    assert made != [text for _, text in pieces(lines, 200, seed=2)]


def test_a_frequent_text_does_not_drown_the_others() -> None:
    lines = [of("1502")] * 50 + [of("7384")] * 2
    made = Counter("7384".find(text[0]) >= 0 for _, text in pieces(lines, 400, seed=1))
    assert made[True] > 0.18 * 400  # 2 of 52 would be 4 %


def test_nothing_is_made_of_too_few_characters() -> None:
    assert list(pieces([of("80274")], 50, seed=1)) == []
    assert list(pieces([], 50, seed=1)) == []


def test_every_piece_holds_a_letter_or_a_digit() -> None:
    lines = [of("8-2-4"), of("6-9-3"), of("2-4-6"), of("7-5-9")]
    assert all(any(character.isalnum() for character in text) for _, text in pieces(lines, 300, seed=1))


def test_each_character_needs_its_span() -> None:
    image, spans = drawn("80")
    with pytest.raises(ValueError, match="span"):
        line(image, "802", spans)
