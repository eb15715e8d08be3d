"""Pages of a PDF as pictures, drawn by Qt in a process of its own: `report_pages.py PDF PNG`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtPdf import QPdfDocument

# Pages side by side, and the height of each, pixels.
PAGES, HEIGHT = 2, 1080


def main(given: Sequence[str]) -> int:
    """Draw the first pages side by side."""
    source, target = given
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication([])
    document = QPdfDocument(application)
    document.load(source)
    count = min(document.pageCount(), PAGES)
    points = document.pagePointSize(0)
    page = QSize(round(points.width() / points.height() * HEIGHT), HEIGHT)
    drawn = QImage(count * page.width(), HEIGHT, QImage.Format.Format_RGB32)
    drawn.fill(QColor("white"))
    painter = QPainter(drawn)
    for number in range(count):
        painter.drawImage(number * page.width(), 0, document.render(number, page))
    painter.end()
    return 0 if count and drawn.save(target) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
