"""Labels and the letters of the sides over the image: in the visible part, however it is zoomed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QBrush, QFont
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsRectItem,
    QGraphicsTextItem,
)

from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Side
from leakwatch.core.messages import translate
from leakwatch.display import palette
from leakwatch.display.fitted_view import FrameRect
from leakwatch.display.labels import Label, labels_in_view, points_along
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.widgets.fonts import LEGIBLE, font
from leakwatch.gui.widgets.line_item import path_of

LABELS_Z = 10
# Heights of letters in a window of 1280 x 800, pixels: of the distance, of other labels and second
# lines, and of "A" and "P".
LABEL, SMALL_LABEL, LETTER = LEGIBLE, 24, 30
# Distance of "A" and "P" from the edge of the visible part, in heights of a letter.
SIDE_INSET = 0.7
LETTER_ALPHA = 110  # of the box below a letter
# The rim of a STOP covers the edges of the image, pixels.
EDGE = 12
# Points on lines that labels must not hide are this far apart, pixels of the frame.
STEP_PX = 4.0


class LabelItem(QGraphicsRectItem):
    """Text on a box, centred at its position and as large whatever the zoom.

    Parameters
    ----------
    parent : QGraphicsItem
    ground : QBrush
        Of the box.
    order : float
        Labels of a higher order lie above those of a lower one.
    """

    def __init__(self, parent: QGraphicsItem, ground: QBrush, order: float) -> None:
        super().__init__(parent)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(order)
        self.setBrush(ground)
        self.setPen(pg.mkPen(None))
        self._words = QGraphicsTextItem(self)

    def write(self, words: str, letters: QFont) -> None:
        """Show HTML in these letters."""
        self._words.setFont(letters)
        self._words.setHtml(words)
        box = self._words.boundingRect()
        self._words.setPos(-box.width() / 2.0, -box.height() / 2.0)
        self.setRect(box.translated(self._words.pos()))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels of the widget."""
        return self.rect().width(), self.rect().height()

    def toPlainText(self) -> str:
        """Return the words."""
        return self._words.toPlainText()


class OverlayLabels:
    """Labels of one view.

    Parameters
    ----------
    picture : QGraphicsItem
        Holds them, in pixels of the frame.
    """

    def __init__(self, picture: QGraphicsItem) -> None:
        self._picture, self._scale, self._ratio = picture, 1.0, 1.0
        self.items: list[LabelItem] = []
        self._written: list[tuple[str, LineKind, float, float]] = []
        self._leaders = QGraphicsPathItem(picture)
        self._leaders.setZValue(LABELS_Z - 1)
        self.sides = {
            side: LabelItem(picture, pg.mkBrush(0, 0, 0, LETTER_ALPHA), LABELS_Z - 2)
            for side in Side
        }
        for item in self.sides.values():
            item.setVisible(False)  # its ground is painted even without a letter
        self._letters: dict[Side, str] = {}
        self._letters_written: dict[Side, tuple[str, float]] = {}
        self._labels: Sequence[Label] = ()
        self._lines: PointArray = np.empty((0, 2))
        self._part: tuple[FrameRect, FrameRect, float] | None = None
        self._messages: tuple[FrameRect, ...] = ()
        self.placed: tuple[FrameRect, ...] = ()

    def set_scale(self, scale: float, ratio: float = 1.0) -> None:
        """Draw larger or smaller than in a window of 1280 x 800; see `Overlay.set_scale`."""
        self._scale, self._ratio = scale, ratio
        self._leaders.setPen(pg.mkPen(palette.SHORTEST, width=1.2 * scale * ratio))
        self._write()

    def show(self, overlay: FrameOverlay) -> None:
        """Show the labels and sides of `overlay` in place of all that are shown."""
        self._labels = overlay.labels
        # Without a label there is nothing to keep away from them.
        lines = [line.points_px for line in overlay.lines] if overlay.labels else []
        self._lines = points_along(lines, STEP_PX)
        self._letters = dict(overlay.sides)
        self._write()

    def keep_free(self, messages: Sequence[FrameRect]) -> None:
        """Keep labels away from parts of the frame that something else covers."""
        if tuple(messages) != self._messages:
            self._messages = tuple(messages)
            if self._part is not None:
                self.place(*self._part)

    def place(self, view: FrameRect, frame: FrameRect, scale: float) -> None:
        """Place all in the visible part.

        Parameters
        ----------
        view : FrameRect
        frame : FrameRect
        scale : float
            Pixels of the widget per pixel of the frame.
        """
        self._part = (view, frame, scale)
        rim = EDGE * self._scale / scale
        view = FrameRect(
            view.left + rim, view.top + rim, view.width - 2.0 * rim, view.height - 2.0 * rim
        )
        shown = view.clip_to(frame)
        inset = SIDE_INSET * LETTER * self._scale / scale
        for side, item in self.sides.items():
            column = shown.left + inset if side is Side.LEFT else shown.right - inset
            item.setPos(column, shown.centre[1])
        items = self.items[: len(self._labels)]
        sizes = [(wide / scale, high / scale) for wide, high in (item.size for item in items)]
        self.placed = labels_in_view(self._labels, sizes, self._lines, view, self._messages)
        for item, place in zip(items, self.placed, strict=True):
            item.setPos(*place.centre)
        ends = [
            end
            for label, place in zip(self._labels, self.placed, strict=True)
            for end in (label.at_px, place.centre)
        ]
        self._leaders.setPath(path_of(np.array(ends).reshape(-1, 2), "pairs"))

    def _write(self) -> None:
        while len(self.items) < len(self._labels):
            self.items.append(LabelItem(self._picture, pg.mkBrush(palette.SHADE), LABELS_Z))
            self._written.append(("", LineKind.TRUTH, 0.0, 0.0))
        for place, (item, label) in enumerate(zip(self.items, self._labels, strict=False)):
            wanted = (translate(label.text), label.kind, self._scale, self._ratio)
            if wanted == self._written[place]:
                continue
            self._written[place] = wanted
            distance = label.kind is LineKind.SHORTEST
            letters = font(round((LABEL if distance else SMALL_LABEL) * self._scale), bold=True)
            item.write(_html(wanted[0], round(SMALL_LABEL * self._scale)), letters)
            colour = LINE_STYLES[label.kind].colour
            item.setPen(pg.mkPen(colour, width=1.5 * self._scale * self._ratio))
        for place, item in enumerate(self.items):
            item.setVisible(place < len(self._labels))
        self._write_letters()
        if self._part is not None:
            self.place(*self._part)

    def _write_letters(self) -> None:
        for side, item in self.sides.items():
            letter = self._letters.get(side, "")
            item.setVisible(bool(letter))
            wanted = (letter, self._scale)
            if wanted != self._letters_written.get(side):
                self._letters_written[side] = wanted
                words = f'<div style="color:{palette.INK}">{escape(letter)}</div>'
                item.write(words, font(round(LETTER * self._scale), bold=True))


def _html(words: str, small_px: int) -> str:
    """Return a label whose second line is smaller."""
    first, *others = words.split("\n")
    # A break is as high as the letters that it belongs to.
    more = "".join(
        f'<span style="font-size:{small_px}px"><br>{escape(other)}</span>' for other in others
    )
    return f'<div style="color:{palette.OVER}; text-align:center">{escape(first)}{more}</div>'
