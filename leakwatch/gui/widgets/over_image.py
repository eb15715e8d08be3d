"""Items over the image of a window: keys, messages, notices, and the rim of a STOP."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtWidgets import QLabel, QWidget

from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.keys import HELP_PIXELS, KeyAction, help_html, help_lines
from leakwatch.gui.widgets.rim import Rim

# Letters of messages, and gap to the edge of the image, in a window of 1280 x 800, pixels; the help
# in letters smaller than the second cannot be read on any screen.
PROMPT, LEAST_HELP, GAP = 20, 6, 14


class OverImage:
    """Labels over an image; none of them covers the banner or the buttons.

    A window may put one of them into a layout, which then places it.

    Parameters
    ----------
    window : QWidget

    Attributes
    ----------
    help, prompt, signs : QLabel
        Keys; what to do, and what was done; notices about the image.
    rim : Rim
    """

    def __init__(self, window: QWidget) -> None:
        self.rim = Rim(window)
        self.help, self.prompt, self.signs = (
            _label(window, name) for name in ("help", "prompt", "signs")
        )
        for label in (self.prompt, self.signs):  # they may contain names of files
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._scale = 1.0
        self._lines: tuple[tuple[str, str], ...] = ()

    def toggle_help(self, actions: Iterable[KeyAction]) -> None:
        """Show these keys, or hide them; `place` comes next."""
        # Not the actions, which know their window.
        self._lines = help_lines(actions)
        self.help.setVisible(self.help.isHidden())

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        self.rim.set_scale(scale)
        self.prompt.setFont(font(round(PROMPT * scale)))

    def place(self, panes: QRect, image: QRect, corner: int = 0) -> None:
        """Place all of it.

        Parameters
        ----------
        panes : QRect
            The image and what is beside it, in pixels of the window.
        image : QRect
        corner : int
            Width at the lower right of the image that something else needs.
        """
        self.rim.place(panes)
        self.rim.raise_()
        gap = round(GAP * self._scale)
        for label in filter(self._is_over, (self.signs, self.prompt)):
            room = image.width() - 2 * gap
            if label is self.signs:
                room = max(room - corner, room // 2)
            label.setFixedWidth(_width_of(label, room))
            label.adjustSize()
            # Its hint counts a line too few where some lines wrap and others end.
            label.resize(label.width(), label.heightForWidth(label.width()))
            label.raise_()
        if self._is_over(self.prompt):
            self.prompt.move(image.left() + gap, image.top() + gap)
        self.signs.move(image.left() + gap, image.bottom() - self.signs.height() - gap)
        self._place_help(QRect(0, panes.top(), self.help.window().width(), panes.height()))

    def covered(self, image: QWidget) -> list[QRectF]:
        """Return the parts of the image that messages cover, in its pixels."""
        shown = (label for label in (self.prompt, self.signs) if label.isVisible())
        window = self.help.window()
        over = filter(self._is_over, shown)
        return [QRectF(QRect(image.mapFrom(window, one.pos()), one.size())) for one in over]

    def _is_over(self, label: QLabel) -> bool:
        return label.parent() is self.help.parent()

    def _place_help(self, room: QRect) -> None:
        """Show the keys between banner and buttons, in the largest letters that fit there."""
        if self.help.isHidden():
            return
        for pixels in range(round(HELP_PIXELS * self._scale), LEAST_HELP - 1, -1):
            self.help.setFont(font(pixels))
            self.help.setMargin(pixels)
            self.help.setText(help_html(self._lines, pixels))
            self.help.adjustSize()
            if self.help.width() <= room.width() and self.help.height() <= room.height():
                break
        self.help.raise_()
        place = self.help.rect()
        place.moveCenter(room.center())
        self.help.setGeometry(place.intersected(room))


def _label(window: QWidget, name: str) -> QLabel:
    label = QLabel(window)
    label.setObjectName(name)
    label.hide()
    return label


def _width_of(label: QLabel, most: int) -> int:
    """Return the width of the text of a label with its padding, at most `most`."""
    metrics = label.fontMetrics()
    wide = max(metrics.horizontalAdvance(line) for line in label.text().split("\n"))
    return max(min(wide + 2 * metrics.height(), most), 1)
