"""Room of the live image, and of what is shown beside it or below it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

# The image never shrinks below this share of the row for what is beside or below it.
IMAGE_SHARE = 2


@runtime_checkable
class Scaled(Protocol):
    """Widget whose letters follow the size of the window."""

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""


class PaneRow(QSplitter):
    """Main image, with further panes by name; the user moves the bars between them.

    Parameters
    ----------
    image : QWidget
        The main image; it cannot be removed.
    """

    laid_out = Signal()  # after each change of size

    def __init__(self, image: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._column = QSplitter(Qt.Orientation.Vertical)
        self._column.addWidget(image)
        self._panes: dict[str, QWidget] = {}
        self._shares: dict[QWidget, int] = {}
        self._scale = 1.0
        self.addWidget(self._column)
        for splitter in (self, self._column):
            splitter.setChildrenCollapsible(False)
            splitter.setStretchFactor(0, IMAGE_SHARE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that the row has another size."""
        super().resizeEvent(event)
        self.laid_out.emit()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the panes beside the main image, in their order."""
        return tuple(self._panes)

    def put(self, name: str, pane: QWidget, share: int = 1, below: bool = False) -> None:
        """Show `pane` beside the image, or below it; one of the same name is replaced.

        Parameters
        ----------
        name : str
        pane : QWidget
            Its letters are scaled with the window if it has `set_scale`.
        share : int
            Of the room; the image has `IMAGE_SHARE`.
        below : bool
        """
        self.take(name)
        splitter = self._column if below else self
        splitter.addWidget(pane)
        splitter.setStretchFactor(splitter.count() - 1, share)
        self._panes[name], self._shares[pane] = pane, share
        _share_out(splitter, [self._shares.get(one, IMAGE_SHARE) for one in _widgets(splitter)])
        if isinstance(pane, Scaled):
            pane.set_scale(self._scale)
        pane.show()

    def take(self, name: str) -> QWidget | None:
        """Remove a pane and return it; None if there is none of this name."""
        pane = self._panes.pop(name, None)
        if pane is not None:
            del self._shares[pane]
            pane.hide()
            pane.setParent(None)
        return pane

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        self._scale = scale
        for pane in self._panes.values():
            if isinstance(pane, Scaled):
                pane.set_scale(scale)


def _widgets(splitter: QSplitter) -> list[QWidget]:
    widgets = (splitter.widget(place) for place in range(splitter.count()))
    return [one for one in widgets if one is not None]


def _share_out(splitter: QSplitter, shares: list[int]) -> None:
    """Give each widget its share of the room, also before there is any."""
    across = splitter.orientation() is Qt.Orientation.Horizontal
    room = max(splitter.width() if across else splitter.height(), sum(shares))
    splitter.setSizes([room * share // sum(shares) for share in shares])
