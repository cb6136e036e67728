"""Rendered crops: what a code looks like in the field, with the ink of every character known."""

from siga_ocr.data.render.crop import RenderedCrop, render

__all__ = ["RenderedCrop", "render"]
