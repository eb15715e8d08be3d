"""Page after a case: the score, and key frames side by side with the results of LeakWatch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text, translate
from leakwatch.core.results import Level
from leakwatch.display import palette
from leakwatch.display.facts import Fact
from leakwatch.display.level_styles import LEVEL_STYLES
from leakwatch.display.picture import make_overlay
from leakwatch.gui.replay.transport import LEVEL_HEIGHTS
from leakwatch.gui.training.attempt import Prepared
from leakwatch.gui.training.task_pages import text_label
from leakwatch.gui.widgets.facts_view import INK, QUIET, WARN
from leakwatch.gui.widgets.fonts import font, scale_letters, set_letters
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.training.key_frames import ResultLine, key_frames
from leakwatch.training.scoring import Score
from leakwatch.training.training_words import headline, score_numbers

# Heights in the timeline: bar, and three rows of labels.
BAR_HEIGHT, WORDS_HEIGHT = 30, 54
# Scale of letters in three images side by side, relative to a window with one.
_SCALE = 0.6
# Of the three frames, from left to right.
MOMENT_COLOURS = (palette.DUE, palette.TRAINEE, palette.LEAKWATCH)


class ResultPage(QWidget):
    """Headline, three images, timeline, and numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline, self.kept = text_label(28, bold=True), text_label(15)
        self.panels = [MomentPanel(colour) for colour in MOMENT_COLOURS]
        self.line = MomentLine()
        self.facts = QHBoxLayout()
        self.fact_labels: list[QLabel] = []
        self._scale = 1.0
        self._facts: tuple[Fact, ...] = ()
        self._lay_out()

    def show_result(
        self, prepared: Prepared, score: Score, kept: str, stood_still_s: float | None
    ) -> None:
        """Show a scored attempt; `kept` states whether it was saved."""
        self.headline.setText(escape(translate(headline(score))))
        self.kept.setText(f'<span style="color:{QUIET}">{escape(translate(kept))}</span>')
        shown = key_frames(prepared.course, score)
        for panel, moment in zip(self.panels, shown, strict=True):
            panel.show_moment(prepared, moment)
        self.line.show_moments(
            prepared.track.levels(), shown, prepared.course.times_s, score.false_at_s or ()
        )
        self._facts = tuple(score_numbers(prepared.course, score, stood_still_s))
        self.set_scale(self._scale)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self._show_facts(self._facts)
        scale_letters(self, scale)
        self.line.set_scale(scale)
        for panel in self.panels:
            panel.image.overlay.set_scale(_SCALE * scale)

    def _show_facts(self, facts: Sequence[Fact]) -> None:
        while len(self.fact_labels) < len(facts):
            label = text_label(13)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.facts.addWidget(label, 1)
            self.fact_labels.append(label)
        for label in self.fact_labels:
            label.hide()
        for label, fact in zip(self.fact_labels, facts, strict=False):
            label.setText(fact_html(fact.translated(), self._scale))
            label.show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for panel in self.panels:
            row.addWidget(panel, 1)
        self.facts.setSpacing(16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 4)
        layout.addWidget(self.headline)
        layout.addWidget(self.kept)
        layout.addLayout(row, 1)
        layout.addWidget(self.line)
        layout.addLayout(self.facts)


