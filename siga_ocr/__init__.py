"""siga-ocr reads codes on workpieces by the shape of each glyph (SIGA, CVPR 2023)."""

from typing import TYPE_CHECKING

from siga_ocr.reading import CharReading, Reading

if TYPE_CHECKING:
    from siga_ocr.reader import Reader

__version__ = "0.1.0"

__all__ = ["CharReading", "Reader", "Reading", "__version__"]


def __getattr__(name: str) -> object:
    """Import `Reader`, and PyTorch with it, only when it is asked for."""
    if name == "Reader":
        from siga_ocr.reader import Reader

        return Reader
    raise AttributeError(f"module 'siga_ocr' has no attribute {name!r}")
