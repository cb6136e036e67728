"""The pictures of a report: crops as they are, and the worst ones with what the model saw; as PNG bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from siga_ocr.assessing.assessment import Assessment
from siga_ocr.assessing.scored_set import source_of
from siga_ocr.data.label_images import read_image
from siga_ocr.errors import UnreadableImage
from siga_ocr.reader import Reader
from siga_ocr.visualize import overlay

CONFUSIONS = 20
"""Confusions that are shown, the most frequent ones."""

EXAMPLES = 4
"""Crops of each of them."""

LARGEST = (220, 48)
"""Width and height in pixels of a crop beside a confusion."""


@dataclass(frozen=True)
class Pictures:
    """PNG bytes by the number of the crop: `crops` of confusions, `overlays` of misread crops, the surest mistake first."""

    crops: dict[int, bytes]
    overlays: dict[int, bytes]


def pictures(found: Assessment, reader: Reader, worst: int) -> Pictures:
    """What a report of an assessment shows; crops that cannot be opened any more are left out."""
    wanted = dict.fromkeys(place for confusion in found.confusions[:CONFUSIONS] for place in confusion.places[:EXAMPLES])
    return Pictures(_crops(found, wanted), _overlays(found, reader, found.wrong[:worst]))


def _crops(found: Assessment, places: Iterable[int]) -> dict[int, bytes]:
    kept = {}
    for place in places:
        try:
            crop = Image.fromarray(read_image(found.samples[place].path).image)
        except UnreadableImage:
            continue
        crop.thumbnail(LARGEST)
        kept[place] = _png(crop)
    return kept


def _overlays(found: Assessment, reader: Reader, places: Iterable[int]) -> dict[int, bytes]:
    kept = {}
    for place in places:
        _, evidence = reader.explain(source_of(found.samples[place]))
        if evidence is not None:
            kept[place] = _png(Image.fromarray(overlay(evidence)))
    return kept


def _png(image: Image.Image) -> bytes:
    stream = BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
