"""Play, pause, step, speed and scrub, over a timeline of levels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import text, translate
from leakwatch.core.results import Level
from leakwatch.display import palette
from leakwatch.display.level_styles import level_style
from leakwatch.gui.replay.event_strip import EventStrip
from leakwatch.gui.replay.replay_view import ReplayView
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import KeyAction

# Heights as well as colours tell levels apart in the timeline.
LEVEL_HEIGHTS = {Level.CLEAR: 0.3, Level.WATCH: 0.6, Level.STOP: 1.0, Level.UNKNOWN: 0.15}

# In a window of 1280 x 800, pixels.
TIMELINE_HEIGHT, LETTERS, BUTTON_WIDTH, BUTTON_HEIGHT, RIM = 34, 15, 52, 36, 3


class Timeline(QWidget):
    """Levels of the sequence from left to right, with the position; click or drag to move it."""

    sought = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(TIMELINE_HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._states: tuple[tuple[Level, bool, bool], ...] = ()
        self._total, self._index = 1, 0

    def show_view(self, view: ReplayView) -> None:
        """Show the progress of the analysis, and the displayed frame."""
        states = tuple(zip(view.levels, view.partly, view.acknowledged, strict=True))
        now = (states, max(view.total, 1), view.index or 0)
        if now != (self._states, self._total, self._index):
            self._states, self._total, self._index = now
            self.update()

    def frame_at(self, x: float) -> int:
        """Return the index of the frame under a column of the widget."""
        return min(max(int(x / self.width() * self._total), 0), self._total - 1)

    def x_of(self, index: float) -> float:
        """Return the left end of a frame, in columns of the widget."""
        return index / self._total * self.width()

    def sizeHint(self) -> QSize:
        """Return a wide size."""
        return QSize(600, TIMELINE_HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the mouse."""
        self.sought.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while a button is down."""
        self.sought.emit(self.frame_at(event.position().x()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a bar for each stretch of a level, and the position."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(palette.RAISED))
        first = 0
        for (level, partly, acknowledged), same in groupby(self._states):
            end = first + len(list(same))
            left, right = self.x_of(first), self.x_of(end)
            high = LEVEL_HEIGHTS[Level.STOP if acknowledged else level] * self.height()
            bar = QRectF(left, self.height() - high, right - left, high)
            colours = level_style(level, partly, acknowledged).colours
            painter.fillRect(bar, QColor(colours.bar))
            if acknowledged:  # hollow, as its sign in the list of events
                inside = bar.adjusted(RIM, RIM, -RIM, 0.0)
                painter.fillRect(inside, QColor(colours.ground))
            first = end
        x = (self.x_of(self._index) + self.x_of(self._index + 1)) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.INK))
        painter.drawRect(QRectF(x - 1.5, 0.0, 3.0, self.height()))
        painter.drawEllipse(QPointF(x, 5.0), 5.0, 5.0)
        painter.end()


class Transport(QWidget):
    """Buttons, timeline and times at the bottom of the window."""

    play_pressed = Signal()
    stepped = Signal(int)
    slower_pressed = Signal()
    faster_pressed = Signal()
    acknowledged = Signal()
    help_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline, self.events = Timeline(), EventStrip()
        self.events.hide()
        self.back, self.play, self.forward = _button("◀ ❘"), _button("▶"), _button("❘ ▶")
        self.slower, self.faster = _button("–"), _button("+")
        self.acknowledge, self.help = _button(text("A  acknowledge")), _button("?")
        self.speed, self.time, self.message = QLabel(), QLabel(), QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)  # a fault may name a file
        self.back.clicked.connect(lambda: self.stepped.emit(-1))
        self.forward.clicked.connect(lambda: self.stepped.emit(1))
        self.play.clicked.connect(self.play_pressed)
        self.slower.clicked.connect(self.slower_pressed)
        self.faster.clicked.connect(self.faster_pressed)
        self.acknowledge.clicked.connect(self.acknowledged)
        self.help.clicked.connect(self.help_pressed)
        self._lay_out()

    def describe(self, actions: Sequence[KeyAction]) -> None:
        """Say on each button, as its tooltip and to screen readers, what its key does."""
        by_key = {
            "←": self.back,
            "Space": self.play,
            "→": self.forward,
            "–": self.slower,
            "+": self.faster,
            "A": self.acknowledge,
            "?": self.help,
        }
        for action in actions:
            button = by_key.get(action.text)
            if button is not None:
                button.setToolTip(action.tip)
                button.setAccessibleName(action.tip)

    def show_view(self, view: ReplayView) -> None:
        """Show position, speed and progress of the analysis."""
        self.timeline.show_view(view)
        self.play.setText("❚❚" if view.playing else "▶")
        self.speed.setText(f"× {view.speed:g}")
        number = "–" if view.index is None else f"{view.index + 1}"
        position = text(
            "{time_s:.2f} / {duration_s:.2f} s    Frame {number} of {total}",
            time_s=view.time_s,
            duration_s=view.duration_s,
            number=number,
            total=view.total,
        )
        self.time.setText(translate(position))
        self.message.setText(translate(view.message))
        self.acknowledge.setEnabled(view.banner.flashing)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self.back, self.play, self.forward, self.slower, self.speed, self.faster):
            row.addWidget(widget)
        row.addSpacing(12)
        row.addWidget(self.time)
        # A long message is cut off: it must not make the window wider than the screen.
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.message.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.message, 1)
        row.addWidget(self.acknowledge)
        row.addWidget(self.help)
        self.speed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.addWidget(self.events)
        layout.addWidget(self.timeline)
        layout.addLayout(row)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        letters = font(round(LETTERS * scale))
        for label in (self.speed, self.time, self.message):
            label.setFont(letters)
        self.speed.setFixedWidth(round(58 * scale))
        self.timeline.setFixedHeight(round(TIMELINE_HEIGHT * scale))
        self.events.set_scale(scale)
        for button in (self.back, self.play, self.forward, self.slower, self.faster, self.help):
            button.setFixedSize(round(BUTTON_WIDTH * scale), round(BUTTON_HEIGHT * scale))
            button.setFont(letters)
        self.acknowledge.setFixedSize(round(150 * scale), round(BUTTON_HEIGHT * scale))
        self.acknowledge.setFont(letters)


def _button(label: str) -> QPushButton:
    button = QPushButton(translate(label))
    # Keys belong to the window; a focused button would take the space bar.
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
