"""Fonts, dots, strokes, geometry and textures: the parts that crops are made of."""

from pathlib import Path

import numpy as np
import pytest

from siga_ocr.charset import PRINTABLE
from siga_ocr.data.corpus import DIGITS, LETTERS
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.counter import random_wheels
from siga_ocr.data.render.dots import DotFace, matrix
from siga_ocr.data.render.fault import legible
from siga_ocr.data.render.fonts import SHIPPED, choice, faces, shipped_faces, usable_face
from siga_ocr.data.render.geometry import Pose, look
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.segments import LIT, SegmentFace
from siga_ocr.data.render.strokes import STROKES, StrokeFace
from siga_ocr.data.render.texture import KINDS, cut, tile
from siga_ocr.data.render.typeset import Margins, Setting, typeset


def test_every_shipped_font_is_usable_and_has_its_licence_beside_it() -> None:
    files = sorted(SHIPPED.glob("*.[to]tf"))
    assert len(shipped_faces()) == len(files) >= 5
    licences = "".join(path.read_text() for path in SHIPPED.glob("LICENSE-*.txt"))
    assert all(path.name in licences for path in files)
    assert sum(path.stat().st_size for path in files) < 1_500_000


def test_the_faces_are_sorted_and_hold_the_shipped_ones() -> None:
    names = [face.path.rpartition("/")[2].lower() for face in faces("")]
    assert names == sorted(names)
    assert {face.path for face in shipped_faces()} <= {face.path for face in faces("")}


def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font at all")
    assert usable_face(str(tmp_path / "broken.ttf")) is None


def test_a_choice_keeps_to_its_words() -> None:
    assert all("vera" in face.name.lower() for face in choice("", ("vera",)).faces)
    assert choice("", ("no such face",)).faces == faces("")


@pytest.mark.parametrize(
    "face", [*shipped_faces(), StrokeFace(0.12), DotFace(Draw(1, 1)), DotFace(Draw(1, 1), 9), DotFace(Draw(1, 1), 12, str(SHIPPED / "VeraMono.ttf"))]
)
def test_capitals_and_digits_are_as_high_as_asked_and_stand_on_the_baseline(face: Face) -> None:
    for character in LETTERS + DIGITS:
        glyph = face.glyph(character, 40)
        rows = np.flatnonzero((glyph.mask > 127).any(axis=1)) + glyph.top
        assert -46 <= rows[0] <= -34
        assert -6 <= rows[-1] <= 11  # the tails of Q and J hang lower
        assert glyph.advance > 0


@pytest.mark.parametrize("rows", [7, 9])
def test_the_dot_matrix_draws_each_printable_character_in_its_own_way(rows: int) -> None:
    matrices = [matrix(character, rows, "", False) for character in PRINTABLE]
    assert len({(dots.shape, dots.tobytes()) for dots in matrices}) == len(PRINTABLE)


def test_capitals_and_digits_of_the_larger_matrix_have_nine_rows_and_up_to_seven_columns() -> None:
    for character in LETTERS + DIGITS:
        dots = matrix(character, 9, "", False)
        assert dots.shape[0] == 9
        assert 1 <= dots.shape[1] <= 7
        assert dots[0].any()
        assert dots[8].any()
    for character in "HIOTU08":
        dots = matrix(character, 9, "", False)
        assert np.array_equal(dots, dots[:, ::-1])


def test_strokes_and_segments_differ_between_characters() -> None:
    assert len({StrokeFace(0.1).glyph(c, 40).mask.tobytes() for c in STROKES}) == len(STROKES)
    assert len({SegmentFace().glyph(c, 40).mask.tobytes() for c in LIT}) == len(LIT)


def test_typesetting_labels_its_own_characters_alone() -> None:
    face = shipped_faces()[0]
    bare = typeset("AB 12", face, 28, Setting(), Draw(3, 1))
    crowded = typeset("AB 12", face, 28, Setting(line_pitch=1.3, neighbours=(0.4, 0.4)), Draw(3, 1))
    assert set(np.unique(bare.labels)) == set(np.unique(crowded.labels)) == {0, 1, 2, 3, 4}
    assert np.array_equal(bare.coverage > 0, bare.coverage * (crowded.coverage > 0) > 0)
    assert (crowded.coverage > 0).sum() > (bare.coverage > 0).sum()


def test_the_crop_is_the_ink_with_its_margins() -> None:
    artwork = typeset("HHHH", shipped_faces()[0], 40, Setting(), Draw(3, 1))
    view = look(artwork, Pose(), Margins(left=0.5, top=0.5, right=0.5, bottom=0.5), 64, 600)
    rows, columns = np.flatnonzero((view.ink > 0.5).any(axis=1)), np.flatnonzero((view.ink > 0.5).any(axis=0))
    assert view.ink.shape[0] == 64
    assert rows[0] == pytest.approx(0.5 * view.cap, abs=3)
    assert 64 - rows[-1] == pytest.approx(0.5 * view.cap, abs=12)
    assert columns[0] == pytest.approx(0.5 * view.cap, abs=3)
    assert view.ink.shape[1] - columns[-1] == pytest.approx(0.5 * view.cap, abs=3)


@pytest.mark.parametrize("pose", [Pose(turn=10.0), Pose(shear=0.3), Pose(tilt=(0.2, 0.1)), Pose(arc=0.2), Pose(roll=0.6), Pose(barrel=0.5)])
def test_no_pose_moves_a_character_out_of_the_crop(pose: Pose) -> None:
    artwork = typeset("A1B2", shipped_faces()[0], 40, Setting(), Draw(3, 1))
    view = look(artwork, pose, Margins(), 60, 600)
    assert set(np.unique(view.labels)) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("kind", KINDS)
def test_textures_have_no_mean_and_fit_any_shape(kind: str) -> None:
    assert abs(float(tile(kind).mean())) < 1e-3
    assert float(tile(kind).std()) == pytest.approx(1.0, abs=1e-3)
    assert cut(kind, (37, 700), Draw(1, 2), 0.5).shape == (37, 700)


def test_each_wheel_shows_the_digit_that_is_nearest_to_the_middle() -> None:
    for index in range(200):
        assert all(abs(roll) < 0.5 for roll in random_wheels(Draw(5, index), "01999", 1.0).rolls)


def test_contrast_is_raised_only_where_it_is_missing() -> None:
    labels = np.zeros((30, 60), np.uint8)
    labels[8:22, 10:50:6] = 1
    faint = np.full((30, 60, 3), 120.0, np.float32)
    faint[labels > 0] += 5
    clear = np.full((30, 60, 3), 120.0, np.float32)
    clear[labels > 0] += 80
    raised = legible(faint, labels, 25.0)
    assert raised[labels > 0].mean() - raised[labels == 0].mean() > 12
    assert np.array_equal(legible(clear, labels, 25.0), clear)
