"""Named values, one below the other; large ones are readable from two metres."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.display.facts import Fact
from leakwatch.gui.widgets.fonts import LEGIBLE, font

QUIET, INK, WARN = palette.QUIET, palette.INK, palette.WARN
# Heights of letters in a window of 1280 x 800, pixels.
NAME, VALUE, GAP = 15, 18, 6
PAST_OPACITY = 0.75
LINE = 1.3  # of a letter's height
# If not all fits, small and then large letters are drawn smaller, but never those of the first
# fact; what still does not fit is counted.
TIGHTER = ((1.0, 1.0), (0.92, 1.0), (0.85, 0.9), (0.8, 0.75), (0.72, 0.6))
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_WRAP = Qt.TextFlag.TextWordWrap
LONG_WORD = 14
# Behind these a long word without spaces, such as an address, may be broken.
_BREAKS = re.compile(r"(?<=[/:*_,;=@-])(?=\S)")


@dataclass(frozen=True, slots=True)
class _Placed:
    """Fact with the sizes of its letters and its height."""

    fact: Fact
    name_px: int
    value_px: int
    beside: bool
    height: float


class FactsView(QWidget):
    """Widget that shows facts; an unreliable one has a sign as well as a colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._facts: tuple[Fact, ...] = ()
        self._shown: tuple[Fact, ...] = ()
        self._scale = 1.0

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Facts that are shown, before translation."""
        return self._facts

    def text(self) -> str:
        """Return everything that is shown, one line for each fact."""
        return "\n".join(f"{_name(fact)}: {fact.value}" for fact in self._shown)

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show `facts`; paint only if they differ."""
        if facts != self._facts:
            # Few of them change at a time.
            known = dict(zip(self._facts, self._shown, strict=True))
            self._facts = facts
            self._shown = tuple(known.get(fact) or fact.translated() for fact in facts)
            self.setAccessibleDescription(self.text())
            self.update()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size; any height is sufficient."""
        return QSize(100, 100)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint from the top, in the largest letters with which all fits."""
        placed, hidden = self._placed()
        painter = QPainter(self)
        y = 0.0
        for one in placed:
            painter.setOpacity(PAST_OPACITY if one.fact.past else 1.0)
            self._paint(painter, one, y)
            y += one.height
        painter.setOpacity(1.0)
        if hidden:
            painter.setFont(font(round(NAME * self._scale)))
            painter.setPen(QColor(WARN))
            high = self._more_height
            box = QRectF(0.0, self.height() - high, self.width(), high)
            words = painter.fontMetrics().elidedText(
                translate(self._words_for(hidden)), Qt.TextElideMode.ElideRight, self.width()
            )
            painter.drawText(box, _LEFT, words)
        painter.end()

    def _words_for(self, hidden: int) -> str:
        """Return what is said of the last `hidden` facts, which do not fit."""
        window = self.window()
        if window.isMaximized() or window.isFullScreen():
            names = ", ".join(fact.name for fact in self._shown[-hidden:])
            return text("⚠ no room for: {names}", names=names)
        return text("⚠ {number} more: enlarge the window", number=hidden)

    @property
    def _more_height(self) -> float:
        """Of the line that says how many facts are left out."""
        return LINE * round(NAME * self._scale)

    def _placed(self) -> tuple[list[_Placed], int]:
        """Return what fits, and the number of facts that do not."""
        placed: list[_Placed] = []
        for small, large in TIGHTER:
            placed = [
                self._place(fact, small, large if number else 1.0)
                for number, fact in enumerate(self._shown)
            ]
            if sum(one.height for one in placed) <= self.height():
                return placed, 0
        left, shown = self.height() - self._more_height, 0
        for one in placed:
            left -= one.height
            shown += left >= 0.0
        return placed[:shown], len(placed) - shown

    def _place(self, fact: Fact, small: float, large: float) -> _Placed:
        scale = small * self._scale
        name_px, gap = round(NAME * scale), GAP * scale
        if fact.large:
            value_px = round(LEGIBLE * large * self._scale)
            high = LINE * name_px + self._wrapped(fact, value_px) + gap
            return _Placed(fact, name_px, value_px, False, high)
        value_px = round(VALUE * scale)
        names, values = QFontMetricsF(font(name_px)), QFontMetricsF(font(value_px))
        together = names.horizontalAdvance(_name(fact)) + values.horizontalAdvance(fact.value)
        if together + 14 * scale <= self.width():
            return _Placed(fact, name_px, value_px, True, LINE * value_px + gap)
        high = LINE * name_px + self._wrapped(fact, value_px) + gap
        return _Placed(fact, name_px, value_px, False, high)

    def _wrapped(self, fact: Fact, pixels: int) -> float:
        """Return the height of a value, wrapped."""
        room = QRectF(0.0, 0.0, self.width(), 1e4)
        metrics = QFontMetricsF(font(pixels, fact.large))
        return metrics.boundingRect(room, int(_WRAP), _breakable(fact.value)).height()

    def _paint(self, painter: QPainter, one: _Placed, y: float) -> None:
        fact, width = one.fact, self.width()
        colour = QColor(WARN if fact.warn else QUIET)
        painter.setFont(font(one.name_px))
        painter.setPen(colour)
        top = y + (LINE * (one.value_px - one.name_px) * 0.75 if one.beside else 0.0)
        painter.drawText(QRectF(0.0, top, width, 2.0 * one.name_px), _LEFT, _name(fact))
        painter.setFont(font(one.value_px, bold=fact.large))
        painter.setPen(QColor(WARN if fact.warn else INK))
        if one.beside:
            painter.drawText(QRectF(0.0, y, width, one.height), _RIGHT, fact.value)
            return
        below = y + LINE * one.name_px
        box = QRectF(0.0, below, width, one.height)
        painter.drawText(box, int(_LEFT) | int(_WRAP), _breakable(fact.value))


def _breakable(words: str) -> str:
    """Return `words` with places to break in long words."""
    return " ".join(
        _BREAKS.sub("\u200b", word) if len(word) > LONG_WORD else word for word in words.split(" ")
    )


def _name(fact: Fact) -> str:
    return f"⚠ {fact.name}" if fact.warn else fact.name
