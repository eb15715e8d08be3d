"""The live window of one plane, as a silent part of the window of two planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from weakref import WeakMethod

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.core.planes import plane_name
from leakwatch.core.results import Reason
from leakwatch.display.banner import unknown_banner
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.picture_tools import live_tools
from leakwatch.gui.widgets.pane import Phase, Touch
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import Alarm, DisplayedStatus, DisplayState

# Sizes relative to a window of one plane, since each picture has half the width: the banner above
# it, the labels in it, and the notices below it.
HEADER_SHARE, LABEL_SHARE, NOTICE_SHARE = 0.5, 0.75, 0.7
# Smaller, a picture shows no cement.
LEAST_PLANE_SIZE = (300, 240)


class Mute:
    """Speaker of one plane: the window of both planes sounds for it."""

    problem = ""

    def play(self, alarm: Alarm) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class PlaneWindow(LiveWindow):
    """Picture, overlay, layers and numbers of one plane, with its own level above it.

    The window of both planes calls `tick`, so that a plane that cannot be drawn takes nothing else
    along.

    Parameters
    ----------
    session : LiveSession
        Started.
    number : int
        0 for the first plane, 1 for the second.
    chosen : callable
        A bound method, called with `number` when the picture is clicked.
    both : callable
        A bound method that receives an injected volume for both planes.

    Attributes
    ----------
    shown : DisplayedStatus
        What is displayed of this plane, also if it cannot be drawn.
    """

    def __init__(
        self,
        session: LiveSession,
        number: int,
        chosen: Callable[[int], None],
        both: Callable[[float], None],
    ) -> None:
        self._number = number
        self._chosen, self._both = WeakMethod(chosen), WeakMethod(both)
        self.shown = _nothing()
        super().__init__(session, "", live_tools(session), Mute())
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setMinimumSize(*LEAST_PLANE_SIZE)
        self.bar.hide()
        self._plane_scale = 1.0

    def scale_to(self, scale: float) -> None:
        """Draw larger or smaller, as the window of both planes is."""
        self._plane_scale = scale
        self.set_scale(scale)

    def set_scale(self, scale: float) -> None:
        """Draw as large as the window of both planes, whatever the size of this part of it."""
        scale = getattr(self, "_plane_scale", scale)
        super().set_scale(scale)
        self.banner.set_scale(HEADER_SHARE * scale)
        self.image.overlay.set_scale(LABEL_SHARE * scale)

    @property
    def sign_pixels(self) -> int:
        """Height of the letters of the notices, in a window of 1280 x 800."""
        return round(NOTICE_SHARE * super().sign_pixels)

    def broken(self) -> None:
        """Report a plane that cannot be shown at all, beside showing UNKNOWN."""
        banner = self.banner.banner
        alarm = Alarm.HIGH if banner.flashing else Alarm.MEDIUM
        reasons = (Reason.STAGE_ERROR,)
        self.shown = DisplayedStatus(DisplayState.LOST, banner, reasons, alarm, None)

    def _show_alarm(self, now: DisplayedStatus, paused: bool) -> None:
        self.shown = now
        banner, name = now.banner, plane_name(self._number, self.marks().view)
        reasons: tuple[str, ...] = (name,)
        if banner.reasons:
            first = text("{plane}: {words}", plane=name, words=banner.reasons[0])
            reasons = (first, *banner.reasons[1:])
        super()._show_alarm(replace(now, banner=replace(banner, reasons=reasons)), paused)

    def _record_refresh(self) -> None:
        """Leave the display's own faults to the window of both planes."""

    def _raise_window(self) -> None:
        """Leave it to the window of both planes."""

    def _read_syringe(self, ml: float) -> None:
        both = self._both()
        if both is not None:
            both(ml)

    def _touched(self, touch: Touch) -> bool:
        chosen = self._chosen()
        if touch.phase is Phase.PRESS and chosen is not None:
            chosen(self._number)
        return super()._touched(touch)


def _nothing() -> DisplayedStatus:
    banner = unknown_banner(text("No frame yet"))
    return DisplayedStatus(DisplayState.WAITING, banner, (Reason.STALE,), Alarm.NONE, None)
