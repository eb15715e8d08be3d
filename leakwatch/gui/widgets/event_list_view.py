"""List of events beside the image: sign, thumbnail, time, what happened, and the distance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakMethod

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import counted, join_with, text, translate
from leakwatch.display import palette
from leakwatch.display.event_list import EventRow
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.procedure_clocks import clock_text
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.gui.widgets.event_signs import paint_sign
from leakwatch.gui.widgets.facts_view import INK, QUIET
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.grey_images import fitted, image_of

# In a window of 1280 x 800, pixels.
LEAST_WIDTH, ROW, THUMBNAIL, SIGN, LETTERS, PADDING = 210, 74, 62, 8.0, 13, 6.0
SELECTED, LINE = palette.BUTTON_HOVER, palette.BUTTON
_STYLE = f"""
QListView {{ border: none; }}
QScrollBar:vertical {{ background: {palette.SCREEN}; width: 10px; }}
QScrollBar::handle:vertical {{ background: {palette.RIM}; border-radius: 5px; min-height: 30px; }}
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0px; }}
"""
_ROW_ROLE = int(Qt.ItemDataRole.UserRole)

Pictures = Callable[[EventRow], GreyImage | None]
_Index = QModelIndex | QPersistentModelIndex


class EventListView(QWidget):
    """Pane with the list; a click reports its row.

    Parameters
    ----------
    pictures : callable
        A bound method, weakly referenced: Qt does not survive a cycle of references. Returns the
        thumbnail of a row; None if it has none.
    """

    chosen = Signal(object)  # EventRow

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.foot = QLabel(translate(text("Events"))), QLabel()
        self.foot.setWordWrap(True)
        self.foot.setStyleSheet(f"color: {QUIET}")
        self.model = _RowModel()
        self._delegate = _RowPainter(pictures)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(self._delegate)
        self.list.setUniformItemSizes(True)
        self.list.setStyleSheet(_STYLE)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        # Keys belong to the window.
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(translate(text("Events")))
        self.list.clicked.connect(self._clicked)
        layout = QVBoxLayout(self)
        for widget in (self.title, self.list, self.foot):
            layout.addWidget(widget)
        layout.setStretch(1, 1)
        self.foot.hide()
        self.set_scale(1.0)

    @property
    def rows(self) -> tuple[EventRow, ...]:
        """Rows that are shown."""
        return self.model.rows

    @property
    def current(self) -> EventRow | None:
        """Row that is highlighted."""
        found: EventRow | None = self.list.currentIndex().data(_ROW_ROLE)
        return found

    def show_rows(self, rows: Sequence[EventRow], foot: str = "") -> None:
        """Show `rows`, oldest first; stay at the end if the end was visible.

        Parameters
        ----------
        rows : sequence of EventRow
        foot : str
            What is not in the list.
        """
        if translate(foot) != self.foot.text():
            self.foot.setText(translate(foot))
            self.foot.setVisible(bool(foot))
        if rows is self.model.rows or tuple(rows) == self.model.rows:
            return
        bar = self.list.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - ROW
        self.model.show(tuple(rows))
        self._delegate.forget()
        if follows:
            self.list.scrollToBottom()

    def select(self, row: EventRow | None) -> None:
        """Highlight a row, and scroll to it; None: none."""
        place = self.model.rows.index(row) if row in self.model.rows else -1
        index = self.model.index(place) if place >= 0 else QModelIndex()
        if index != self.list.currentIndex():
            self.list.setCurrentIndex(index)
            if index.isValid():
                self.list.scrollTo(index)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._delegate.scale = scale
        self.setMinimumWidth(round(LEAST_WIDTH * scale))
        self.title.setFont(font(round(15 * scale), bold=True))
        self.foot.setFont(font(round(12 * scale)))
        self._delegate.forget()
        self.model.layoutChanged.emit()

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(_ROW_ROLE))


def foot_text(dropped_events: int, dropped_thumbnails: int) -> str:
    """Return what the list no longer has; empty if it has everything."""
    parts = []
    if dropped_events:
        parts.append(
            counted(
                "{count} earlier event is only in the recording.",
                "{count} earlier events are only in the recording.",
                count=dropped_events,
            )
        )
    if dropped_thumbnails:
        parts.append(
            counted(
                "{count} earlier image is not kept.",
                "{count} earlier images are not kept.",
                count=dropped_thumbnails,
            )
        )
    return join_with(" ", parts) if parts else ""


class _RowModel(QAbstractListModel):
    """Rows of the list."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[EventRow, ...] = ()

    def show(self, rows: tuple[EventRow, ...]) -> None:
        """Replace the rows; if only some were added, the rest stays as it is."""
        known = len(self.rows)
        if known and rows[:known] == self.rows:
            self.beginInsertRows(QModelIndex(), known, len(rows) - 1)
            self.rows = rows
            self.endInsertRows()
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row, or what a screen reader says of it."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == _ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return row_words(row)
        return None


