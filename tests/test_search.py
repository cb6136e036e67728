"""Rules of reading under a format, and of what is accepted."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from siga_ocr.config import ModelConfig
from siga_ocr.decode import Columns, Decoded, Seen, greedy
from siga_ocr.errors import UsageError
from siga_ocr.formats.codeformat import CodeFormat
from siga_ocr.judgement import judge
from siga_ocr.read_options import ReadOptions
from siga_ocr.search import Search, SearchOptions
from tests.tiny import tiny

ROOM = Columns(1.0, 100.0)


def rows(*positions: dict[str, float], config: ModelConfig) -> npt.NDArray[np.float32]:
    """Log-probabilities from the likely characters of each position; an empty name is the end, the rest shares what is left."""
    table = np.full((len(positions), config.charset.class_count), np.nan)
    for row, likely in zip(table, positions, strict=True):
        row[:] = (1 - sum(likely.values())) / (len(row) - len(likely))
        for character, probability in likely.items():
            row[config.characters.index(character) + 1 if character else 0] = probability
    return np.asarray(np.log(table), dtype=np.float32)


CONFIG = tiny()
READ = rows({"B": 0.9}, {"0": 0.5, "1": 0.45}, {"A": 0.7, "2": 0.2}, {"": 0.9}, {"": 0.9}, {"": 0.9}, {"": 0.9}, config=CONFIG)


def decoded(options: SearchOptions, config: ModelConfig = CONFIG, seen: npt.NDArray[np.float32] = READ) -> Decoded:
    attention = np.full((len(seen), 1, 10), 0.1, dtype=np.float32)
    return Search(config, options).decoded(Seen(seen, attention), ROOM)


def test_the_text_obeys_the_format_and_the_cost_is_in_nats() -> None:
    found = decoded(SearchOptions(CodeFormat(mask="A99")))
    assert found.text == "B02"
    assert found.found is not None
    assert (found.found.raw_text, found.found.search) == ("B0A", "exact")
    assert found.found.constraint_cost == pytest.approx(math.log(0.7 / 0.2), abs=1e-5)
    assert found.confidence == pytest.approx(0.9 * 0.5 * 0.2 * 0.9)
    assert [one.confidence for one in found.characters] == pytest.approx([0.9, 0.5, 0.2])
    assert found.characters[2].alternatives[0].character == "A"


def test_a_format_that_fits_costs_nothing_and_changes_nothing() -> None:
    found = decoded(SearchOptions(CodeFormat(regex="[AB]0A?")))
    assert found.found is not None
    assert (found.text, found.found.constraint_cost) == ("B0A", 0.0)
    plain = greedy(READ, np.full((7, 1, 10), 0.1, dtype=np.float32), CONFIG.charset, ROOM)
    assert (found.characters, found.confidence) == (plain.characters, plain.confidence)


def test_networks_with_feedback_search_their_lattice() -> None:
    fed_back = decoded(SearchOptions(n_best=2), tiny(feedback=True))
    assert fed_back.found is not None
    assert (fed_back.found.search, fed_back.found.raw_text) == ("lattice", None)


def test_n_best_and_margin() -> None:
    found = decoded(SearchOptions(n_best=3, margin=True)).found
    assert found is not None
    assert found.n_best is not None
    assert [one.text for one in found.n_best] == ["B0A", "B1A", "B02"]
    assert found.n_best[0].confidence == pytest.approx(0.9 * 0.5 * 0.7 * 0.9)
    assert found.margin == pytest.approx(math.log(0.5 / 0.45), abs=1e-4)
    only = decoded(SearchOptions(CodeFormat(regex="B0A"), margin=True)).found
    assert only is not None
    assert only.margin is None  # there is no other text of this format


def test_check_digits_are_tested_on_the_likeliest_texts() -> None:
    sure = [{digit: 0.9} for digit in "7351353"]
    config = tiny(characters="0123456789", max_length=10)
    unsure = rows(*sure, {"1": 0.6, "7": 0.2}, {"": 0.9}, {"": 0.9}, {"": 0.9}, config=config)
    found = decoded(SearchOptions(CodeFormat(preset="ean8")), config, unsure)
    assert found.found is not None
    assert (found.text, found.found.raw_text) == ("73513537", "73513531")
    never = rows(*sure, {"1": 0.99}, {"": 0.9}, {"": 0.9}, {"": 0.9}, config=config)
    never[:8][never[:8] < math.log(0.5)] = -np.inf
    nothing = decoded(SearchOptions(CodeFormat(preset="ean8")), config, never)
    assert (nothing.text, nothing.confidence) == ("", 0.0)
    judged = judge(nothing, ReadOptions(code_format=CodeFormat(preset="ean8")))
    assert (judged.status, judged.raw_text, judged.reason) == ("review", "73513531", "no likely text fits the format")


def test_steps_are_those_that_the_format_can_fill() -> None:
    assert Search(CONFIG, SearchOptions(CodeFormat(mask="99"))).steps == 3
    assert Search(CONFIG, SearchOptions(n_best=1)).steps == CONFIG.max_steps
    with pytest.raises(UsageError, match="can never read"):
        Search(CONFIG, SearchOptions(CodeFormat(mask="9999999")))


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (ReadOptions(), ""),
        (ReadOptions(min_confidence=0.9), "less sure than 0.9"),
        (ReadOptions(min_character_confidence=0.49), ""),
        (ReadOptions(min_character_confidence=0.51), "a character is less sure than 0.51"),
        (ReadOptions(min_margin=0.1), ""),
        (ReadOptions(min_margin=0.2), "only 0.1 nats before the runner-up"),
        (ReadOptions(code_format=CodeFormat(mask="A99")), ""),
        (ReadOptions(code_format=CodeFormat(mask="A99"), max_constraint_cost=1.0), "fits the format only at a cost of 1.3 nats"),
    ],
)
def test_each_rule_says_why(rules: ReadOptions, reason: str) -> None:
    judged = judge(decoded(SearchOptions(rules.code_format, rules.n_best, rules.min_margin > 0)), rules)
    assert (judged.reason, judged.status) == (reason, "review" if reason else "ok")


def test_unknown_stands_for_weak_characters() -> None:
    judged = judge(decoded(SearchOptions(n_best=1)), ReadOptions(min_character_confidence=0.6, unknown="?"))
    assert (judged.text, judged.raw_text, judged.status) == ("B?A", "B0A", "review")
    with pytest.raises(UsageError, match="unknown"):
        ReadOptions(unknown="?")
