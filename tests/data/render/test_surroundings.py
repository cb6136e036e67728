"""What stands around the text never touches it, and is there when it is asked for."""

import numpy as np
import pytest

from siga_ocr.data.corpus import Code
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.fonts import shipped_faces
from siga_ocr.data.render.scene import Job, Shot, shoot
from siga_ocr.data.render.surface import MATERIALS, Wanted, surface
from siga_ocr.data.render.surroundings import HOUSED, THINGS, surrounded
from siga_ocr.data.render.symbols import OUTLINED, SIDE, SOLID, random_symbol, scribble
from siga_ocr.data.render.typeset import Margins, Setting
from siga_ocr.render_style import FAULTS, RenderStyle


def grey_shot(text: str, index: int, style: RenderStyle) -> tuple[Shot, Job]:
    job = Job(Code(text), Draw(3, index), style, style.difficulty)
    view, height = shoot(job, shipped_faces()[0], Setting(margins=Margins(left=1.0, top=0.8, right=1.0, bottom=0.8)), None, 48)
    return Shot(np.full((*view.ink.shape, 3), 128.0, np.float32), view, height), job


@pytest.mark.parametrize("thing", sorted(THINGS))
def test_each_thing_shows_beside_the_text_and_never_on_it(thing: str) -> None:
    assert thing in FAULTS
    seen = 0
    for index in range(25):
        shot, job = grey_shot("AB12", index, RenderStyle(fault=thing))
        changed = np.abs(surrounded(shot, job, "print").image - shot.image).max(axis=2) > 6.0
        assert not changed[shot.view.labels > 0].any()
        seen += bool(changed.any())
    assert seen >= 15


def test_clean_crops_and_families_with_a_housing_of_their_own_stay_as_they_are() -> None:
    for index in range(20):
        shot, job = grey_shot("AB12", index, RenderStyle(difficulty=0.0))
        assert surrounded(shot, job, "print") is shot
        hard, hard_job = grey_shot("AB12", index, RenderStyle(difficulty=1.0))
        assert all(surrounded(hard, hard_job, family) is hard for family in HOUSED)


def test_most_blanks_hold_something() -> None:
    changed = []
    for index in range(40):
        shot, job = grey_shot("   ", index, RenderStyle(difficulty=0.5))
        changed.append(bool((surrounded(shot, job, "counter").image != shot.image).any()))
    assert 15 < sum(changed) < 36


@pytest.mark.parametrize("solid", [True, False])
def test_symbols_fill_their_square_partly(solid: bool) -> None:
    for index in range(40):
        picture = random_symbol(Draw(4, index), solid)
        assert picture.shape == (SIDE, SIDE)
        assert 0.03 < (picture > 127).mean() < 0.8
    assert len(SOLID) + len(OUTLINED) > 8


def test_a_stroke_by_hand_comes_from_outside() -> None:
    for index in range(20):
        stroke = scribble(Draw(5, index)) > 127
        assert stroke[0].any() or stroke[-1].any() or stroke[:, 0].any() or stroke[:, -1].any()


@pytest.mark.parametrize("name", sorted(MATERIALS))
def test_every_material_keeps_near_its_tone_and_is_no_flat_colour(name: str) -> None:
    for index in range(6):
        image = surface(Draw(6, index), (50, 140), Wanted((name,), tone=120.0))
        assert image.shape == (50, 140, 3)
        assert 60.0 < float(image.mean()) < 165.0
        assert float(image.mean(axis=2).std()) > 0.5


def test_cables_are_darker_at_their_sides() -> None:
    sides = [surface(Draw(7, index), (60, 200), Wanted(("cable",), tone=120.0)).mean(axis=(1, 2)) for index in range(20)]
    assert np.mean([(rows[0] + rows[-1]) / 2 / rows[25:35].mean() for rows in sides]) < 0.85


def test_rust_is_never_green_or_blue() -> None:
    for index in range(20):
        red, green, blue = surface(Draw(8, index), (40, 80), Wanted(("rusty",), tone=90.0)).mean(axis=(0, 1))
        assert red > green > 0.9 * blue
