"""Window of one plane as a part of the window of two planes."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakMethod

from PySide6.QtCore import Qt

from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.pane import Phase, Touch

# Sizes relative to a window of one plane, since each picture has half the width: the banner above
# it, the labels in it, and the notices below it.
HEADER_SHARE, LABEL_SHARE, NOTICE_SHARE = 0.5, 0.75, 0.7
# At most what the smallest window leaves to each of two planes beside the details: a larger plane
# would be cut off on the right.
LEAST_PLANE_SIZE = (160, 120)


class PlanePart(ImageWindow):
    """Window whose level is a header above its picture; the common window calls `tick`.

    So a plane that cannot be drawn shows UNKNOWN itself, and takes nothing else along.
    """

    _plane_scale: float | None = None
    _number = 0
    _chosen: Callable[[], Callable[[int], None] | None] = staticmethod(lambda: None)

    def be_part(self, number: int, chosen: Callable[[int], None]) -> None:
        """Become a part of another window.

        Parameters
        ----------
        number : int
            0 for the first plane, 1 for the second.
        chosen : callable
            A bound method, called with `number` when the picture is clicked.
        """
        self._number, self._chosen = number, WeakMethod(chosen)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setMinimumSize(*LEAST_PLANE_SIZE)
        self.menus.hide()  # those of the window of both planes show its keys

    def scale_to(self, scale: float) -> None:
        """Draw larger or smaller, as the window of both planes is."""
        self._plane_scale = scale
        self.set_scale(scale)

    def set_scale(self, scale: float) -> None:
        """Draw as large as the window of both planes, whatever the size of this part of it."""
        scale = scale if self._plane_scale is None else self._plane_scale
        super().set_scale(scale)
        self.banner.set_scale(HEADER_SHARE * scale)
        self.image.set_scale(LABEL_SHARE * scale)

    @property
    def sign_pixels(self) -> int:
        """Height of the letters of the notices, in a window of 1280 x 800."""
        return round(NOTICE_SHARE * super().sign_pixels)

    def _touched(self, touch: Touch) -> bool:
        chosen = self._chosen()
        if touch.phase is Phase.PRESS and chosen is not None:
            chosen(self._number)
        return super()._touched(touch)