def row_words(row: EventRow) -> str:
    """Return a row as text in the user's language."""
    parts = [part for part in (row.title, row.value, row.text) if part]
    shown = " · ".join(translate(part) for part in parts)
    return escape_control_characters(f"{clock_text(row.time_s)}  {shown}")


class _RowPainter(QStyledItemDelegate):
    """Painter of one row.

    Parameters
    ----------
    pictures : callable
        As for `EventListView`.
    """

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self._pictures = WeakMethod(pictures)
        self._images: dict[int, QImage | None] = {}
        self.scale = 1.0

    def forget(self) -> None:
        """Ask for thumbnails again: some were added or dropped."""
        self._images.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the same height for each row."""
        return QSize(round(LEAST_WIDTH * self.scale), round(ROW * self.scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a row."""
        row: EventRow = index.data(_ROW_ROLE)
        option_any: Any = option  # its fields have no types
        box, scale = QRectF(option_any.rect), self.scale
        padding = PADDING * scale
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = index == option_any.widget.currentIndex()
        painter.fillRect(box, QColor(SELECTED if selected else palette.SCREEN))
        painter.setPen(QColor(LINE))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        radius = SIGN * scale
        paint_sign(
            painter,
            row.urgency,
            QPointF(box.left() + padding + radius, box.top() + padding + radius),
            radius,
        )
        left = box.left() + 2.0 * padding + 2.0 * radius
        image = self._image(row)
        if image is not None:
            side = THUMBNAIL * scale
            place = QRectF(left, box.center().y() - side / 2.0, side, side)
            painter.drawImage(fitted(image, place), image)
            left = place.right() + padding
        words = QRectF(left, box.top() + padding / 2.0, box.right() - left - padding, box.height())
        self._paint_words(painter, row, words)
        painter.restore()

    def _paint_words(self, painter: QPainter, row: EventRow, box: QRectF) -> None:
        letters = round(LETTERS * self.scale)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        line = 1.35 * letters
        painter.setFont(font(letters))
        painter.setPen(QColor(QUIET))
        time = clock_text(row.time_s)
        painter.drawText(box, right | Qt.AlignmentFlag.AlignTop, time)
        room = box.width() - QFontMetricsF(painter.font()).horizontalAdvance(time) - letters / 2.0
        bold = font(letters, bold=True)
        painter.setFont(bold)
        painter.setPen(QColor(INK))
        title = _elided(translate(row.title), bold, room)
        painter.drawText(box, left | Qt.AlignmentFlag.AlignTop, title)
        box = box.adjusted(0.0, line, 0.0, 0.0)
        painter.setFont(font(letters))
        if row.value:
            value = _elided(translate(row.value), painter.font(), box.width())
            painter.drawText(box, left | Qt.AlignmentFlag.AlignTop, value)
            box = box.adjusted(0.0, line, 0.0, 0.0)
        painter.setPen(QColor(QUIET))
        lines = 2 if not row.value else 1
        small = font(round(0.9 * letters))
        painter.setFont(small)
        shown = escape_control_characters(translate(row.text))
        for part in _wrapped(shown, small, box.width(), lines + 1):
            painter.drawText(box, left | Qt.AlignmentFlag.AlignTop, part)
            box = box.adjusted(0.0, 1.2 * 0.9 * letters, 0.0, 0.0)

    def _image(self, row: EventRow) -> QImage | None:
        if row.frame not in self._images:
            pictures = self._pictures()
            grey = None if pictures is None else pictures(row)
            self._images[row.frame] = None if grey is None else image_of(grey)
        return self._images[row.frame]


def _elided(shown: str, letters: Any, width: float) -> str:
    metrics = QFontMetricsF(letters)
    return metrics.elidedText(shown, Qt.TextElideMode.ElideRight, max(width, 0.0))


def _wrapped(shown: str, letters: Any, width: float, most: int) -> list[str]:
    """Return a text in at most `most` lines, the last one with an ellipsis if need be."""
    metrics, lines, words = QFontMetricsF(letters), list[str](), shown.split()
    while words and len(lines) < most - 1:
        taken = words.pop(0)
        while words and metrics.horizontalAdvance(f"{taken} {words[0]}") <= width:
            taken += f" {words.pop(0)}"
        lines.append(_elided(taken, letters, width))
    return [*lines, _elided(" ".join(words), letters, width)] if words else lines
