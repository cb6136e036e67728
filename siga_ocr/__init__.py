"""siga-ocr reads codes on workpieces by the shape of each glyph (SIGA, CVPR 2023)."""

from typing import TYPE_CHECKING

from siga_ocr.reading import Alternative, CharReading, Provenance, Reading

if TYPE_CHECKING:
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.reader import Reader

__version__ = "0.1.0"

__all__ = ["Alternative", "CharReading", "Provenance", "ReadOptions", "Reader", "Reading", "__version__"]


def __getattr__(name: str) -> object:
    """Import `Reader` and `ReadOptions`, and NumPy with them, only when they are asked for."""
    if name == "Reader":
        from siga_ocr.reader import Reader

        return Reader
    if name == "ReadOptions":
        from siga_ocr.read_options import ReadOptions

        return ReadOptions
    raise AttributeError(f"module 'siga_ocr' has no attribute {name!r}")
