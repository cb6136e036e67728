import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.synth import synth
from siga_ocr.data.render import render
from siga_ocr.data.render.rendered_set import CAPTION, CELL, COLUMNS, Span, contact_sheet, rendered, write_set
from siga_ocr.errors import DiskError, UsageError
from siga_ocr.render_style import DEFAULT_FAMILIES, RenderStyle, family_style

app = typer.Typer()
app.command()(synth)


def test_a_folder_holds_every_crop_with_its_text(tmp_path: Path) -> None:
    out, sheet = tmp_path / "set", tmp_path / "sheet.png"
    result = CliRunner().invoke(app, ["--out", str(out), "--count", "5", "--seed", "3", "--style", "label", "--preview", str(sheet)])
    assert result.exit_code == 0, result.output
    with (out / "labels.csv").open(encoding="utf-8") as labels:
        rows = list(csv.DictReader(labels))
    style = family_style("label", RenderStyle())
    assert [row["text"] for row in rows] == [render(3, index, style).text for index in range(5)]
    for index, row in enumerate(rows):
        with Image.open(out / row["file"]) as image:
            assert (image.height, image.width) == render(3, index, style).glyph_map.shape
    assert sheet.stat().st_size > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "sheet.png"]


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="exists already"):
        list(write_set(tmp_path, Span(1, 0, 1, RenderStyle()), 0))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_that_stops_half_way_leaves_nothing(tmp_path: Path) -> None:
    writing = write_set(tmp_path / "set", Span(1, 0, 4, RenderStyle()), 0)
    next(writing)
    writing.close()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_style_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "set"), "--count", "1", "--style", "graffiti"])
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "set").exists()


def test_workers_do_not_change_the_crops() -> None:
    whole = Span(9, 0, 70, family_style("print", RenderStyle()))
    alone, together = list(rendered(whole, 0)), list(rendered(whole, 2))
    assert [crop.text for crop in alone] == [crop.text for crop in together]
    assert all((a.image == b.image).all() and (a.glyph_map == b.glyph_map).all() for a, b in zip(alone, together, strict=True))


def test_a_contact_sheet_has_room_for_all() -> None:
    sheet = contact_sheet([render(1, index, RenderStyle()) for index in range(9)])
    width, height = CELL
    assert sheet.shape == (3 * (height + CAPTION), COLUMNS * width, 3)


def test_the_longest_text_fits_beneath_its_crop() -> None:
    crop = replace(render(1, 1, family_style("counter", RenderStyle(blank=0.0))), text="W" * 40)
    sheet = contact_sheet([crop] * COLUMNS)
    caption = sheet[CELL[1] :].min(axis=(0, 2))
    for column in range(COLUMNS):
        assert caption[column * CELL[0] : (column + 1) * CELL[0] - 3].min() < 128
        assert caption[(column + 1) * CELL[0] - 3 : (column + 1) * CELL[0]].min() == 255


def test_the_mixture_gets_a_sheet_of_each_family(tmp_path: Path) -> None:
    out, sheet = tmp_path / "set", tmp_path / "look.png"
    result = CliRunner().invoke(app, ["--out", str(out), "--count", "2", "--preview", str(sheet)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.glob("*.png")} == {"look.png", *(f"look-{name}.png" for name, _ in DEFAULT_FAMILIES)}
    with Image.open(tmp_path / "look-peen.png") as picture:
        wanted = contact_sheet([render(0, index, family_style("peen", RenderStyle())) for index in range(2)])
        assert np.array_equal(np.asarray(picture), wanted)


def test_a_place_for_the_sheet_that_does_not_exist_is_refused_before_any_work(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "set"), "--count", "1", "--preview", str(tmp_path / "none" / "look.png")])
    assert isinstance(result.exception, UsageError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("taken", "asked"), [("look.png", "look.png"), ("look-peen.png", "look.png"), ("", "."), ("", "set")])
def test_a_sheet_replaces_nothing_and_is_refused_before_any_work(tmp_path: Path, taken: str, asked: str) -> None:
    if taken:
        (tmp_path / taken).write_text("mine")
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "set"), "--count", "1", "--preview", str(tmp_path / asked)])
    assert isinstance(result.exception, UsageError)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == ([(taken, "mine")] if taken else [])


def test_a_sheet_whose_name_no_file_can_have_is_refused_before_any_work(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "set"), "--count", "1", "--preview", str(tmp_path / ("x" * 300))])
    assert isinstance(result.exception, DiskError)
    assert not list(tmp_path.iterdir())


def test_one_fault_can_be_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "set"
    result = CliRunner().invoke(app, ["--out", str(out), "--count", "1", "--seed", "3", "--style", "label", "--fault", "glare"])
    assert result.exit_code == 0, result.output
    with Image.open(out / "img" / "000000.png") as picture:
        assert np.array_equal(np.asarray(picture), render(3, 0, family_style("label", RenderStyle(fault="glare"))).image)
    refused = CliRunner().invoke(app, ["--out", str(tmp_path / "other"), "--count", "1", "--fault", "earthquake"])
    assert isinstance(refused.exception, UsageError)
