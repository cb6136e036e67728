"""siga-ocr reads codes on workpieces by the shape of each glyph (SIGA, CVPR 2023)."""

__version__ = "0.1.0"
