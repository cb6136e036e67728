"""What Pillow is asked for: one decoder for each kind of image, chosen by content, without a word on stderr."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from threading import Lock

from PIL import Image, UnidentifiedImageError

from siga_ocr.errors import UnreadableImage
from siga_ocr.pixels import MAX_PIXELS, check_size

KINDS = {
    "BMP": ("Bmp", (b"BM",)),
    "GIF": ("Gif", (b"GIF87a", b"GIF89a")),
    "JPEG": ("Jpeg", (b"\xff\xd8\xff",)),
    "PNG": ("Png", (b"\x89PNG\r\n\x1a\n",)),
    "PPM": ("Ppm", tuple(b"P%c" % digit for digit in b"123456fy")),
    "TIFF": ("Tiff", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    "WEBP": ("WebP", (b"RIFF",)),
}
"""What is opened: its decoder in Pillow, and what its content begins with. No kind that runs a foreign program to be decoded."""

MAX_SCANS = 100
"""Passes over the pixels that a JPEG may ask for: ten are common, and each takes as long as a whole picture, however few bytes it has."""

SCAN, END = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the number that EXIF gives its orientation."""

ORIENTATION = 0x0112


def opened(data: bytes) -> Image.Image:
    """The picture in encoded bytes; its pixels are not unpacked yet.

    Raises:
        UnreadableImage: the bytes are of no kind in `KINDS`, or only begin like one, or say that there is too much of them.
    """
    kind = next((kind for kind, (_, marks) in KINDS.items() if data.startswith(marks)), None)
    if kind is None:
        raise UnreadableImage(f"the content is no image of a known kind ({', '.join(KINDS)})")
    if kind == "JPEG" and data.count(bytes((0xFF, SCAN))) > MAX_SCANS and _scans(data) > MAX_SCANS:
        raise UnreadableImage(f"it is stored in more than {MAX_SCANS} scans: store it again")
    if kind == "WEBP":
        check_size(*_webp_size(data))  # its decoder takes memory for two pictures as soon as it is opened
    import_module(f"PIL.{KINDS[kind][0]}ImagePlugin")  # alone: to load all decoders takes longer than to read a crop
    if kind == "TIFF":
        _hush_libtiff()
    try:
        return Image.open(io.BytesIO(data), formats=(kind,))
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"the image is damaged: it begins as {kind}, but cannot be opened as that") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"it has more than {MAX_PIXELS // 1_000_000} million pixels: give a crop") from error


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height that the head of a WebP names, in any of its three forms; nothing where it is of none."""
    form = data[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + bits % 2**14, 1 + (bits >> 14) % 2**14
    return int.from_bytes(data[26:28], "little") % 2**14, int.from_bytes(data[28:30], "little") % 2**14


def _scans(data: bytes) -> int:
    """The scans of a JPEG, as many as matter."""
    count, place = 0, 2
    while count <= MAX_SCANS and (marker := _MARKER.search(data, place)):
        kind, place = data[marker.end() - 1], marker.end()
        if kind == END:
            break
        if kind not in (0x01, 0xD8):  # those stand alone, all others have a length
            place += int.from_bytes(data[place : place + 2], "big")
        count += kind == SCAN
    return count


def upright(picture: Image.Image) -> Image.Image:
    """The picture as it is to be looked at; as it is where its EXIF block says nothing that can be understood."""
    picture.load()  # some kinds keep the block behind the pixels
    try:
        turn = TURNS.get(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # a damaged block can raise anything, and the pixels are whole
        return picture
    return picture if turn is None else picture.transpose(turn)


class _Silence:
    """How many threads have asked for silence, and the filters that were there before the first."""

    lock = Lock()
    depth = 0
    before = warnings.catch_warnings()


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings while any thread is in here: what matters of an image stands in its row.

    Filters belong to the process, so that the first thread sets them and the last one puts them back.
    """
    with _Silence.lock:
        if _Silence.depth == 0:
            _Silence.before = warnings.catch_warnings()
            _Silence.before.__enter__()
            warnings.simplefilter("ignore")
        _Silence.depth += 1
    try:
        yield
    finally:
        with _Silence.lock:
            _Silence.depth -= 1
            if _Silence.depth == 0:
                _Silence.before.__exit__(None, None, None)


@cache
def _hush_libtiff() -> None:
    """Keep the C library from writing on stderr itself what Pillow raises as well."""
    import ctypes

    try:
        library = ctypes.CDLL(import_module("PIL._imaging").__file__)  # its symbols are looked for in what it is linked with, too
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
    except (AttributeError, OSError):  # built without, or so that it cannot be reached: its words are a blemish, no fault
        return
