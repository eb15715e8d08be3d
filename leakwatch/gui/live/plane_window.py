"""Live window of one plane, as a silent part of the window of two planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from weakref import ref

from leakwatch.core.messages import text
from leakwatch.core.planes import plane_name
from leakwatch.core.results import Reason
from leakwatch.display.banner import unknown_banner
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.live.note_layer import NoteLayer
from leakwatch.gui.live.sound import Speaker
from leakwatch.gui.live.syringe_layer import SyringeLayer
from leakwatch.gui.marking.picture_tools import live_tools
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.plane_part import PlanePart
from leakwatch.live.live_session import LiveSession
from leakwatch.live.planes import with_plane
from leakwatch.live.status import Alarm, DisplayedStatus, DisplayState


class Mute:
    """Speaker of one plane: that of both planes sounds for it.

    Parameters
    ----------
    speaker : Speaker
        Of both planes.
    """

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    @property
    def problem(self) -> str:
        """Reason why alarms may be inaudible; empty if they are audible."""
        return self._speaker.problem

    def play(self, alarm: Alarm) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class WholeCase(Protocol):
    """Window of both planes, as one of them sees it."""

    def read_syringe(self, ml: float) -> None:
        """Take an injected volume for both planes."""

    def take_note(self, words: str) -> None:
        """Save a text with the case."""


class PlaneWindow(PlanePart, LiveWindow):
    """Picture, overlay, layers and numbers of one plane, with its own level above it.

    Parameters
    ----------
    session : LiveSession
        Started.
    number : int
        0 for the first plane, 1 for the second.
    chosen : callable
        A bound method, called with `number` when the picture is clicked.
    both : WholeCase
        Takes what belongs to the patient and not to a plane; referred to weakly.
    speaker : Speaker
        Of both planes, for what is wrong with it.

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
        both: WholeCase,
        speaker: Speaker,
    ) -> None:
        self._both = ref(both)
        banner = unknown_banner(text("No frame yet"))
        waiting, reasons = DisplayState.WAITING, (Reason.STALE,)
        self.shown = DisplayedStatus(waiting, banner, reasons, Alarm.NONE, None)
        super().__init__(session, "", live_tools(session), Mute(speaker))
        self.be_part(number, chosen)
        self.bar.hide()

    def bar_actions(self) -> tuple[KeyAction, ...]:
        """Return none: the window of both planes has the buttons."""
        return ()

    def part_actions(self) -> tuple[KeyAction, ...]:
        """Return the actions of this plane with a button."""
        return super().bar_actions()

    @property
    def hint(self) -> str:
        """Scope of a layer: marks, margin and rulers belong to a plane, the rest to the case."""
        if self.layer is None:
            return ""
        if isinstance(self.layer, SyringeLayer | NoteLayer):
            return text("For both planes.")
        return text("For {plane} alone.", plane=plane_name(self._number, self.marks().view))

    def broken(self) -> None:
        """Report a plane that cannot be shown at all, beside showing UNKNOWN."""
        banner = self.banner.banner
        alarm = Alarm.HIGH if banner.flashing else Alarm.MEDIUM
        reasons = (Reason.STAGE_ERROR,)
        self.shown = DisplayedStatus(DisplayState.LOST, banner, reasons, alarm, None)

    def _show_alarm(self, now: DisplayedStatus, paused: bool) -> None:
        self.shown = now
        name = plane_name(self._number, self.marks().view)
        super()._show_alarm(replace(now, banner=with_plane(now.banner, name)), paused)

    def _record_refresh(self) -> None:
        """Leave the display's own faults to the window of both planes."""

    def _raise_window(self) -> None:
        """Leave it to the window of both planes."""

    def _read_syringe(self, ml: float) -> None:
        both = self._both()
        if both is not None:
            both.read_syringe(ml)

    def _take_note(self, words: str) -> None:
        both = self._both()
        if both is not None:
            both.take_note(words)
