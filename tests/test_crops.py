"""Rules of finding and opening images: whatever a file is, it becomes pixels or a reason."""

import contextlib
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from siga_ocr import pixels
from siga_ocr.crops import Crop, cut, decode_image, read_crop, to_crop
from siga_ocr.errors import UnreadableImage, UsageError

COLOUR = (10, 100, 200)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp"])
def test_lossless_kinds_give_the_pixels_back(tmp_path: Path, name: str) -> None:
    image = Image.new("RGB", (7, 5), COLOUR)
    image.save(tmp_path / name, lossless=True)
    crop = read_crop(str(tmp_path / name))
    assert crop.source == str(tmp_path / name)
    assert crop.image.shape == (5, 7, 3)
    assert (crop.image == COLOUR).all()


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (10, 100, 200, 255), COLOUR),
    ],
)
def test_every_mode_becomes_rgb_and_transparency_white(
    tmp_path: Path, mode: str, value: int | tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    Image.new(mode, (6, 4), value).save(tmp_path / "a.png")
    assert (read_crop(str(tmp_path / "a.png")).image == expected).all()


def test_palettes_with_a_transparent_colour_and_cmyk_are_understood(tmp_path: Path) -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([9, 9, 9, 10, 100, 200])
    palette.save(tmp_path / "opaque.png")
    palette.save(tmp_path / "clear.png", transparency=1)
    Image.new("CMYK", (8, 8), (0, 0, 0, 255)).save(tmp_path / "print.jpg")
    assert (read_crop(str(tmp_path / "opaque.png")).image == COLOUR).all()
    assert (read_crop(str(tmp_path / "clear.png")).image == 255).all()
    assert read_crop(str(tmp_path / "print.jpg")).image.max() < 10


@pytest.mark.parametrize(("brightest", "full"), [(1000, 1023), (4000, 4095), (65535, 65535), (200, 255)])
def test_more_than_8_bits_are_scaled_by_the_depth_that_holds_them(tmp_path: Path, brightest: int, full: int) -> None:
    levels = np.array([[0, brightest // 2, brightest]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "deep.png")
    expected = np.round(levels * 255.0 / full)[0]
    assert np.array_equal(read_crop(str(tmp_path / "deep.png")).image[0, :, 0], expected)


def test_fractions_are_scaled_from_one(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0.0, 0.5, 1.0, np.nan]], dtype=np.float32)).save(tmp_path / "float.tif")
    assert read_crop(str(tmp_path / "float.tif")).image[0, :, 0].tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize(("levels", "read"), [([0.0, 0.5, 1.002], [0, 127, 255]), ([0.0, 1.0, 1.0], [0, 255, 255]), ([0.0, 0.4, 2.0], [0, 0, 2])])
def test_floating_point_levels_that_overshoot_one_are_fractions_still(tmp_path: Path, levels: list[float], read: list[int]) -> None:
    Image.fromarray(np.array([levels], dtype=np.float32)).save(tmp_path / "float.tif")
    assert read_crop(str(tmp_path / "float.tif")).image[0, :, 0].tolist() == read


def test_the_picture_stands_upright_and_the_first_page_counts(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    Image.new("RGB", (9, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert read_crop(str(tmp_path / "turned.jpg")).image.shape == (9, 4, 3)
    pages = [Image.new("RGB", (3, 3), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert (read_crop(str(tmp_path / "pages.tif")).image == (255, 0, 0)).all()


def make_unreadable(folder: Path) -> dict[str, str]:
    """Files that are no images, with a word of the reason each must give."""
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is text")
    Image.effect_noise((64, 64), 80).save(folder / "whole.png")
    whole = (folder / "whole.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "head.png").write_bytes(whole[:20])
    (folder / "vector.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    return {
        "empty.png": "empty",
        "text.png": "no image",
        "cut.png": "damaged",
        "head.png": "image",
        "vector.png": "no image",
        "folder.png": "folder",
        "pipe.png": "regular",
        "absent.png": "no such file",
        "zero\0byte.png": "cannot be opened",
    }


def test_what_is_no_image_gives_a_reason_in_one_line_without_the_path(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, word in make_unreadable(tmp_path).items():
        with pytest.raises(UnreadableImage, match=word) as caught:
            read_crop(str(tmp_path / name))
        assert "\n" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_file_without_permission_gives_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "locked.png")

    def refuse(path: Path, *_: object) -> None:  # the superuser, whom no mode bits stop, runs this test too
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableImage, match=r"cannot be opened: Permission denied$"):
        read_crop(str(tmp_path / "locked.png"))


def test_a_huge_image_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (50, 50)).save(tmp_path / "big.png")
    monkeypatch.setattr(pixels, "MAX_PIXELS", 2499)
    with pytest.raises(UnreadableImage, match="50 x 50"):
        read_crop(str(tmp_path / "big.png"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableImage, match="million pixels"):
        read_crop(str(tmp_path / "big.png"))


def test_cut_short_images_of_each_kind_are_damaged_and_nothing_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture = Image.effect_noise((64, 64), 80)
    for name, options in (("a.png", {}), ("a.jpg", {}), ("a.webp", {}), ("a.gif", {}), ("a.bmp", {}), ("a.tif", {"compression": "tiff_lzw"})):
        picture.save(tmp_path / name, **options)
        whole = (tmp_path / name).read_bytes()
        for part in (len(whole) // 2, 16):
            with pytest.raises(UnreadableImage, match="damaged"):
                decode_image(whole[:part], name)
    assert capfd.readouterr() == ("", "")


def test_damaged_fax_lines_do_not_reach_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stripes = np.indices((64, 64)).sum(axis=0) % 7 < 3
    Image.fromarray(stripes).save(tmp_path / "fax.tif", compression="group4")
    whole = bytearray((tmp_path / "fax.tif").read_bytes())
    for place in range(8, 40):
        whole[place] ^= 0x5A
    with contextlib.suppress(UnreadableImage):
        decode_image(bytes(whole), "fax.tif")
    assert capfd.readouterr() == ("", "")


def test_a_damaged_exif_block_spoils_no_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (9, 4)).save(tmp_path / "a.jpg", exif=exif)
    data = (tmp_path / "a.jpg").read_bytes()
    spoilt = data.replace(b"Exif\0\0MM\0*", b"Exif\0\0XXXX").replace(b"Exif\0\0II*\0", b"Exif\0\0XXXX")
    assert spoilt != data
    assert decode_image(spoilt, "a").image.shape == (4, 9, 3)


@pytest.mark.parametrize("number", range(1, 9))
def test_every_orientation_shows_the_same_picture(tmp_path: Path, number: int) -> None:
    upright = np.random.default_rng(0).integers(0, 256, (4, 9), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = number
    # EXIF says where the first row and column of what is stored lie in what is seen
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[number]
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_crop(str(tmp_path / "a.png")).image[:, :, 0], upright)


@pytest.mark.parametrize("kind", ["JPEG2000", "AVIF", "PDF"])
def test_other_kinds_are_refused_whatever_they_are_called(tmp_path: Path, kind: str) -> None:
    if kind != "PDF" and not features.check({"JPEG2000": "jpg_2000", "AVIF": "avif"}[kind]):
        pytest.skip("not built in")
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png", format=kind)
    with pytest.raises(UnreadableImage, match="no image of a known kind"):
        read_crop(str(tmp_path / "a.png"))


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "LA", "I;16", "F", "CMYK", "YCbCr"])
def test_files_bytes_and_pictures_give_the_same_pixels(tmp_path: Path, mode: str) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint16) * 257
    picture = Image.fromarray(grey) if mode == "I;16" else Image.fromarray((grey // 257).astype(np.uint8)).convert(mode)
    picture.save(tmp_path / "a.tif")
    from_file = read_crop(str(tmp_path / "a.tif")).image
    assert np.array_equal(decode_image((tmp_path / "a.tif").read_bytes(), "a").image, from_file)
    assert np.abs(to_crop(picture, "a").image.astype(int) - from_file).max() <= 2  # a file's YCbCr is rounded once more


def test_arrays_of_every_shape_are_taken() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    assert np.array_equal(to_crop(rgb, "a").image, rgb)
    assert np.array_equal(to_crop(rgb[:, :, 0]).image, np.repeat(rgb[:, :, :1], 3, axis=2))
    assert np.array_equal(to_crop(rgb[:, :, :1]).image, np.repeat(rgb[:, :, :1], 3, axis=2))
    assert np.array_equal(to_crop(rgb[::-1].astype(np.uint16) * 257).image, rgb[::-1])
    clear = np.dstack([rgb, np.full((4, 6), 255, dtype=np.uint8)])
    clear[0, 0, 3] = 0
    assert np.array_equal(to_crop(clear).image[0, 0], [255, 255, 255])
    assert np.array_equal(to_crop(clear).image[1:], rgb[1:])
    for wrong in (rgb.astype(np.float32), rgb[:0], rgb[None], rgb[:, :, :2]):
        with pytest.raises(UnreadableImage, match=r"\[h, w, 3\]"):
            to_crop(wrong)


def test_a_region_is_cut_out_and_what_sticks_out_left_away() -> None:
    crop = Crop(np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8), "a")
    assert np.array_equal(cut(crop, (1, 2, 3, 2)).image, crop.image[2:4, 1:4])
    assert np.array_equal(cut(crop, (4, 3, 100, 100)).image, crop.image[3:, 4:])
    assert np.array_equal(cut(crop, (-2, -1, 3, 2)).image, crop.image[:1, :1])
    for outside in ((6, 0, 1, 1), (0, 4, 1, 1), (-3, 0, 3, 1)):
        with pytest.raises(UnreadableImage, match="outside the image of 6 x 4"):
            cut(crop, outside)


def test_warnings_stay_as_they_were_however_many_threads_open_images(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read_crop, [str(tmp_path / "a.png")] * 200))
    assert warnings.filters == before


def test_a_crop_checks_itself() -> None:
    with pytest.raises(UsageError):
        Crop(np.zeros((4, 4), dtype=np.uint8), "a")
