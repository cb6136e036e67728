"""From a source, whatever its kind, to the network's input: opened, cut, scaled; one source at a time, on any thread."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import numpy.typing as npt
from PIL import Image

from siga_ocr.colour import told_apart
from siga_ocr.config import InputConfig
from siga_ocr.crops import Crop, Roi, cut, decode_image, read_bytes, to_crop
from siga_ocr.errors import UnreadableImage
from siga_ocr.focus import blur_to_take_back, in_focus
from siga_ocr.light import evened, is_shaded
from siga_ocr.orientation import AS_IT_IS, Look, Orientation, looks_at
from siga_ocr.pixels import check_aspect
from siga_ocr.preprocess import Pixels, fit, in_detail, softly_fitted, unsqueezed

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | npt.NDArray[np.generic] | Image.Image | Crop
"""A path; the bytes of an encoded image; pixels as `crops.to_crop` takes them; or a crop."""

NO_MEMORY = "there is not enough memory to open and scale it: give a crop"


@dataclass(frozen=True)
class IntakeOptions:
    """`roi` x, y, width, height is cut out of each upright image first and turned by `orientation`; `trace` adds the hash of what came in.

    `detail` is kept where a crop may be looked at from nearer, and so is what a crop of few rows looks like drawn softly.
    """

    roi: Roi | None = None
    trace: bool = False
    orientation: Orientation = 0
    detail: bool = False


@dataclass(frozen=True, eq=False)
class Taken:
    """A source on its way: its name, its pixels uint8 [C, H, w] as the network takes them, the size of the crop, milliseconds of work so far.

    `error` says why there are no pixels, and is empty where there are. The pixels and the size are those of the crop as `look` shows it, the
    size without the look's margin; `others` are other looks at the same crop. `wide` are the pixels of a crop that had to be squeezed, as they
    were before, up to four times as wide as the network takes; `detail` those of a crop that had more rows, up to three times as many;
    `as_lit` those of a shaded crop before it was evened; `soft` those of a crop of few rows without Lanczos' filter. Crops out of focus are in
    focus in all but `as_lit`.
    """

    name: str
    pixels: Pixels
    width: int = 0
    height: int = 0
    sha256: str = ""
    elapsed_ms: float = 0.0
    error: str = ""
    look: Look = AS_IT_IS
    others: tuple["Taken", ...] = ()
    wide: Pixels | None = None
    detail: Pixels | None = None
    as_lit: Pixels | None = None
    soft: Pixels | None = None

    def seen_as(self, pixels: Pixels, look: Look | None = None) -> "Taken":
        """The same crop in other pixels, without what else there was of it."""
        return replace(self, pixels=pixels, look=look or self.look, others=(), wide=None, detail=None, as_lit=None, soft=None)


def take(source: Source, config: InputConfig, options: IntakeOptions) -> Taken:
    """Open a source and scale it; what cannot be opened says so in `error`."""
    begun, sha256 = perf_counter(), ""
    try:
        content = _content(source)
        if options.trace:
            sha256 = hashlib.sha256(_bytes_of(content)).hexdigest()
        crop = opened(content, name_of(source))
        crop = crop if options.roi is None else cut(crop, options.roi)
        height, width = crop.image.shape[:2]
        check_aspect(width, height)
        layers = {look: _layers(look.at(crop.image), config, options) for look in looks_at(height, width, options.orientation)}
    except (UnreadableImage, MemoryError) as error:
        nothing = np.empty((config.channels, config.height, 0), dtype=np.uint8)
        reason = str(error) if isinstance(error, UnreadableImage) else NO_MEMORY
        return Taken(name_of(source), nothing, sha256=sha256, elapsed_ms=1000 * (perf_counter() - begun), error=reason)
    sizes = {look: (height, width) if look.angle % 180 else (width, height) for look in layers}
    elapsed_ms = 1000 * (perf_counter() - begun)
    first, *others = (
        Taken(crop.source, pixels, *sizes[look], sha256, elapsed_ms, look=look, wide=wide, detail=detail, as_lit=as_lit, soft=soft)
        for look, (pixels, wide, detail, soft, as_lit) in layers.items()
    )
    return replace(first, others=tuple(others))


def _layers(image: Pixels, config: InputConfig, options: IntakeOptions) -> tuple[Pixels, Pixels | None, Pixels | None, Pixels | None, Pixels | None]:
    """A crop as the network takes it; where they are kept unsqueezed, in detail and soft; all evened if shaded, and in focus; last as it was lit."""
    image = told_apart(image, config)
    pixels = fit(image, config)
    others = [unsqueezed(image, config), *((in_detail(image, config), softly_fitted(image, config)) if options.detail else (None, None))]
    as_lit = pixels if is_shaded(pixels, config) else None
    if as_lit is not None:
        pixels, *others = evened(pixels), *(None if one is None else evened(one) for one in others)
    blur = blur_to_take_back(pixels, image.shape[0], config)
    wide, detail, soft = (None if one is None else in_focus(one, blur) for one in others)
    return in_focus(pixels, blur), wide, detail, soft, as_lit


def take_all(sources: Sequence[Source], config: InputConfig, options: IntakeOptions) -> list[Taken]:
    """One after the other."""
    return [take(source, config, options) for source in sources]


def name_of(source: Source) -> str:
    """A path as it was given, a crop's own source, a picture's file name; empty where there is none."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return source.source if isinstance(source, Crop) else str(getattr(source, "filename", ""))


def opened(content: Source, name: str) -> Crop:
    """The crop of a source that is in memory, or of a path.

    Raises:
        UnreadableImage: with the reason in one line.
    """
    content = _content(content)
    if isinstance(content, bytes):
        return decode_image(content, name)
    assert not isinstance(content, str | os.PathLike | bytearray | memoryview)
    return content if isinstance(content, Crop) else to_crop(content, name)


def _content(source: Source) -> Source:
    """What a path names, as bytes; whatever else is in memory already."""
    if isinstance(source, bytearray | memoryview):
        return bytes(source)
    return read_bytes(os.fspath(source)) if isinstance(source, str | os.PathLike) else source


def _bytes_of(content: Source) -> bytes:
    """A file's bytes; of what is no file, its pixels row by row."""
    if isinstance(content, bytes):
        return content
    pixels = content.image if isinstance(content, Crop) else np.asarray(content)
    return np.ascontiguousarray(pixels).tobytes()
