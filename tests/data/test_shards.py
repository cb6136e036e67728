"""Shards: the same bytes whoever renders them, whole files, and nothing that the model cannot write."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from siga_ocr.config import compact
from siga_ocr.data.shards import FittedCrops, ShardPlan, ShardStore, collect, join, read_shard, render_piece, write_shard
from siga_ocr.data.workers import Workers
from siga_ocr.preprocess import fit
from siga_ocr.render_style import RenderStyle

INPUT = compact().input
PLAN = ShardPlan(1000, 5, 150, RenderStyle(difficulty=0.5, families=(("print", 1.0),)), INPUT, compact().characters, 40)


def same(one: FittedCrops, other: FittedCrops) -> bool:
    return one.texts == other.texts and (one.widths == other.widths).all() and (one.pixels == other.pixels).all()


def store(folder: Path) -> ShardStore:
    return ShardStore(folder, Workers[ShardPlan, FittedCrops](render_piece, 0))


@pytest.fixture(scope="module")
def shard() -> FittedCrops:
    return join([render_piece(piece) for piece in PLAN.pieces()])


def test_pieces_are_the_whole_in_order() -> None:
    indices = [index for piece in PLAN.pieces() for index in range(piece.first, piece.first + piece.count)]
    assert indices == list(range(5, 155))


def test_a_shard_holds_what_the_renderer_draws(shard: FittedCrops) -> None:
    from siga_ocr.data.render import render

    assert len(shard) + shard.left_out == 150
    assert shard.left_out == 0
    for row in (0, 70, 149):
        drawn = render(1000, 5 + row, PLAN.style)
        assert shard.texts[row] == drawn.text
        assert (shard.crop(row) == fit(drawn.image, INPUT)).all()


def test_files_are_the_same_bytes_for_any_number_of_workers(tmp_path: Path, shard: FittedCrops) -> None:
    assert same(store(tmp_path / "0").begin(PLAN)(), shard)
    with Workers[ShardPlan, FittedCrops](render_piece, 2) as workers:
        assert same(ShardStore(tmp_path / "2", workers).begin(PLAN)(), shard)
    assert (tmp_path / "0" / PLAN.name).read_bytes() == (tmp_path / "2" / PLAN.name).read_bytes()


def test_a_shard_on_the_disk_is_not_rendered_again(tmp_path: Path, shard: FittedCrops) -> None:
    write_shard(tmp_path / PLAN.name, shard)

    def forbidden(plan: ShardPlan) -> FittedCrops:
        raise AssertionError(plan)

    assert same(ShardStore(tmp_path, Workers(forbidden, 0)).begin(PLAN)(), shard)


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"", lambda content: b"x" + content[1:]])
def test_a_damaged_file_is_rendered_again(tmp_path: Path, shard: FittedCrops, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / PLAN.name
    write_shard(path, shard)
    path.write_bytes(damage(path.read_bytes()))
    assert same(store(tmp_path).begin(PLAN)(), shard)


def test_other_content_has_another_name() -> None:
    others = [
        replace(PLAN, first=6),
        replace(PLAN, style=replace(PLAN.style, difficulty=0.6)),
        replace(PLAN, max_length=39),
        replace(PLAN, input=replace(INPUT, resample="bicubic")),
    ]
    assert len({plan.name for plan in [PLAN, *others]}) == 5


def test_only_the_shards_that_are_needed_stay(tmp_path: Path, shard: FittedCrops) -> None:
    other = replace(PLAN, first=155)
    for plan in (PLAN, other):
        write_shard(tmp_path / plan.name, shard)
    (tmp_path / "notes.txt").write_text("not ours")
    store(tmp_path).keep_only([other])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["notes.txt", other.name])


def test_texts_that_the_model_cannot_write_are_left_out(shard: FittedCrops) -> None:
    digits = render_piece(replace(PLAN, characters="0123456789", count=128))
    short = render_piece(replace(PLAN, max_length=5, count=128))
    expected = shard.texts[:128]
    assert list(digits.texts) == [text for text in expected if set(text) <= set("0123456789")]
    assert list(short.texts) == [text for text in expected if len(text) <= 5]
    assert digits.left_out == 128 - len(digits)
    assert short.left_out == 128 - len(short) > 0


def colour_crops() -> Iterator[tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], str]]:
    rng = np.random.default_rng(0)
    for width, text in ((7, "A"), (30, ""), (11, "ÄÖ")):
        yield rng.integers(0, 256, (3, 32, width), dtype=np.uint8), text


def test_crops_of_any_width_and_text_survive_the_file(tmp_path: Path) -> None:
    crops = list(colour_crops())
    path = tmp_path / "shard.npz"
    write_shard(path, collect(crops, replace(INPUT, channels=3), left_out=2))
    read = read_shard(path)
    assert read is not None
    assert read.left_out == 2
    assert read.texts == ("A", "", "ÄÖ")
    assert all((read.crop(row) == crop).all() for row, (crop, _) in enumerate(crops))


def test_parts_that_do_not_belong_together_are_refused() -> None:
    crops = collect(list(colour_crops()), replace(INPUT, channels=3))
    with pytest.raises(ValueError, match="belong together"):
        replace(crops, texts=("A",))
