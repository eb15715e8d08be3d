"""Bar of known length on the image of a trainee."""

from __future__ import annotations

import pyqtgraph as pg

from leakwatch.core.messages import text, translate
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.overlay_items import LABELS_Z

LENGTH_MM = 10.0
# Place in the image, shares of its columns and rows, and letters in a window of 1280 x 800, pixels.
_LEFT, _DOWN, LETTERS = 0.04, 0.95, 16


class ScaleBar:
    """Ten millimetres at the lower left; hidden where the spacing is unknown.

    Parameters
    ----------
    view : pg.ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self.bar = pg.PlotCurveItem(antialias=True)
        self.label = pg.TextItem(color="#FFFFFF", anchor=(0.0, 1.0), fill=pg.mkBrush(0, 0, 0, 120))
        for item in (self.bar, self.label):
            item.setZValue(LABELS_Z)
            view.addItem(item, ignoreBounds=True)
        self.label.hide()
        self.set_scale(1.0)

    def show_length(self, mm_per_px: float | None, rows: int, columns: int) -> None:
        """Draw the bar on an image of ``(rows, columns)``; None: none.

        Parameters
        ----------
        mm_per_px : float or None
            In the plane of the spine.
        rows, columns : int
        """
        self.label.setVisible(mm_per_px is not None)
        if mm_per_px is None:
            self.bar.setData([], [])
            return
        left, down = _LEFT * columns, _DOWN * rows
        self.bar.setData([left, left + LENGTH_MM / mm_per_px], [down, down])
        self.label.setText(translate(text("{length_mm:g} mm", length_mm=LENGTH_MM)))
        self.label.setPos(left, down)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self.bar.setPen(pg.mkPen("#FFFFFF", width=3.0 * scale))
        self.bar.setShadowPen(pg.mkPen((0, 0, 0, 170), width=6.0 * scale))
        self.label.setFont(font(round(LETTERS * scale), bold=True))
