"""One fault at a time: each is there at full strength, and nothing else is."""

import numpy as np
import pytest

from siga_ocr.data.draw import Draw
from siga_ocr.data.render import RenderedCrop, render
from siga_ocr.data.render.camera import exposure, interlaced, jpeg, low_resolution
from siga_ocr.data.render.fault import CHANCES, PHOTOGRAPHIC, Faults, calmed, drawn_faults, legible
from siga_ocr.data.render.fonts import shipped_faces
from siga_ocr.data.render.geometry import fault_pose
from siga_ocr.data.render.lettering import KINDS, lettering_face
from siga_ocr.data.render.scene import fault_setting
from siga_ocr.data.render.typeset import Setting
from siga_ocr.data.render.visible import hidden
from siga_ocr.render_style import FAULTS, LETTERINGS, RenderStyle, family_style


def crops(fault: str, count: int = 12) -> list[RenderedCrop]:
    style = family_style("label", RenderStyle(fault=fault, difficulty=0.0, blank=0.0))
    return [render(11, index, style) for index in range(count)]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_of_one_kind_and_changes_the_crop(fault: str) -> None:
    posed = fault_pose(Draw(1, 1), fault, 4.0) is not None
    set_apart = fault_setting(Setting(), Draw(1, 1), fault) != Setting()
    assert posed + set_apart + (fault in PHOTOGRAPHIC) + (fault == "wear") == 1
    for spoiled in crops(fault, 6):
        assert set(np.unique(spoiled.glyph_map).tolist()) - {0} == set(range(1, len(spoiled.text) + 1))


def test_one_photographic_fault_comes_without_the_others() -> None:
    assert drawn_faults(Draw(1, 1), 1.0, "glare") == Faults(glare=1.0)
    assert drawn_faults(Draw(1, 1), 1.0, "rotation") == Faults()


def test_hard_crops_have_more_faults_than_clean_ones() -> None:
    def count(difficulty: float) -> int:
        return sum(getattr(drawn_faults(Draw(1, index), difficulty), name) > 0 for index in range(200) for name, _, _ in CHANCES)

    assert count(1.0) > 1.8 * count(0.0)


def test_a_quarter_of_the_crops_is_grey() -> None:
    assert 0.18 < np.mean([drawn_faults(Draw(2, index), 0.5).grey > 0 for index in range(400)]) < 0.32


def test_grey_crops_have_no_colour() -> None:
    for crop in crops("grey"):
        assert int(np.ptp(crop.image.astype(np.int64), axis=2).max()) <= 1


def test_combed_rows_differ_from_their_neighbours() -> None:
    image = np.zeros((40, 80, 3), np.float32)
    image[:, 40:] = 200.0
    combed = next(done for done in (interlaced(image, Draw(1, index), 1.0, 30.0) for index in range(9)) if np.ptp(done[:, 36:44], axis=0).max() > 100)
    assert np.abs(np.diff(combed[:, 36:44, 0], axis=0)).max() > 100
    assert np.array_equal(combed[0::2], image[0::2])


def test_an_enlarged_crop_keeps_its_size_and_loses_its_detail() -> None:
    image = Draw(3, 3).generator.uniform(0, 255, (60, 200, 3)).astype(np.float32)
    small = low_resolution(image, Draw(1, 1), 1.0, 50.0)
    assert small.shape == image.shape
    assert float(small.std()) < 0.6 * float(image.std())


def test_text_and_ground_stay_apart_however_the_crop_is_exposed() -> None:
    image = np.full((30, 60, 3), 150.0, np.float32)
    image[10:20, 10:50] = 90.0
    for index in range(40):
        taken = exposure(image, Draw(1, index), 1.0, (90.0, 150.0))
        assert taken[0, 0, 0] - taken[15, 30, 0] > 11


def test_stronger_compression_loses_more() -> None:
    pixels = np.repeat(np.tile(np.arange(0, 240, 12, dtype=np.uint8), (60, 10))[:, :, None], 3, axis=2)
    loss = [np.abs(jpeg(pixels, Draw(1, 1), strength, 40.0).astype(float) - pixels).mean() for strength in (0.1, 1.0)]
    assert loss[1] > 2 * loss[0]


@pytest.mark.parametrize("lettering", LETTERINGS)
def test_each_lettering_is_the_same_on_every_machine(lettering: str) -> None:
    paths = {face.path for face in shipped_faces()}
    for index in range(20):
        face = lettering_face(Draw(1, index), lettering, (), "A1")
        assert getattr(face, "path", "") in paths or lettering in ("strokes", "dots", "segments")
        assert face.covers("A1")


def test_every_named_font_is_shipped() -> None:
    assert {name for names in KINDS.values() for name in names} == {face.name for face in shipped_faces()}


def test_a_text_that_segments_cannot_show_is_set_in_a_shipped_font() -> None:
    assert lettering_face(Draw(1, 1), "segments", (), "KW").covers("KW")


def test_raising_the_contrast_of_a_dark_crop_does_not_black_it_out() -> None:
    labels = np.zeros((30, 60), np.uint8)
    labels[8:22, 10:50:6] = 1
    dark = np.full((30, 60, 3), 6.0, np.float32)
    dark[labels > 0] += 6
    raised = legible(dark, labels, 60.0)
    assert raised[labels > 0].mean() - raised[labels == 0].mean() > 12
    assert raised.mean() > 30


def test_characters_that_are_lost_in_their_ground_are_counted() -> None:
    labels = np.zeros((30, 80), np.uint8)
    for place in range(4):
        labels[8:22, 8 + 18 * place : 11 + 18 * place] = place + 1
    pixels = np.full((30, 80, 3), 120, np.uint8)
    assert hidden(pixels, labels) == 1.0
    pixels[labels > 0] = 200
    assert hidden(pixels, labels) == 0.0
    pixels[labels == 3] = 121
    assert hidden(pixels, labels) == 0.25
    assert hidden(pixels, np.zeros_like(labels)) == 0.0


def test_few_crops_hide_a_character() -> None:
    style = RenderStyle(blank=0.0, families=(("print", 1.0), ("label", 1.0), ("sleeve", 1.0), ("etch", 1.0)))
    assert np.mean([hidden(crop.image, crop.glyph_map) > 0 for crop in (render(13, index, style) for index in range(120))]) < 0.05


def test_calmed_faults_are_weaker_and_of_the_same_kinds() -> None:
    faults = drawn_faults(Draw(1, 4), 1.0)
    calm = calmed(faults)
    assert calm.grey == faults.grey
    for name in PHOTOGRAPHIC:
        assert (getattr(calm, name) > 0) == (getattr(faults, name) > 0)
        assert getattr(calm, name) < getattr(faults, name) or getattr(faults, name) == 0 or name == "grey"


def test_low_resolution_goes_down_to_files_of_few_rows() -> None:
    heights = [crop.image.shape[0] for crop in crops("low_resolution", 40)]
    assert min(heights) <= 14
    assert min(heights) >= 8
