"""The door for images: whatever bytes a file holds, it becomes a crop or a reason in one line, within bounds."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from siga_ocr.config import InputConfig
from siga_ocr.crops import decode_image
from siga_ocr.decoders import KINDS, MAX_SCANS
from siga_ocr.errors import UnreadableImage
from siga_ocr.intake import IntakeOptions, take
from siga_ocr.pixels import MAX_PIXELS
from tests.doors.edits import edited
from tests.doors.trial import try_door, watched, within

MEMORY = 20 * MAX_PIXELS + 2**29
"""What one image may take beyond what is there: twenty bytes a pixel of the largest, and the room that libraries reserve."""


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.copy().save(stream, kind, **options)  # a picture remembers how it was stored last
    return stream.getvalue()


def wholes() -> list[bytes]:
    """Small pictures of every kind and mode that is read."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, 4), dtype=np.uint8)
    rgb, clear, grey = Image.fromarray(pixels[..., :3]), Image.fromarray(pixels), Image.fromarray(pixels[..., 0])
    deep, real = Image.fromarray(pixels[..., 0].astype(np.uint16) * 16), Image.fromarray(pixels[..., 0].astype(np.float32) / 255)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words" * 9
    found = [stored(picture, "PNG") for picture in (rgb, clear, grey, deep, rgb.quantize(8), grey.convert("1"), clear.convert("LA"))]
    found += [stored(rgb.quantize(8), "PNG", transparency=3), stored(rgb, "PNG", exif=exif)]
    found += [stored(rgb, "JPEG", exif=exif), stored(rgb, "JPEG", progressive=True), stored(rgb.convert("CMYK"), "JPEG"), stored(grey, "JPEG")]
    found += [stored(rgb, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits")]
    found += [stored(picture, "TIFF") for picture in (deep, real, clear, rgb.convert("CMYK"), rgb.convert("LAB"))]
    found += [stored(grey.convert("1"), "TIFF", compression="group4"), stored(rgb, "TIFF", save_all=True, append_images=[grey, rgb])]
    found += [stored(picture, "BMP") for picture in (rgb, grey, rgb.quantize(8), clear)]
    found += [stored(rgb, "WEBP"), stored(clear, "WEBP", lossless=True), stored(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(9)], exif=exif)]
    found += [stored(rgb, "GIF", save_all=True, append_images=[grey]), stored(clear.quantize(8), "GIF"), run_lengths()]
    found += [stored(picture, "PPM") for picture in (rgb, grey, deep, grey.convert("1"))]
    return [*found, b"P2 3 2 9\n1 2 3 4 5 6", b"P3 1 2 255 1 2 3 4 5 6", b"P1 2 2 1 0 0 1", b"Pf 2 1 -1.0\n" + bytes(8)]


def run_lengths() -> bytes:
    """A BMP of run lengths, which Pillow reads and does not write."""
    runs = b"\x14\1\0\0" * 10 + b"\0\2\2\0" + b"\x12\3\0\0" + b"\0\5abcde\0" + b"\x0f\1" + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, 20, 12, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 14 + 40 + 1024 + len(runs), 0, 0, 14 + 40 + 1024) + head + bytes(range(256)) * 4 + runs


WHOLES = wholes()


def holds(data: bytes) -> None:
    """A crop of the right kind, or a reason in one line; both ways in agree."""
    try:
        crop = decode_image(data, "x")
    except UnreadableImage as error:
        check_reason(str(error), take(data, InputConfig(), IntakeOptions(orientation="auto")).error)
        return
    height, width, _ = crop.image.shape
    assert crop.image.dtype == np.uint8
    assert 0 < height * width <= MAX_PIXELS
    taken = take(data, InputConfig(), IntakeOptions())
    assert (taken.error, taken.width, taken.height, taken.pixels.shape[:2]) == ("", width, height, (1, 32))


def check_reason(reason: str, again: str) -> None:
    assert reason.strip()
    assert "\n" not in reason
    assert "not enough memory" not in reason
    assert reason == again


@pytest.fixture(autouse=True)
def _bounded(tmp_path: Path) -> object:
    with watched(tmp_path), within(MEMORY):
        yield


