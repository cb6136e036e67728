"""Rules of turning log-probabilities into characters."""

import numpy as np
import numpy.typing as npt
import pytest

from siga_ocr.charset import Charset
from siga_ocr.decode import Columns, central_span, greedy, greedy_ids, has_ended, likely_ids

ABC = Charset("abc")
ROOM = Columns(pixels=1.0, width=1000.0)


def log_probabilities(rows: list[list[float]]) -> npt.NDArray[np.float32]:
    return np.log(np.array(rows, dtype=np.float32))


def attention_at(*places: int, columns: int = 20) -> npt.NDArray[np.float32]:
    attention = np.zeros((len(places), 2, columns), dtype=np.float32)
    for t, place in enumerate(places):
        attention[t, :, place] = 0.5
    return attention


READ = log_probabilities([[0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.2, 0.6], [0.9, 0.05, 0.03, 0.02], [0.1, 0.7, 0.1, 0.1]])


def test_text_ends_at_the_first_end_mark_and_confidence_is_the_product_with_it() -> None:
    decoded = greedy(READ, attention_at(1, 5, 7, 9), ABC, ROOM)
    assert decoded.text == "ac"
    assert [c.confidence for c in decoded.characters] == pytest.approx([0.7, 0.6])
    assert decoded.confidence == pytest.approx(0.7 * 0.6 * 0.9)


def test_an_empty_text_is_as_sure_as_its_end_mark() -> None:
    decoded = greedy(READ[2:], attention_at(1, 2), ABC, ROOM)
    assert decoded.text == ""
    assert decoded.confidence == pytest.approx(0.9)


def test_without_an_end_mark_the_last_step_counts_as_an_improbable_end() -> None:
    decoded = greedy(READ[:2], attention_at(1, 5), ABC, ROOM)
    assert decoded.text == "a"
    assert decoded.confidence == pytest.approx(0.7 * 0.1)


def test_more_steps_after_the_end_change_nothing() -> None:
    assert greedy(READ[:3], attention_at(1, 5, 7), ABC, ROOM) == greedy(READ, attention_at(1, 5, 7, 9), ABC, ROOM)


def test_has_ended_looks_at_each_crop() -> None:
    assert has_ended(np.stack([READ[:2], READ[1:3]])).tolist() == [False, True]


def test_confidence_never_exceeds_one() -> None:
    rounded_up = np.full((2, 4), -50, dtype=np.float32)
    rounded_up[0, 1] = rounded_up[1, 0] = 1e-6
    decoded = greedy(rounded_up, attention_at(0, 0), ABC, ROOM)
    assert decoded.confidence == decoded.characters[0].confidence == 1.0


def test_a_character_spans_the_central_nine_tenths_of_its_column_attention() -> None:
    spans = central_span(np.array([[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 0, 2, 0, 0, 0, 0, 0, 0, 0]], dtype=np.float32))
    assert spans[0] == pytest.approx([0.5, 9.5])
    assert spans[1] == pytest.approx([2.05, 2.95])


def test_spans_are_in_pixels_of_the_crop_and_stay_inside() -> None:
    characters = greedy(READ, attention_at(2, 19, 0, 0), ABC, Columns(pixels=3.0, width=50.0)).characters
    assert (characters[0].x0, characters[0].x1) == pytest.approx((2.05 * 3, 2.95 * 3))
    assert (characters[1].x0, characters[1].x1) == (50.0, 50.0)


def test_alternatives_are_the_next_likely_characters_and_never_the_end_mark() -> None:
    wide = Charset("abcdef")
    rows = log_probabilities([[0.2, 0.05, 0.3, 0.1, 0.15, 0.12, 0.08], [0.9, 0.01, 0.01, 0.02, 0.02, 0.02, 0.02]])
    (character,) = greedy(rows, attention_at(1, 2), wide, ROOM).characters
    assert [a.character for a in character.alternatives] == ["d", "e", "c"]
    assert [a.confidence for a in character.alternatives] == pytest.approx([0.15, 0.12, 0.1])
    assert [a.character for a in greedy(READ, attention_at(1, 5, 7, 9), ABC, ROOM).characters[0].alternatives] == ["b", "c"]


def test_a_crop_is_read_as_nothing_where_that_is_more_probable_than_any_text() -> None:
    texture = np.log(np.array([[0.3, 0.4, 0.2, 0.1], [0.3, 0.3, 0.2, 0.2], [0.4, 0.2, 0.2, 0.2], [1.0, 1e-9, 1e-9, 1e-9]], dtype=np.float32))
    assert greedy_ids(texture) == (1,)  # 0.4 * 0.3 is less than 0.3
    assert likely_ids(texture) == ()
    plain = np.log(np.array([[0.3, 0.4, 0.2, 0.1], [0.9, 0.05, 0.03, 0.02]], dtype=np.float32))
    assert likely_ids(plain) == (1,)  # 0.36 is more


def test_an_improbable_nothing_does_not_silence_a_text_with_doubts() -> None:
    rows = [[0.04, 0.5, 0.26, 0.2], [0.01, 0.26, 0.25, 0.25], [0.01, 0.26, 0.25, 0.25], [0.9, 0.04, 0.03, 0.03]]
    hard = np.log(np.array(rows, dtype=np.float32))
    assert 0.5 * 0.26 * 0.26 * 0.9 < 0.04
    assert likely_ids(hard) == greedy_ids(hard) == (1, 1, 1)
