"""Rules of the search for the likeliest texts under a format: against every text there is."""

from itertools import islice, product

import numpy as np
import numpy.typing as npt
import pytest

from siga_ocr.charset import Charset
from siga_ocr.formats.codeformat import CodeFormat, automaton_for
from siga_ocr.lattice import Moves, best_paths, log_probability

CHARSET = Charset("0A1-")


def crop(seed: int, positions: int) -> npt.NDArray[np.float32]:
    """Log-probabilities [T, K] of a crop that nobody has written."""
    logits = np.random.default_rng(seed).normal(scale=2, size=(positions, CHARSET.class_count))
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), dtype=np.float32)


def every_text(positions: int) -> list[str]:
    return ["".join(text) for length in range(positions) for text in product(CHARSET.characters, repeat=length)]


FORMATS = [
    CodeFormat(mask="A9"),
    CodeFormat(mask="A-**"),
    CodeFormat(regex="(A|1)*0?"),
    CodeFormat(regex="A*|0{2}|[^A]1"),
    CodeFormat(characters="0A", length="1-3"),
    CodeFormat(regex=".*1.*", mask="***"),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("code_format", FORMATS, ids=repr)
def test_all_allowed_texts_come_once_and_the_likeliest_first(code_format: CodeFormat, seed: int) -> None:
    rows = crop(seed, 5)
    automaton = automaton_for(code_format, CHARSET, 4)
    allowed = [text for text in every_text(5) if automaton.accepts(text)]
    truth = sorted(((log_probability(rows, tuple(CHARSET.encode(text))), text) for text in allowed), reverse=True)
    found = list(best_paths(rows, Moves.of(automaton, CHARSET)))
    assert sorted(CHARSET.decode(path.ids) for path in found) == sorted(allowed)
    assert [path.log_probability for path in found] == pytest.approx([score for score, _ in truth], abs=1e-5)
    for path in found:
        assert path.log_probability == pytest.approx(log_probability(rows, path.ids), abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_without_a_format_the_best_of_all_texts_come_first(seed: int) -> None:
    rows = crop(seed, 5)
    truth = sorted((log_probability(rows, tuple(CHARSET.encode(text))) for text in every_text(5)), reverse=True)
    found = [path.log_probability for path in islice(best_paths(rows, Moves.free(CHARSET)), 40)]
    assert found == pytest.approx(truth[:40], abs=1e-5)


def test_the_probabilities_of_all_texts_and_of_no_end_sum_to_one() -> None:
    rows = crop(7, 4)
    unended = np.exp(np.log(1 - np.exp(rows[:, 0].astype(np.float64))).sum())
    assert sum(np.exp(path.log_probability) for path in best_paths(rows, Moves.free(CHARSET))) == pytest.approx(1 - unended, abs=1e-6)


def test_what_has_no_probability_does_not_come() -> None:
    rows = crop(1, 3)
    rows[0, 2] = -np.inf
    automaton = automaton_for(CodeFormat(mask="A9"), CHARSET, 2)
    assert list(best_paths(rows, Moves.of(automaton, CHARSET))) == []
    assert log_probability(rows, (1, 1, 1)) == -np.inf
