import cv2
import numpy as np
import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.draw import Draw
from siga_ocr.data.render import render
from siga_ocr.data.render.coating import broken, dripping, oversprayed
from siga_ocr.data.render.crop import FAMILIES
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import shipped_faces
from siga_ocr.data.render.geometry import Pose, View, look
from siga_ocr.data.render.hand import HandFace, resampled
from siga_ocr.data.render.lighting import Lamp, lit
from siga_ocr.data.render.reliefs import Form, raised
from siga_ocr.data.render.strokes import STROKES
from siga_ocr.data.render.texture import Field
from siga_ocr.data.render.typeset import Margins, Setting, typeset
from siga_ocr.data.render.workpiece import PAINTS, paint_colour, uneven
from siga_ocr.render_style import DEFAULT_FAMILIES, FAMILY_NAMES, RenderStyle, family_style


def view(text: str = "H8", height: int = 60) -> View:
    artwork = typeset(text, shipped_faces()[0], 40, Setting(), Draw(3, 1))
    return look(artwork, Pose(), Margins(left=0.3, top=0.3, right=0.3, bottom=0.3), height, 600)


def square(depth: float) -> Field:
    """A block 20 pixels wide in the middle of a field of 40 x 40."""
    field = np.zeros((40, 40), np.float32)
    field[10:30, 10:30] = depth
    return field


GREY = np.full((40, 40, 3), 100.0, np.float32)


def test_the_map_of_families_holds_those_that_a_style_can_name_and_their_weights_are_shares() -> None:
    assert tuple(FAMILIES) == FAMILY_NAMES
    assert sum(weight for _, weight in DEFAULT_FAMILIES) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_the_glyph_map_lies_where_the_mark_changes_the_surface(family: str) -> None:
    style = family_style(family, RenderStyle(difficulty=0.3, blank=0.0, max_length=8))
    shares = []
    for index in range(16):
        crop = render(21, index, style)
        grey = crop.image.mean(axis=2)
        steps = np.abs(np.diff(grey, axis=1))[:-1] + np.abs(np.diff(grey, axis=0))[:, :-1]
        near = cv2.dilate((crop.glyph_map > 0).astype(np.uint8), np.ones((3, 3), np.uint8))[:-1, :-1] > 0
        shares.append(steps[near].mean() / steps[~near].mean())
    assert np.median(shares) > 1.6


def test_light_from_the_left_brightens_the_left_flank_of_a_block_and_the_right_one_of_a_hole() -> None:
    lamp = Lamp(azimuth=np.pi, elevation=0.7)
    block, hole = lit(GREY, square(1.0), lamp)[20, :, 0], lit(GREY, square(-1.0), lamp)[20, :, 0]
    assert block[9:11].max() > 120 > 80 > block[29:31].min()
    assert hole[29:31].max() > 120 > 80 > hole[9:11].min()


@pytest.mark.parametrize(("kind", "sign"), [("dark", 1), ("bright", -1)])
def test_a_ring_brightens_every_flank_and_the_light_along_the_axis_darkens_it(kind: str, sign: int) -> None:
    picture = lit(GREY, square(1.0), Lamp(kind=kind, shine=0.5))[:, :, 0]
    for flank in (picture[20, 9:11], picture[20, 29:31], picture[9:11, 20], picture[29:31, 20]):
        assert np.all(sign * (flank - picture[20, 20]) > 20)


def test_a_flat_matt_surface_keeps_its_tone_in_raking_light() -> None:
    assert np.allclose(lit(GREY, np.zeros((40, 40), np.float32), Lamp(elevation=0.4)), GREY, atol=0.01)


def test_a_wall_throws_a_shadow_that_is_longer_in_lower_light() -> None:
    dark = [(lit(GREY, square(3.0), Lamp(azimuth=0.0, elevation=e))[20, :9, 0] < 90).sum() for e in (0.4, 1.2)]
    assert dark[0] > dark[1]


