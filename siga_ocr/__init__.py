"""siga-ocr reads codes on workpieces by the shape of each glyph (SIGA, CVPR 2023)."""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siga_ocr.read_options import ReadOptions
    from siga_ocr.reader import Reader
    from siga_ocr.reading import Alternative, CharReading, Provenance, Reading

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
"""ONNX Runtime looks at it when it is imported: otherwise it gives the machine a number and tells its makers of its use."""

__version__ = "0.1.0"

__all__ = ["Alternative", "CharReading", "Provenance", "ReadOptions", "Reader", "Reading", "__version__"]

_HOMES = {
    "Alternative": "reading",
    "CharReading": "reading",
    "Provenance": "reading",
    "ReadOptions": "read_options",
    "Reader": "reader",
    "Reading": "reading",
}


def __getattr__(name: str) -> object:
    """Import what is offered here, and NumPy with some of it, only when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'siga_ocr' has no attribute {name!r}")
    found: object = getattr(import_module(f"siga_ocr.{_HOMES[name]}"), name)
    return found
