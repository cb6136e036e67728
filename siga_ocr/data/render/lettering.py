"""Faces that every machine has: the package's fonts by kind, and those drawn in code."""

from functools import lru_cache

from siga_ocr.data.draw import Draw
from siga_ocr.data.render.dots import DotFace
from siga_ocr.data.render.fonts import shipped_faces
from siga_ocr.data.render.glyphs import Face, FileFace
from siga_ocr.data.render.segments import SegmentFace
from siga_ocr.data.render.strokes import StrokeFace

KINDS: dict[str, tuple[str, ...]] = {
    "shipped": (),
    "sans": ("Vera", "VeraBd"),
    "serif": ("VeraSe",),
    "mono": ("VeraMono", "VeraMoBd"),
    "condensed": ("Roboto-Condensed-Bold",),
    "technical": ("OSP-DIN", "routed-gothic"),
}
"""File names of the shipped fonts of each kind; none stands for all."""


@lru_cache(maxsize=64)
def _shipped(kind: str, words: tuple[str, ...]) -> tuple[FileFace, ...]:
    """The shipped faces of a kind, those whose name holds one of `words` where there is any."""
    faces = tuple(face for face in shipped_faces() if not KINDS[kind] or face.name in KINDS[kind])
    return tuple(face for face in faces if any(word in face.name.lower() for word in words)) or faces


def lettering_face(draw: Draw, lettering: str, words: tuple[str, ...], text: str) -> Face:
    """A face of the kind `lettering` that draws `text`, one of all shipped fonts where the kind cannot; `words` choose among file names."""
    drawn: dict[str, Face] = {
        "strokes": StrokeFace(draw.between(0.09, 0.16), draw.between(0.75, 1.05)),
        "dots": DotFace(draw, 7, "", draw.between(0.85, 1.2), open_zero=draw.chance(0.5)),
        "segments": SegmentFace(draw.between(0.11, 0.17)),
    }
    if lettering in drawn and drawn[lettering].covers(text):
        return drawn[lettering]
    face = draw.pick(_shipped(lettering if lettering in KINDS else "shipped", words))
    return face if face.covers(text) else next((other for other in _shipped("shipped", ()) if other.covers(text)), face)
