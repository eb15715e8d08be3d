"""Pane of the reference picture: an image with its title, following the zoom of the main image."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from leakwatch.core.messages import translate
from leakwatch.display import palette
from leakwatch.display.reference_view import ReferenceView
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.overlay_items import ImageView

# In a window of 1280 x 800, pixels; padded by more than the rim of a STOP, which lies over it.
LETTERS, NOTICE_LETTERS, PADDING, LEAST_WIDTH = 15, 15, 10, 220
# Brightness of a picture that is not current; its notice stays bright.
DIMMED = 0.35
_TITLE = f"background: {palette.RAISED}; color: {palette.INK};"
_NOTICE = f"background: {palette.RAISED}; color: {palette.WARN};"


class ReferencePane(QWidget):
    """A picture beside the main image, with its title above and a notice below.

    Parameters
    ----------
    parent : QWidget or None

    Attributes
    ----------
    image : ImageView
    title, notice : QLabel
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = ImageView()
        self.image.has_overview = False
        self.title, self.notice = _label(_TITLE), _label(_NOTICE)
        self._shown: ReferenceView | None = None
        self._placed: object = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addWidget(self.image.widget, 1)
        layout.addWidget(self.notice)
        self.notice.hide()
        self.set_scale(1.0)

    def show_view(self, view: ReferenceView) -> None:
        """Show a view, unless it is shown already."""
        if view is self._shown:
            return
        self._shown = view
        self.title.setText(translate(view.title))
        self.title.setVisible(bool(view.title))
        self.notice.setText(translate(view.notice))
        self.notice.setVisible(bool(view.notice))
        self.image.dim(DIMMED if view.dim else 1.0)
        if view.overlay is not None:
            self.image.show_frame(view.grey, view.overlay)
        self.image.picture.setVisible(view.overlay is not None and view.grey is not None)
        self._placed = None

    def follow(self, main: ImageView, look: ViewSettings) -> None:
        """Show the part of the frame that the main image shows, flipped alike."""
        place = (main.zoom, main.centre_px, look.flipped_horizontally, look.flipped_vertically)
        if place == self._placed:
            return
        self._placed = place
        self.image.flip(look.flipped_horizontally, look.flipped_vertically)
        self.image.zoom_to(main.zoom, main.centre_px)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        padding = round(PADDING * scale)
        for label, letters in ((self.title, LETTERS), (self.notice, NOTICE_LETTERS)):
            label.setFont(font(round(letters * scale), bold=label is self.notice))
            label.setContentsMargins(padding, padding, padding, padding)
        self.image.overlay.set_scale(scale)
        self.setMinimumWidth(round(LEAST_WIDTH * scale))

    def sizeHint(self) -> QSize:
        """Return the size of a pane beside an image: its texts must not widen it."""
        return QSize(2 * LEAST_WIDTH, LEAST_WIDTH)


def _label(style: str) -> QLabel:
    label = QLabel()
    label.setStyleSheet(style)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