def test_the_form_of_a_stroke_has_its_depth_and_its_rim() -> None:
    ink = square(1.0)
    assert raised(ink, 40.0, Form(-0.1, 0.01)).min() == pytest.approx(-4.0, abs=0.3)
    assert raised(ink, 40.0, Form(-0.1, 0.01, 0.8)).max() > 0.3
    assert raised(ink, 40.0, Form(-0.1, 0.01)).max() <= 0.0


def test_uneven_strokes_differ_between_characters_and_never_vanish() -> None:
    seen = view("HHHH")
    factor = uneven(seen, Draw(5, 2), 0.8)
    assert factor.min() >= 0.35 - 1e-6
    means = [float(factor[seen.labels == t].mean()) for t in range(1, 5)]
    assert max(means) - min(means) > 0.2


def test_single_strokes_and_the_hand_draw_all_printable_characters() -> None:
    assert set(STROKES) == set(PRINTABLE)
    face = HandFace(Draw(1, 1), 0.08)
    assert face.covers("".join(PRINTABLE))
    assert all(face.glyph(character, 30).mask.max() > 60 for character in PRINTABLE)


def test_the_hand_never_draws_a_character_twice_alike_and_repeats_itself_under_one_seed() -> None:
    first, other, again = HandFace(Draw(1, 1), 0.08), HandFace(Draw(1, 2), 0.08), HandFace(Draw(1, 1), 0.08)
    drawn = first.glyph("B", 40).mask
    assert np.array_equal(drawn, again.glyph("B", 40).mask)
    for glyph in (first.glyph("B", 40), other.glyph("B", 40)):
        assert glyph.mask.shape != drawn.shape or not np.array_equal(glyph.mask, drawn)


def test_resampling_keeps_the_ends_of_a_stroke() -> None:
    points = resampled(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 6.0]]), 1.0)
    assert np.array_equal(points[[0, -1]], [[0.0, 0.0], [4.0, 6.0]])
    assert len(points) == 11


def test_needles_leave_square_dragged_and_doubled_dots() -> None:
    def covered(face: DotFace) -> int:
        return int((face.glyph("E", 56).mask > 127).sum())

    plain = covered(DotFace(Draw(1, 1), diameter=0.6))
    assert covered(DotFace(Draw(1, 1), diameter=0.6, drag=0.4)) > 1.2 * plain
    assert covered(DotFace(Draw(1, 1), diameter=0.6, twice=1.0)) > 1.2 * plain
    corner = DotFace(Draw(1, 1), diameter=0.9, square=True).glyph("_", 56).mask
    assert covered(DotFace(Draw(1, 1), diameter=0.9, square=True)) != covered(DotFace(Draw(1, 1), diameter=0.9))
    assert corner.max() == 255


def test_paint_runs_down_and_never_up() -> None:
    ink = np.zeros((60, 60), np.float32)
    ink[20:26, 10:50] = 1.0
    dripped = dripping(ink, Draw(2, 3), 30.0, 5)
    assert np.all(dripped >= ink)
    assert dripped[30:].sum() > 3
    assert dripped[:17].sum() == 0


def test_flakes_only_take_paint_away_and_spray_only_lands_near_it() -> None:
    ink = np.zeros((60, 200), np.float32)
    ink[20:40, 20:100] = 1.0
    flaked = [broken(ink, Draw(2, index), 30.0, 0.8) for index in range(8)]
    assert all(np.all(worn <= ink) for worn in flaked)
    assert min(worn.sum() for worn in flaked) < 0.9 * ink.sum()
    sprayed = oversprayed(ink, Draw(2, 9), 30.0, 1.0)
    assert sprayed[:, 130:].sum() == 0


def test_paint_is_chosen_to_differ_from_what_it_stands_on() -> None:
    for tone in (15.0, 80.0, 128.0, 200.0, 245.0):
        ground = np.full((4, 4, 3), tone, np.float32)
        greys = [float(paint_colour(Draw(6, index), ground, 60.0).mean()) for index in range(40)]
        assert min(abs(grey - tone) for grey in greys) > 15
        assert max(greys) <= 1.03 * max(sum(paint) / 3 for paint, _ in PAINTS)
