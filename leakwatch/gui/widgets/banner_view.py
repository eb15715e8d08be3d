"""Banner of a window, readable from two metres; a STOP flashes until acknowledged."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from leakwatch.config import WindowSettings
from leakwatch.core.messages import text, translate
from leakwatch.display.banner import Banner, unknown_banner
from leakwatch.display.level_styles import TRIANGLE_HALF_WIDTH, Shape, shape_corners
from leakwatch.gui.widgets.fonts import LEGIBLE, font

# In a window of 1280 x 800, pixels: the height has room for three lines of a reason.
HEIGHT, PADDING, WORD, WORD_WIDTH = 148, 16, 68, 270
# Letters of the first reason, of the others and of warnings, in the order in which they are tried:
# the first reason shrinks last, and never where the others can give way.
FIRST = (LEGIBLE, 34, 28, 22, 15)
OTHERS = ((LEGIBLE, 24), (32, 20), (26, 18), (22, 15))
# The clock, and the positions of its hand per second.
CLOCK_WIDTH, CLOCK, DIAL, HAND_STEPS = 104, 17, 26, 10
MOST_REASONS, MOST_WARNINGS = 3, 3
LINE = 1.17  # of a letter's height
_KEPT_TOGETHER = re.compile(r"(?<=\d) (?=±|mm|px|s\b|min)|(?<=±) (?=\d)|(?<=:) (?=\w$)")
_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


@dataclass(frozen=True, slots=True)
class LaidOutText:
    """A reason or a warning with the size of its letters and its height."""

    text: str
    pixels: int
    bold: bool
    height: float


class BannerView(QWidget):
    """Widget that paints a `Banner`; UNKNOWN until it receives one."""

    flashed = Signal(bool)  # whether the other half of a flash begins
    styled = Signal(object)  # the `LevelStyle` of another banner

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = WindowSettings()
        self._scale = 1.0
        self.set_scale(1.0)
        self._banner = unknown_banner(text("No frame yet"))
        self._shown = self._banner.translated()
        self._other_half = False
        self._laid_out: tuple[object, list[LaidOutText]] = (None, [])
        self._clock: tuple[str, int] | None = None
        self._flash = QTimer(self)
        self._flash.timeout.connect(self._on_flash)

    @property
    def banner(self) -> Banner:
        """Banner that is shown, before translation."""
        return self._banner

    @property
    def flashing(self) -> bool:
        """Return whether the banner flashes."""
        return self._flash.isActive()

    @property
    def flash_hz(self) -> float:
        """Rate of flashing, Hz; 0.0 if steady."""
        return 500.0 / self._flash.interval() if self._flash.isActive() else 0.0

    @property
    def word_pixels(self) -> int:
        """Height of the letters of the word: smaller if it is long."""
        pixels, room = round(WORD * self._scale), WORD_WIDTH * self._scale
        width = QFontMetricsF(font(pixels, bold=True)).horizontalAdvance(self._shown.word)
        return pixels if width <= room else int(pixels * room / width)

    @property
    def laid_out(self) -> list[LaidOutText]:
        """Reasons and warnings as they were painted last."""
        return self._laid_out[1]

    def use(self, settings: WindowSettings) -> None:
        """Use the rates of flashing in `settings`."""
        self._settings = settings

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.setFixedHeight(round(HEIGHT * scale))
        self.update()

    def show_banner(self, banner: Banner, technical: bool = False) -> None:
        """Show `banner`; repaint only if it differs.

        Parameters
        ----------
        banner : Banner
        technical : bool
            Whether a technical alarm of medium priority is active: the banner flashes slowly.
        """
        self._set_flash(banner.flashing, technical)
        if banner == self._banner:
            return
        self._banner = banner
        self._shown = banner.translated()
        self.styled.emit(banner.style)
        reasons = [translate(one) for one in banner.reasons_with_keys[:1]]
        self.setAccessibleName(": ".join((banner.word, *reasons)))
        self.update()

    def show_clock(self, time: str, now_s: float) -> None:
        """Show the time, and a hand that turns once a second: both stop with the display.

        Parameters
        ----------
        time : str
            Time of day, with seconds.
        now_s : float
            Any clock.
        """
        clock = (time, math.floor(now_s * HAND_STEPS) % HAND_STEPS)
        if clock != self._clock:
            self._clock = clock
            self.update(self._clock_box().toAlignedRect())

    @property
    def clock(self) -> tuple[str, int] | None:
        """Time of day and position of the hand; None if not shown."""
        return self._clock

    def stop_flashing(self) -> None:
        """Show the banner steadily, in its own colours."""
        self._flash.stop()
        self._show_half(False)

    def _set_flash(self, high: bool, medium: bool) -> None:
        if not (high or medium):
            if self._flash.isActive():
                self.stop_flashing()
            return
        hz = self._settings.high_flash_hz if high else self._settings.medium_flash_hz
        half_ms = round(500.0 / hz)  # half of the time it is bright
        if not self._flash.isActive() or self._flash.interval() != half_ms:
            self._flash.start(half_ms)

    def _on_flash(self) -> None:
        self._show_half(not self._other_half)

    def _show_half(self, other: bool) -> None:
        self._other_half = other
        self.flashed.emit(other)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint shape, word, reasons and warnings from left to right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink = self._colours()
        painter.fillRect(self.rect(), ground)
        x = self._paint_shape(painter, ground, ink)
        painter.setPen(ink)
        width = self._paint_word(painter, x)
        self._paint_texts(painter, x + width + 1.5 * PADDING * self._scale)
        self._paint_clock(painter, ink)
        painter.end()

    def _colours(self) -> tuple[QColor, QColor]:
        colours = self._banner.style.colours
        if self._other_half:
            return QColor(colours.flash_ground), QColor(colours.flash_ink)
        return QColor(colours.ground), QColor(colours.ink)

    def _clock_box(self) -> QRectF:
        width = 0.0 if self._clock is None else CLOCK_WIDTH * self._scale
        return QRectF(self.width() - width, 0.0, width, self.height())

    def _paint_clock(self, painter: QPainter, ink: QColor) -> None:
        """Paint a dial with its hand, and the time below it."""
        if self._clock is None:
            return
        time, step = self._clock
        box, radius = self._clock_box(), DIAL * self._scale
        centre = QPointF(box.center().x(), box.center().y() - 0.5 * radius)
        painter.setPen(QPen(ink, 2.0 * self._scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, radius, radius)
        turn = 2.0 * math.pi * step / HAND_STEPS
        painter.setPen(QPen(ink, 4.0 * self._scale))
        painter.drawLine(
            centre,
            QPointF(centre.x() + radius * math.sin(turn), centre.y() - radius * math.cos(turn)),
        )
        painter.setFont(font(round(CLOCK * self._scale)))
        foot = QRectF(box.left(), centre.y() + radius, box.width(), 2.0 * CLOCK * self._scale)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, time)

    def _paint_word(self, painter: QPainter, x: float) -> float:
        """Paint the word, smaller if it is long; return its width."""
        word = font(self.word_pixels, bold=True)
        width = QFontMetricsF(word).horizontalAdvance(self._shown.word)
        painter.setFont(word)
        painter.drawText(QRectF(x, 0.0, width + 4.0, self.height()), _MIDDLE, self._shown.word)
        return width

    def _paint_shape(self, painter: QPainter, ground: QColor, ink: QColor) -> float:
        style, radius = self._banner.style, self.height() / 2 - 22 * self._scale
        padding = PADDING * self._scale
        outwards = TRIANGLE_HALF_WIDTH if style.shape is Shape.TRIANGLE else 1.0
        centre = (padding + outwards * radius, self.height() / 2)
        corners = [QPointF(x, y) for x, y in shape_corners(style.shape, centre, radius)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(ground)
        painter.setFont(font(int(1.1 * radius), bold=True))
        box = QRectF(centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, style.symbol)
        return centre[0] + outwards * radius + padding

    def _paint_texts(self, painter: QPainter, left: float) -> None:
        width = self._clock_box().left() - left - PADDING * self._scale
        texts = self._texts(width, self.height() - 6.0 * self._scale)
        y = (self.height() - sum(one.height for one in texts)) / 2
        for one in texts:
            painter.setFont(font(one.pixels, one.bold))
            box = QRectF(left, y, width, one.height)
            painter.drawText(box, int(_MIDDLE) | int(Qt.TextFlag.TextWordWrap), one.text)
            y += one.height

    def _texts(self, width: float, height: float) -> list[LaidOutText]:
        """Return reasons and warnings in the largest letters with which all of them fit."""
        asked = (self._banner, width, height, self._scale)
        if self._laid_out[0] != asked:
            self._laid_out = (asked, self._fitting_texts(width, height))
        return self._laid_out[1]

    def _fitting_texts(self, width: float, height: float) -> list[LaidOutText]:
        reasons = tuple(_unbroken(translate(one)) for one in self._banner.reasons_with_keys)
        first, *others = _first(reasons, MOST_REASONS) or ("",)
        texts: list[LaidOutText] = []
        for size, most, (other, small) in product(FIRST, range(MOST_WARNINGS, 0, -1), OTHERS):
            warnings = _first(self._shown.warnings, most)
            sizes = [(first, size, True)]
            sizes += [(one, min(other, size), True) for one in others]
            sizes += [(one, min(small, size), False) for one in warnings]
            texts = [_wrapped(one, round(px * self._scale), b, width) for one, px, b in sizes]
            if sum(one.height for one in texts) <= height:
                break
        return texts


def _unbroken(words: str) -> str:
    """Return `words` in which a number keeps its uncertainty and unit, and a reason its key."""
    return _KEPT_TOGETHER.sub("\u00a0", words)


def _first(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most `most` of `texts`, with the number of the others."""
    if len(texts) <= most:
        return texts
    last = text("{text}  (+{number} more)", text=texts[most - 1], number=len(texts) - most)
    return (*texts[: most - 1], translate(last))


def _wrapped(words: str, pixels: int, bold: bool, width: float) -> LaidOutText:
    metrics = QFontMetricsF(font(pixels, bold))
    room = QRectF(0.0, 0.0, width, 1e4)
    height = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words).height()
    return LaidOutText(words, pixels, bold, max(height, LINE * pixels))
