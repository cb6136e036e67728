"""The plan fits the crops and the machine, wishes go before it, and its recipe is a whole one."""

from dataclasses import replace
from pathlib import Path

import pytest

from siga_ocr.errors import UsageError
from siga_ocr.recipe import LabelledSource, RenderedSource, parse
from siga_ocr.recipe_text import to_toml
from siga_ocr.training.machine import free_memory
from siga_ocr.tuning.plan import REPLAY, Own, Plan, Situation, Wishes, plan
from tests.tiny import tiny

TWO_CORES = Situation(crops=200, on_gpu=False, cores=2, fast_bf16=True)


def made(**changes: object) -> Plan:
    return plan(replace(TWO_CORES, **changes), Wishes())  # type: ignore[arg-type]


def test_more_crops_take_more_steps_but_are_shown_less_often() -> None:
    plans = {crops: made(crops=crops) for crops in (50, 500, 50_000)}
    steps = [each.steps for each in plans.values()]
    assert steps == sorted(steps)
    shown = [each.steps * each.batch * (1 - REPLAY) / crops for crops, each in plans.items()]
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] > 1


def test_two_hundred_crops_take_less_than_a_quarter_of_an_hour_on_two_cores() -> None:
    assert made().seconds < 15 * 60


def test_a_cpu_shares_steps_among_processes_and_a_gpu_does_not() -> None:
    assert made(cores=2).processes == 2
    assert made(cores=64).processes <= 12
    assert made(on_gpu=True, cores=16).processes == 1
    assert made(on_gpu=True).batch > made().batch


def test_where_memory_is_scarce_fewer_processes_share_a_step() -> None:
    processes = [made(cores=8, memory=gigabytes * 10**9).processes for gigabytes in (1, 3, 4, 8, 64)]
    assert processes == [1, 2, 4, 8, 8]


def test_free_memory_is_that_of_the_container_where_it_is_less(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal:       24000000 kB\nMemAvailable:    8000000 kB\n")
    assert free_memory(tmp_path) == 8_192_000_000
    group = tmp_path / "sys" / "fs" / "cgroup"
    group.mkdir(parents=True)
    (group / "memory.current").write_text("1000000000\n")
    (group / "memory.max").write_text("4000000000\n")
    assert free_memory(tmp_path) == 3_000_000_000
    (group / "memory.stat").write_text("anon 100\ninactive_file 500000000\n")
    assert free_memory(tmp_path) == 3_500_000_000
    (group / "memory.max").write_text("max\n")
    assert free_memory(tmp_path) == 8_192_000_000


def test_wishes_go_before_the_plan() -> None:
    wishes = Wishes(steps=7, rate=1e-4, batch_size=10, seed=3000, fixed_statistics=True)
    found = plan(TWO_CORES, wishes)
    assert (found.steps, found.rate, found.batch, found.seed, found.fixed_statistics) == (7, 1e-4, 10, 3000, True)
    assert found.check_every == 1


def test_less_time_is_a_shorter_schedule() -> None:
    assert plan(TWO_CORES, Wishes(minutes=1)).seconds <= 61
    assert plan(TWO_CORES, Wishes(minutes=1000)) == plan(TWO_CORES, Wishes())


def test_the_rate_rises_slowly_even_in_a_short_schedule() -> None:
    assert [plan(TWO_CORES, Wishes(steps=steps)).warm_up for steps in (1, 24, 600, 10_000)] == [1, 8, 60, 300]


def test_nothing_below_zero_is_wished_for() -> None:
    with pytest.raises(UsageError, match="rate"):
        Wishes(rate=-1.0)


@pytest.mark.parametrize("replay", [None, "/other"])
def test_half_of_a_batch_is_what_the_model_knew(replay: str | None) -> None:
    sources = made().config(tiny(), Own("/own"), replay).sources
    own = sum(source.weight for source in sources if isinstance(source, LabelledSource) and source.path == "/own")
    assert own == pytest.approx(0.5)
    assert sum(source.weight for source in sources) == pytest.approx(1.0)
    assert all(source.style.lettering == "shipped" for source in sources if isinstance(source, RenderedSource))


def test_recombined_codes_take_a_part_of_the_users_half() -> None:
    sources = made().config(tiny(), Own("/own", "/own/recombined"), None).sources
    weights = {source.path: source.weight for source in sources if isinstance(source, LabelledSource)}
    assert weights == pytest.approx({"/own": 0.35, "/own/recombined": 0.15})


def test_without_the_glyph_loss_recognition_alone_is_left() -> None:
    loss = plan(TWO_CORES, Wishes(glyph_loss=False)).config(tiny(), Own("/own"), None).loss
    assert (loss.segmentation, loss.alignment, loss.alignment_late, loss.glyph) == (0, 0, 0, 0)
    assert loss.recognition == 1


def test_the_optimiser_is_muon_at_the_rate_of_the_plan() -> None:
    chosen = plan(TWO_CORES, Wishes(rate=0.001))
    optimiser = chosen.config(tiny(), Own("/own"), None).optimiser
    assert (optimiser.kind, optimiser.rate, optimiser.warm_up) == ("muon", 0.001, chosen.warm_up)


def test_a_recipe_written_as_toml_is_the_same_recipe() -> None:
    config = made().config(tiny(characters='0"\\Ä#'), Own('C:\\crops\\"a"'), "/other")
    assert parse(to_toml(config)) == config
