"""A picture that shows what was read and where it was seen: arrays in, an array out; it opens and writes no file."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from siga_ocr.reading import CharReading

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

HEIGHT = 96
"""Of each of the three views, in pixels."""

MAX_WIDTH = 1600
MIN_WIDTH = 160
GAP = 6
BACKGROUND = (24, 24, 28)
TEXT_COLOUR = (225, 225, 225)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a reading rests on.

    `crop` uint8 [h, w, 3]; `foreground` float32 [H, W] in 0..1; `glyph_attention` float32 [T, h', w'], each map sums to 1, of the T
    `characters`; `own_width` of the W columns are the crop's, the rest is padding.
    """

    crop: Pixels
    foreground: Floats
    glyph_attention: Floats
    characters: tuple[CharReading, ...]
    own_width: int


def side_by_side(
    crop: Pixels, foregrounds: Sequence[Floats], maps: Sequence[Floats], widths: Sequence[int], characters: tuple[CharReading, ...]
) -> Evidence:
    """The evidence of a crop that was read in parts: `foregrounds` [H, W] and `maps` [T, h, w] of each, `widths` of their W columns are its own."""
    own = [
        (plane[:, :width], attention[:, :, : max(1, round(width * attention.shape[2] / plane.shape[1]))])
        for plane, attention, width in zip(foregrounds, maps, widths, strict=True)
    ]
    columns = [attention.shape[2] for _, attention in own]
    placed = [np.pad(attention, ((0, 0), (0, 0), (sum(columns[:number]), sum(columns[number + 1 :])))) for number, (_, attention) in enumerate(own)]
    return Evidence(crop, np.concatenate([plane for plane, _ in own], axis=1), np.concatenate(placed), characters, sum(widths))


def overlay(evidence: Evidence) -> Pixels:
    """Four rows, uint8 [h, w, 3]: the crop, its text foreground, each character's glyph attention in its colour, the text in the same."""
    height, width = evidence.crop.shape[:2]
    size = (min(max(round(width * HEIGHT / height), MIN_WIDTH), MAX_WIDTH), HEIGHT)
    crop = Image.fromarray(evidence.crop).resize(size, Image.Resampling.BICUBIC)
    views = [crop, _foreground(evidence, size), _attention(evidence, crop), _legend(evidence, size[0])]
    sheet = Image.new("RGB", (size[0] + 2 * GAP, sum(view.height + GAP for view in views) + GAP), BACKGROUND)
    top = GAP
    for view in views:
        sheet.paste(view, (GAP, top))
        top += view.height + GAP
    return np.array(sheet, dtype=np.uint8)


def colours(count: int) -> list[tuple[int, int, int]]:
    """`count` bright colours; neighbours differ by at least a third of the colour circle, so that they stay apart side by side."""
    hues = [(index * 0.381966) % 1.0 for index in range(count)]  # the golden section never repeats
    return [tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.75, 1.0)) for hue in hues]  # type: ignore[misc]


def _own(plane: Floats, evidence: Evidence, size: tuple[int, int]) -> Floats:
    """A plane [h, w] over the padded input, cut to the crop's own columns and enlarged to `size` (width, height)."""
    own = evidence.own_width * plane.shape[1] / evidence.foreground.shape[1]
    box = (0.0, 0.0, max(own, 1.0), float(plane.shape[0]))
    enlarged = Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR, box=box)
    return np.asarray(enlarged, dtype=np.float32)


def _foreground(evidence: Evidence, size: tuple[int, int]) -> Image.Image:
    """Black where there is no text, white where there is."""
    levels = _own(evidence.foreground, evidence, size)
    return Image.fromarray(np.clip(np.round(levels * 255), 0, 255).astype(np.uint8)).convert("RGB")


def _attention(evidence: Evidence, crop: Image.Image) -> Image.Image:
    """The crop in dim grey, and over it each character's attention, as strong as its own peak allows."""
    canvas = np.asarray(crop.convert("L"), dtype=np.float32)[..., None].repeat(3, axis=2) * 0.6
    for plane, colour in zip(evidence.glyph_attention, colours(len(evidence.characters)), strict=True):
        strength = _own(plane / max(float(plane.max()), 1e-12), evidence, crop.size)[..., None] * 0.85
        canvas = canvas * (1 - strength) + np.array(colour, dtype=np.float32) * strength
    return Image.fromarray(np.clip(np.round(canvas), 0, 255).astype(np.uint8))


def _legend(evidence: Evidence, width: int) -> Image.Image:
    """Each character with its confidence in per cent, spread evenly in reading order."""
    count = len(evidence.characters)
    font, small = ImageFont.load_default(30), ImageFont.load_default(11)
    legend = Image.new("RGB", (width, 56), BACKGROUND)
    draw = ImageDraw.Draw(legend)
    if not count:
        draw.text((width / 2, 28), "(no text)", fill=TEXT_COLOUR, font=small, anchor="mm")
    for index, (character, colour) in enumerate(zip(evidence.characters, colours(count), strict=True)):
        middle = (index + 0.5) * width / count
        draw.text((middle, 20), character.character, fill=colour, font=font, anchor="mm")
        draw.text((middle, 46), f"{100 * character.confidence:.0f}", fill=TEXT_COLOUR, font=small, anchor="mm")
    return legend
