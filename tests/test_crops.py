"""Rules of finding and opening images: whatever a file is, it becomes pixels or a reason."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from siga_ocr import pixels
from siga_ocr.crops import Crop, read_crop
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


def test_a_crop_checks_itself() -> None:
    with pytest.raises(UsageError):
        Crop(np.zeros((4, 4), dtype=np.uint8), "a")
