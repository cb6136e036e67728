"""The stream of batches: a function of recipe and cursor, fresh crops enough, sources in proportion."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from siga_ocr.config import ModelConfig
from siga_ocr.data import shards
from siga_ocr.data.batches import TrainBatch
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, collect, render_piece
from siga_ocr.data.stream import Cursor, Stream
from siga_ocr.data.workers import Workers
from siga_ocr.recipe import LabelledSource, RenderedSource, TrainConfig
from siga_ocr.render_style import RenderStyle

SHARD = 24


@pytest.fixture(autouse=True)
def _drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Crops that say their own index, so that a batch tells where it came from."""

    def render(seed: int, index: int, style: RenderStyle) -> SimpleNamespace:
        del style
        rng = np.random.default_rng((seed, index))
        return SimpleNamespace(image=rng.integers(0, 256, (32, 40 + index % 7 * 30, 3), dtype=np.uint8), text=f"{index:0{3 + index % 3}}")

    monkeypatch.setattr(shards, "render", render)


@pytest.fixture
def config(tiny_config: ModelConfig) -> TrainConfig:
    return TrainConfig(model=tiny_config, sources=(RenderedSource(seed=1001),), batch=4, shard=SHARD, reuse=3, steps=200)


def labelled(config: TrainConfig, count: int) -> FittedCrops:
    return collect([(np.full((1, 32, 50), 9 * n, dtype=np.uint8), "L" + "x" * n) for n in range(count)], config.model.input)


def stream(config: TrainConfig, folder: Path, *real: FittedCrops, first: int = 0) -> Stream:
    return Stream(config, real, {1001: first}, ShardStore(folder, Workers[ShardPlan, FittedCrops](render_piece, 0)))


def rounds(made: Stream, count: int) -> list[list[TrainBatch]]:
    found: list[list[TrainBatch]] = [[] for _ in range(count)]
    for batch, cursor in made.batches(Cursor()):
        if cursor.round == count:
            return found
        found[cursor.round].append(batch)
    raise AssertionError("the stream ended")


def texts(config: TrainConfig, batches: list[TrainBatch]) -> list[str]:
    return [config.model.charset.decode(row.tolist()) for batch in batches for row in batch.targets]


def equal(one: TrainBatch, other: TrainBatch) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("images", "mask", "grey", "targets", "lengths"))


def test_a_rendered_crop_is_used_as_often_as_the_recipe_says_and_no_more(config: TrainConfig, tmp_path: Path) -> None:
    found = rounds(stream(config, tmp_path), 6)
    counts = Counter(int(text) for batches in found for text in texts(config, batches))
    assert [counts[index] for index in range(4 * SHARD)] == [3] * (4 * SHARD)
    assert max(counts.values()) == 3
    for number, batches in enumerate(found):
        fresh = [text for text in texts(config, batches) if int(text) >= number * SHARD]
        assert len(fresh) == SHARD


def test_a_stream_goes_on_from_any_cursor(config: TrainConfig, tmp_path: Path) -> None:
    config = replace(config, sources=(*config.sources, LabelledSource(kind="labelled", path="x", weight=0.5)))
    real = labelled(config, 5)
    straight = list(islice(stream(config, tmp_path / "a", real).batches(Cursor()), 40))
    for stop in (1, 9, 27):
        taken_up = stream(config, tmp_path / "b", real).batches(straight[stop - 1][1])
        for (batch, cursor), (again, cursor_again) in zip(straight[stop:], taken_up, strict=False):
            assert cursor == cursor_again
            assert equal(batch, again)


def test_a_crop_that_comes_again_is_warped(config: TrainConfig, tmp_path: Path) -> None:
    first, second = rounds(stream(config, tmp_path), 2)

    def clean(batches: list[TrainBatch]) -> dict[str, tuple[int, bytes]]:
        rows = [(batch, row) for batch in batches for row in range(len(batch))]
        names = texts(config, batches)
        return {name: (int(b.mask[r].sum()), b.grey[r, :, :, : int(b.mask[r].sum())].tobytes()) for name, (b, r) in zip(names, rows, strict=True)}

    before, after = clean(first), clean(second)
    assert all(before[name] != after[name] for name in before)