def test_whole_pictures_are_read() -> None:
    for data in WHOLES:
        assert decode_image(data, "x").image.shape in ((12, 20, 3), (20, 12, 3), (2, 3, 3), (2, 1, 3), (2, 2, 3), (1, 2, 3))


def test_edited_pictures_are_read_or_refused() -> None:
    try_door(edited(WHOLES), holds, 600)


def test_bytes_that_begin_like_a_picture_are_read_or_refused() -> None:
    marks = [mark for _, ones in KINDS.values() for mark in ones]
    try_door(st.tuples(st.sampled_from(marks), st.binary(max_size=300)).map(b"".join), holds, 200, [b"", b"\0", *marks])


SIDES = st.one_of(st.integers(0, 5000), st.sampled_from((2**15, 2**16 - 1, 2**16, 64_000_000, 2**31 - 1, 2**31, 2**32 - 1)))


def png(size: tuple[int, int, int, int, bytes]) -> bytes:
    """A PNG whose head says what it likes and whose checksums are right."""
    width, height, depth, colours, pixels = size

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, width % 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def lying(data: bytes, width: int, height: int) -> bytes:
    """A picture of another kind than PNG with other sizes in its head."""
    if data[:2] == b"BM":
        return data[:18] + struct.pack("<II", width, height) + data[26:]
    if data[:3] == b"GIF":
        return data[:6] + struct.pack("<HH", width % 2**16, height % 2**16) + data[10:]
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X":
        return data[:24] + width.to_bytes(8, "little")[:3] + height.to_bytes(8, "little")[:3] + data[30:]
    if data[:2] == b"\xff\xd8":
        place = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        return data[: place + 5] + struct.pack(">HH", height % 2**16, width % 2**16) + data[place + 9 :]
    if data[:4] == b"II*\0":
        for tag, value in ((256, width), (257, height), (322, width), (278, height)):
            place = data.find(struct.pack("<HH", tag, 4)) if struct.pack("<HH", tag, 4) in data else data.find(struct.pack("<HH", tag, 3))
            data = data if place < 0 else data[: place + 2] + struct.pack("<HII", 4, 1, value % 2**32) + data[place + 12 :]
        return data
    return data.replace(b"20 12", b"%d %d" % (width, height))


def test_heads_that_lie_about_sizes_cost_no_memory() -> None:
    sizes = st.tuples(SIDES, SIDES, st.sampled_from((1, 2, 4, 8, 16, 3)), st.integers(0, 7), st.binary(max_size=99))
    others = st.builds(lying, st.sampled_from([data for data in WHOLES if data[:4] != b"\x89PNG"]), SIDES, SIDES)
    try_door(st.one_of(sizes.map(png), others), holds, 150)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"save_all": True}])
def test_a_webp_is_as_large_as_it_says_before_it_is_opened(options: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [Image.fromarray(np.random.default_rng(number).integers(0, 256, (12, 20, 3), dtype=np.uint8)) for number in range(2)]
    more = {"append_images": pictures[1:]} if "save_all" in options else {}
    data = stored(pictures[0], "WEBP", **options, **more)
    assert decode_image(data, "x").image.shape == (12, 20, 3)
    monkeypatch.setattr("siga_ocr.pixels.MAX_PIXELS", 20 * 12 - 1)
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(UnreadableImage, match="20 x 12"):
        decode_image(data, "x")


def test_a_jpeg_of_very_many_scans_is_refused_and_one_with_many_marks_is_not() -> None:
    whole = stored(Image.fromarray(np.zeros((64, 64), dtype=np.uint8)), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    assert decode_image(whole[:-2] + scan * (MAX_SCANS - 20) + whole[-2:], "x").image.shape == (64, 64, 3)
    with pytest.raises(UnreadableImage, match="more than 100 scans"):
        decode_image(whole[:-2] + scan * 30_000 + whole[-2:], "x")
    assert decode_image(whole + b"\xff\xda" * 1000, "x").image.shape == (64, 64, 3)  # a film that a telephone keeps behind the picture
    assert decode_image(whole[:2] + b"\xff\xe5" + struct.pack(">H", 602) + b"\xff\xda" * 300 + whole[2:], "x").image.shape == (64, 64, 3)
