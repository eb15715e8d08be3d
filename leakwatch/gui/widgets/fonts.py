"""Bundled typeface for Qt: without it, a bare system shows boxes."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QWidget

from leakwatch.display.typeface import FONT_FAMILY, font_path

# Letters of the level, its first reason and the distance, in a window of 1280 x 800, pixels: from
# 2 m, on a screen of 24 inches with 1920 x 1080 pixels of 0.277 mm, capitals are 0.3 degrees high.
LEGIBLE = 40


def register_fonts() -> None:
    """Register the typeface with Qt, once the application exists."""
    if FONT_FAMILY not in QFontDatabase.families():
        for bold in (False, True):
            QFontDatabase.addApplicationFont(str(font_path(bold)))


def font(pixels: int, bold: bool = False) -> QFont:
    """Return the typeface at a height of `pixels`."""
    made = QFont(FONT_FAMILY)
    made.setPixelSize(pixels)
    made.setBold(bold)
    return made


# Properties of a widget with scaled letters: their height in a window of 1280 x 800, and weight.
_PIXELS, _BOLD = "letterPixels", "letterBold"


def set_letters(widget: QWidget, pixels: int, bold: bool = False) -> None:
    """Set letters that `scale_letters` makes larger or smaller."""
    widget.setProperty(_PIXELS, pixels)
    widget.setProperty(_BOLD, bold)
    widget.setFont(font(pixels, bold))


def scale_letters(page: QWidget, scale: float) -> None:
    """Draw all letters of a page larger or smaller than in a window of 1280 x 800."""
    for widget in (page, *page.findChildren(QWidget)):
        pixels = widget.property(_PIXELS)
        if pixels is not None:
            widget.setFont(font(round(pixels * scale), bool(widget.property(_BOLD))))