def test_the_first_time_the_clean_crop_is_what_was_rendered(config: TrainConfig, tmp_path: Path) -> None:
    (batches,) = rounds(stream(config, tmp_path), 1)
    for batch in batches:
        for row, name in enumerate(texts(config, [batch])):
            crop = render_piece(replace(stream(config, tmp_path).shard_plans(0)[0], first=int(name), count=1)).crop(0)
            assert (batch.grey[row, :, :, : crop.shape[2]] == crop).all()
            assert batch.mask[row].sum() == crop.shape[2]


def test_targets_end_and_are_padded_with_the_end_mark(config: TrainConfig, tmp_path: Path) -> None:
    for batch in rounds(stream(config, tmp_path), 1)[0]:
        assert batch.targets.shape[1] == batch.lengths.max() + 1
        for row, length in zip(batch.targets, batch.lengths, strict=True):
            assert (row[:length] > 0).all()
            assert (row[length:] == 0).all()


def test_batches_are_as_large_as_their_width_allows(config: TrainConfig, tmp_path: Path) -> None:
    config = replace(config, batch=3, shard=100)
    batches = rounds(stream(config, tmp_path), 1)[0]
    full = [batch for batch in batches if len(batch) == config.batch_at(batch.mask.shape[1])]
    assert len(full) >= len(batches) - 1
    assert len({batch.mask.shape[1] for batch in batches}) > 3


def test_labelled_crops_come_in_proportion_and_equally_often(config: TrainConfig, tmp_path: Path) -> None:
    config = replace(config, sources=(*config.sources, LabelledSource(kind="labelled", path="x", weight=0.5)))
    found = texts(config, rounds(stream(config, tmp_path, labelled(config, 6)), 1)[0])
    counts = Counter(text for text in found if text.startswith("L"))
    assert sum(counts.values()) == SHARD // 2
    assert set(counts.values()) == {2}


def test_labelled_crops_alone_are_enough(config: TrainConfig) -> None:
    config = replace(config, sources=(LabelledSource(kind="labelled", path="x"),))
    found = texts(config, rounds(Stream(config, [labelled(config, 4)], {}, None), 1)[0])
    assert len(found) == SHARD
    assert set(Counter(found).values()) == {SHARD // 4}


def test_a_new_run_begins_where_the_old_one_ended(config: TrainConfig, tmp_path: Path) -> None:
    old = stream(config, tmp_path)
    used = {int(text) for batches in rounds(old, 3) for text in texts(config, batches)}
    first = old.next_indices(Cursor(2, 1))[1001]
    assert first == max(used) + 1
    new = {int(text) for batches in rounds(stream(config, tmp_path, first=first), 2) for text in texts(config, batches)}
    assert not used & new


def test_clean_crops_come_before_hard_ones(config: TrainConfig, tmp_path: Path) -> None:
    made = stream(config, tmp_path)
    difficulties = [made.shard_plans(number)[0].style.difficulty for number in range(40)]
    assert difficulties[0] == 0.0
    assert difficulties == sorted(difficulties)
    assert difficulties[-1] == 1.0


def test_sources_share_a_shard_by_weight(config: TrainConfig, tmp_path: Path) -> None:
    config = replace(config, sources=(RenderedSource(seed=1001, weight=1.0), RenderedSource(seed=1002, weight=3.0)))
    assert [plan.count for plan in stream(config, tmp_path).shard_plans(2)] == [6, 18]


def test_used_up_shards_are_deleted(config: TrainConfig, tmp_path: Path) -> None:
    rounds(stream(config, tmp_path), 8)
    assert len(list(tmp_path.glob("*.npz"))) <= config.reuse + 2
