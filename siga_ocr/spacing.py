"""How far apart the characters of a line stand, and how much wider it is to be drawn for them to stand as far apart as usual."""

from siga_ocr.config import InputConfig
from siga_ocr.decode import Decoded
from siga_ocr.intake import Taken

USUAL = 0.6
"""Heights of the line from the middle of one character to that of the next, in the middle of what the network was trained on."""

CLOSE, APART = 0.45, 0.8
"""The same, between which characters stand as usual: about a quarter of what the network was trained on lies below, a twentieth above."""

LEAST, MOST = 0.5, 2.2
"""The least and the most times as wide as it is that a line is drawn, however it is spaced."""


def widening(taken: Taken, found: Decoded, config: InputConfig) -> float:
    """How many times as wide a crop is to be drawn for the characters that were `found` to stand as usual; 1 where they do, or are fewer than two."""
    if found.line is None or len(found.characters) < 2:
        return 1.0
    first, last = ((character.x0 + character.x1) / 2 for character in (found.characters[0], found.characters[-1]))
    columns: float = taken.pixels.shape[2] / (taken.width + 2 * taken.look.margin)  # of the network's input, for each pixel of the crop
    apart = columns * (last - first) / (len(found.characters) - 1) / (min(found.line.height, 1.0) * config.height)
    if apart <= 0 or CLOSE <= apart <= APART:
        return 1.0
    return min(max(USUAL / apart, LEAST), MOST)
