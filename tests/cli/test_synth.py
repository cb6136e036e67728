import csv
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from siga_ocr.cli.synth import synth
from siga_ocr.data.render import render
from siga_ocr.data.render.rendered_set import Span, contact_sheet, rendered, write_set
from siga_ocr.errors import UsageError
from siga_ocr.render_style import RenderStyle, family_style

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
    assert sheet.shape == (2 * 78, 8 * 200, 3)
