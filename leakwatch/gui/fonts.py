"""The bundled typeface for Qt: a bare system has none, and text would be boxes."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase

from leakwatch.fonts import FONT_FAMILY, font_path


def register_fonts() -> None:
    """Make the typeface known to Qt; once, after the application was made."""
    if FONT_FAMILY not in QFontDatabase.families():
        for bold in (False, True):
            QFontDatabase.addApplicationFont(str(font_path(bold)))


def font(pixels: int, bold: bool = False) -> QFont:
    """The typeface at a height of `pixels`."""
    made = QFont(FONT_FAMILY)
    made.setPixelSize(pixels)
    made.setBold(bold)
    return made
