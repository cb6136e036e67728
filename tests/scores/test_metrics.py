"""Rules of the scores."""

import itertools
import random

import pytest

from siga_ocr.errors import UsageError
from siga_ocr.scores.metrics import Fault, by_length, confusions, edit_distance, edits, faults, repeats, risk_coverage, score


def some_texts() -> list[str]:
    source = random.Random(0)
    return ["".join(source.choices("AB1", k=source.randrange(7))) for _ in range(12)]


def test_edit_distance_is_a_metric() -> None:
    texts = some_texts()
    for one, other, third in itertools.product(texts, repeat=3):
        assert edit_distance(one, other) == edit_distance(other, one)
        assert (edit_distance(one, other) == 0) == (one == other)
        assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)
        assert edit_distance(one, other) <= max(len(one), len(other))


def test_edits_are_as_few_as_possible_and_account_for_every_character() -> None:
    for text, truth in itertools.product(some_texts(), repeat=2):
        found = edits(text, truth)
        assert len(found) == edit_distance(text, truth)
        assert len(text) - len(truth) == sum((not expected) - (not read) for expected, read in found)


def test_edits_name_truth_first() -> None:
    assert edits("A80", "AB0") == [("B", "8")]
    assert edits("A0", "AB0") == [("B", "")]
    assert edits("AB00", "AB0") == [("", "0")]


def test_scores_count_whole_words_and_characters() -> None:
    scores = score(["AB", "C1", ""], ["AB", "CI", "D"])
    assert (scores.count, scores.word_accuracy, scores.character_error_rate) == (3, 1 / 3, 2 / 5)
    for texts, truths in (([], []), (["a"], ["a", "b"])):
        with pytest.raises(UsageError, match="as many"):
            score(texts, truths)


def test_similarity_counts_by_the_longer_of_both() -> None:
    assert score(["AB", "", "ABCD"], ["AB", "CD", "AB"]).similarity == pytest.approx((1 + 0 + 0.5) / 3)
    assert score([""], [""]).similarity == 1.0


def test_faults_say_where_they_are() -> None:
    assert faults("A80", "AB0") == [Fault("B", "8", 1, 1)]
    assert faults("xAB0", "AB01") == [Fault("", "x", 0, 0), Fault("1", "", 3, 4)]


def test_characters_of_runs_that_were_lost_or_doubled_are_counted() -> None:
    found = repeats(["A00", "A000", "A11B", "AB", "AB", "00000"], ["A000", "A00", "A1B", "AXB", "AABB", "00000"])
    assert (found.pairs, found.lost, found.doubled) == (2 + 1 + 0 + 0 + 2 + 4, 1 + 2, 1 + 1)


def test_lengths_are_those_of_the_truth() -> None:
    assert by_length(["A", "AB", "", "ABC"], ["A", "A", "", "ABD"]) == {0: (1, 1), 1: (2, 1), 3: (1, 0)}


def test_confusions_add_up() -> None:
    assert confusions(["0O", "O", "A"], ["O0", "0", "A"]) == {("O", "0"): 1, ("0", "O"): 2}


def test_risk_and_coverage_run_from_the_strictest_threshold_to_everything() -> None:
    points = risk_coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert [(p.threshold, p.coverage, p.risk) for p in points] == [(0.9, 0.25, 0.0), (0.5, 0.75, 1 / 3), (0.1, 1.0, 0.5)]
    assert risk_coverage([], []) == []