class MomentPanel(QWidget):
    """A key frame with the results of LeakWatch."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self.title, self.words, self.level = text_label(17, bold=True), text_label(13), QLabel()
        set_letters(self.level, 15, bold=True)
        self.level.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.image, self.nothing = ImageView(), text_label(17)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for label in (self.title, self.words):
            # All remaining height belongs to the image.
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
            layout.addWidget(label)
        layout.addWidget(self.image.widget, 1)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.level)

    def show_moment(self, prepared: Prepared, moment: ResultLine) -> None:
        """Show a key frame, or that there is none."""
        self.title.setText(
            f'<span style="color:{self._colour}">■</span> {escape(translate(moment.title))}'
        )
        self.words.setText(escape(translate(moment.words)))
        there = moment.frame is not None
        self.image.widget.setVisible(there)
        self.level.setVisible(there)
        self.nothing.setVisible(not there)
        if moment.frame is None:
            none = escape(translate(text("no such frame")))
            self.nothing.setText(f'<span style="color:{QUIET}">{none}</span>')
            return
        run, track = prepared.case.run, prepared.track
        snapshot = track.snapshot(moment.frame)
        shown = make_overlay(snapshot, run.marks, run.settings)
        try:
            grey = track.grey(moment.frame)
        except SourceError as error:
            grey = None
            self.words.setText(
                f'<span style="color:{WARN}">⚠ {escape(translate(str(error)))}</span>'
            )
        self.image.show_frame(grey, shown)
        style = LEVEL_STYLES[snapshot.alert.level]
        self.level.setText(f"LeakWatch: {style.symbol} {snapshot.alert.level.value}")
        self.level.setStyleSheet(
            f"background: {style.colour}; color: {style.ink}; border-radius: 4px; padding: 3px;"
        )


class MomentLine(QWidget):
    """Levels of LeakWatch from left to right, with the key frames below them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = 1.0
        self.set_scale(1.0)
        self._levels: tuple[Level, ...] = ()
        self._times_s: tuple[float, ...] = (0.0,)
        self._moments: list[tuple[str, str, float]] = []
        self._false_at_s: tuple[float, ...] = ()

    def show_moments(
        self,
        levels: tuple[Level, ...],
        shown: Sequence[ResultLine],
        times_s: tuple[float, ...],
        false_at_s: tuple[float, ...],
    ) -> None:
        """Show levels, key frames, and false STOPs."""
        self._levels, self._times_s, self._false_at_s = levels, times_s, false_at_s
        self._moments = [
            (translate(one.title), colour, times_s[one.frame])
            for one, colour in zip(shown, MOMENT_COLOURS, strict=True)
            if one.frame is not None
        ]
        self.update()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.setFixedHeight(round((BAR_HEIGHT + WORDS_HEIGHT) * scale))
        self.update()

    def x_of(self, time_s: float) -> float:
        """Return the column of a time."""
        first, last = self._times_s[0], self._times_s[-1]
        return (time_s - first) / max(last - first, 1e-9) * (self.width() - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint levels, false STOPs as crosses, and a labelled line for each key frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall = BAR_HEIGHT * self._scale
        painter.fillRect(QRectF(0.0, 0.0, self.width(), tall), QColor(palette.RAISED))
        first = 0
        for level, same in groupby(self._levels):
            end = first + len(list(same))
            last_s = self._times_s[min(end, len(self._times_s) - 1)]
            left, right = self.x_of(self._times_s[first]), self.x_of(last_s)
            high = LEVEL_HEIGHTS[level] * tall
            bar = QRectF(left, tall - high, right - left, high)
            painter.fillRect(bar, QColor(LEVEL_STYLES[level].colours.bar))
            first = end
        painter.setFont(font(round(13 * self._scale)))
        for at_s in self._false_at_s:
            self._paint_cross(painter, self.x_of(at_s))
        for row, (title, colour, at_s) in enumerate(self._moments):
            self._paint_moment(painter, row, title, QColor(colour), self.x_of(at_s))
        painter.end()

    def _paint_moment(
        self, painter: QPainter, row: int, title: str, colour: QColor, x: float
    ) -> None:
        foot = (BAR_HEIGHT + 4 + 17 * row) * self._scale
        half = 1.5 * self._scale
        painter.fillRect(QRectF(x - half, 0.0, 2.0 * half, foot + 12 * self._scale), colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        tip = [QPointF(x - 6.0, 0.0), QPointF(x + 6.0, 0.0), QPointF(x, 9.0)]
        painter.drawPolygon(QPolygonF(tip))
        painter.setPen(colour)
        width = float(painter.fontMetrics().horizontalAdvance(title)) + 6.0
        left = x + 6.0 if x + 6.0 + width < self.width() else x - 6.0 - width
        painter.drawText(
            QRectF(left, foot, width, 15.0 * self._scale), Qt.AlignmentFlag.AlignVCenter, title
        )

    def _paint_cross(self, painter: QPainter, x: float) -> None:
        painter.setPen(QColor(palette.INK))
        box = QRectF(x - 10.0, 0.0, 20.0, BAR_HEIGHT * self._scale)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "✕")


def fact_html(fact: Fact, scale: float = 1.0) -> str:
    """Return a fact as rich text; an unreliable one has a sign as well as a colour."""
    name = f"⚠ {fact.name}" if fact.warn else fact.name
    size, weight = (28, 700) if fact.large else (15, 400)
    name_colour, colour = (WARN, WARN) if fact.warn else (QUIET, INK)
    above, below = round(12 * scale), round(size * scale)
    return (
        f'<span style="color:{name_colour}; font-size:{above}px">{escape(name)}</span><br>'
        f'<span style="color:{colour}; font-size:{below}px; font-weight:{weight}">'
        f"{escape(fact.value)}</span>"
    )
