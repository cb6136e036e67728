"""Looks at the validation crops: what is kept, when the base set is read, when it ends, and what a run that is taken up knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from siga_ocr.config import InputConfig
from siga_ocr.data.shards import collect
from siga_ocr.model import SigaModel
from siga_ocr.tuning import checks as watching
from siga_ocr.tuning.checks import Checks, Start
from siga_ocr.tuning.plan import Plan, Situation, Wishes, plan
from siga_ocr.tuning.verdict import Marks

NONE = collect([], InputConfig())


def some(right: int, loss: float = 1.0) -> Marks:
    return Marks(tuple(number < right for number in range(100)), loss)


def planned() -> Plan:
    return plan(Situation(crops=50, on_gpu=False, cores=1, fast_bf16=False), Wishes(steps=40))


def checks(folder: Path, begun_at: int = 0) -> Checks:
    return Checks(folder, planned(), Start(NONE, NONE, some(50), some(80)), begun_at=begun_at)


def told(monkeypatch: pytest.MonkeyPatch, *marks: Marks) -> Iterator[Marks]:
    given = iter(marks)
    monkeypatch.setattr(watching, "marks", lambda *_: next(given))
    return given


def test_what_keeps_the_rest_goes_before_what_reads_more(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, some(70), some(60), some(69), some(80), some(72), some(70), some(55))
    watch = checks(tmp_path)
    seen = [watch.look(tiny_model, step) for step in (2, 4, 6, 8)]
    assert [look.keeps_rest for look in watch.looks] == [False, True, False, None]
    assert [event.is_best for event in seen] == [True, True, False, False]
    assert watch.best == watch.looks[1]


def test_a_look_that_loses_the_rest_hides_no_later_one(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, some(95), some(60), some(90), some(80), some(90), some(80), some(40))
    watch = checks(tmp_path)
    seen = [watch.look(tiny_model, step).is_best for step in (2, 4, 6, 8)]
    assert [look.keeps_rest for look in watch.looks] == [False, True, True, None]
    assert seen == [True, True, True, False]
    assert watch.best == watch.looks[2]


def test_a_gain_among_looks_that_keep_the_rest_lets_it_go_on(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, some(95), some(60), *(some(40) for _ in range(8)), some(60), some(80), *(some(40) for _ in range(10)))
    watch = checks(tmp_path)
    ends = [watch.look(tiny_model, step).ends for step in range(2, 42, 2)]
    assert ends == [False] * 19 + [True]


def test_of_looks_that_chance_may_have_parted_the_last_is_kept(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = some(80)
    told(monkeypatch, some(70), rest, some(68), rest, some(69), rest, some(67), some(60))
    watch = checks(tmp_path)
    seen = [watch.look(tiny_model, step).is_best for step in (2, 4, 6, 8, 10)]  # half a standard error: 2.3 crops
    assert seen == [True, True, True, False, False]
    assert watch.best is not None
    assert watch.best.step == 6


def test_the_base_set_is_read_only_where_something_was_gained(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = told(monkeypatch, some(49), some(50), some(50, loss=0.9), some(80))
    watch = checks(tmp_path)
    assert not any(watch.look(tiny_model, step).is_best for step in (2, 4))
    assert watch.look(tiny_model, 6).is_best
    assert not list(left)


def test_it_ends_when_looks_gain_nothing_after_the_beginning(tiny_model: SigaModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, some(60), some(80), *(some(40) for _ in range(20)))
    watch = checks(tmp_path)
    ends = [watch.look(tiny_model, step).ends for step in range(2, 34, 2)]
    assert ends == [False] * 15 + [True]  # 10 looks after 0.3 of 40 steps
    assert checks(tmp_path, begun_at=100).has_ended
    again = checks(tmp_path, begun_at=2)
    assert [look.step for look in again.looks] == [2]
    assert not again.has_ended
    assert again.best == watch.best


def test_looks_are_spread_over_the_schedule_and_the_last_step_is_one(tmp_path: Path) -> None:
    watch = checks(tmp_path)
    due = [step for step in range(1, 41) if watch.is_due(step)]
    assert len(due) == 20
    assert due[-1] == 40
