"""Live window of two planes: both pictures side by side, one banner with the worse, one sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QCloseEvent

from leakwatch.core.messages import text
from leakwatch.core.results import Level
from leakwatch.display.banner import Banner
from leakwatch.display.confirmation import Confirmation
from leakwatch.gui.live.alarm_display import AlarmDisplay, raise_window
from leakwatch.gui.live.plane_keys import plane_key_actions
from leakwatch.gui.live.plane_window import PlaneWindow
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.live.sound import Speaker
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.plane_pair import PlanePair
from leakwatch.live.panel import paused_for_s
from leakwatch.live.planes import CommonStatus, Plane, combined
from leakwatch.live.status import Alarm, LiveStatus
from leakwatch.live.two_planes import TwoPlanes

# Keys of both planes that have a button while a layer is open.
OVER_A_LAYER = ("A", "Space")


class TwoPlaneWindow(PlanePair[PlaneWindow]):
    """Window that asks both planes by a timer what to show, and sounds for the worse one.

    Parameters
    ----------
    planes : TwoPlanes
        Started.
    title : str
    record : callable or None
        Starts a recording of both planes, and returns a message; may block.
    speaker : Speaker or None
        None: the best one available.
    """

    def __init__(
        self,
        planes: TwoPlanes,
        title: str,
        record: Callable[[], str] | None = None,
        speaker: Speaker | None = None,
    ) -> None:
        super().__init__(title)
        self.planes, self.settings = planes, planes.settings
        self.banner.use(self.settings.window)
        self.alarm = AlarmDisplay(self.settings, speaker)
        first, second = planes.sessions
        self.plane_windows = (
            PlaneWindow(first, 0, self.focus_on, self, self.alarm.speaker),
            PlaneWindow(second, 1, self.focus_on, self, self.alarm.speaker),
        )
        self.record = None if record is None else RecordStart(record)
        self._sure, self._ending = Confirmation(), False
        self._bar_of: tuple[object, ...] = ()
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.lay_out(self.bar)

    def pause(self) -> None:
        """Stop updates; a display that stops then is no fault."""
        super().pause()
        self.alarm.pause()

    def show_common(self) -> None:
        """Show banner, bar and messages of both planes, and sound."""
        statuses, now_s = self.planes.statuses(), self.planes.now_s
        faults = [session.report_fault for session in self.planes.sessions]
        self.alarm.record_refresh(now_s, self.banner, faults)
        planes = [
            self.planes.plane(number, statuses[number], one.shown)
            for number, one in enumerate(self.plane_windows)
        ]
        common = combined(planes)
        banner = self.alarm.with_stall(common.banner, now_s)
        if common.level is Level.STOP and self.banner.banner.level is not Level.STOP:
            self.help.hide()
            raise_window(self)
        self.banner.show_banner(banner, technical=common.alarm is Alarm.MEDIUM)
        paused = [paused_for_s(status, now_s) > 0.0 for status in statuses]
        self._sound_for(planes, common, paused)
        self._show_recording()
        self._show_bar(statuses)

    def broken(self, shown: Banner) -> None:
        """Sound an alarm for what cannot be shown."""
        self.alarm.sound_broken(shown, self.planes.now_s)

    def own_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of both planes."""
        return (*plane_key_actions(self), *self.common_actions())

    def bar_actions(self) -> tuple[KeyAction, ...]:
        """Return the actions with a button; of the layer alone, if one is open, and of alarms."""
        own = self.own_actions()
        if self.focused.layer is not None:
            own = tuple(one for one in own if one.text in OVER_A_LAYER)
        named = {action.text for action in own}
        return (*own, *(one for one in self.focused.part_actions() if one.text not in named))

    def is_sure(self, what: str, warning: str) -> bool:
        """Return whether `what` is confirmed by a second request while its warning is shown."""
        sure = self._sure.is_confirmed(what)
        if not sure:
            self.say(warning)
        return sure

    def read_syringe(self, ml: float) -> None:
        """Take a reading of the syringe for both planes: they show the same cement."""
        for session in self.planes.sessions:
            session.read_syringe(ml)
        self.say(text("{ml:g} mL: used from the next image on.", ml=ml))

    def take_note(self, words: str) -> None:
        """Save a text with the case, which is one of both planes."""
        for session in self.planes.sessions:
            session.note(words)

    def test_sound(self) -> None:
        """Play the sound of a STOP, and show what should be heard."""
        self.say(self.alarm.test())

    def end(self) -> None:
        """Close without asking, because the program ends."""
        self._ending = True
        super().end()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close and stop the sound; ask for confirmation while a session runs."""
        warning = text("The session is still running. Press Q again, or close again, to end it.")
        if not (self._ending or self.planes.ended) and not self.is_sure("close", warning):
            event.ignore()
            return
        self.alarm.stop()
        super().closeEvent(event)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.bar.set_scale(scale)

    def _sound_for(self, planes: list[Plane], common: CommonStatus, paused: list[bool]) -> None:
        """Sound for the planes whose sound is not paused."""
        heard = [
            replace(plane, now=replace(plane.now, alarm=Alarm.NONE)) if silent else plane
            for plane, silent in zip(planes, paused, strict=True)
        ]
        alarm = combined(heard).alarm
        silent = alarm is Alarm.NONE and common.alarm is not Alarm.NONE
        self.alarm.sound(common.alarm if silent else alarm, silent, self.planes.now_s)

    def _show_recording(self) -> None:
        if self.record is None:
            return
        if any(session.status.is_recorded for session in self.planes.sessions):
            self.record.confirm()
        message = self.record.take_message()
        if message:
            self.say(message)

    def _show_bar(self, statuses: tuple[LiveStatus, LiveStatus]) -> None:
        """Show the buttons; they are made anew only if one of them may have changed."""
        flashing = tuple(one.banner.banner.flashing for one in self.plane_windows)
        states = tuple((one.is_recorded, one.can_undo) for one in statuses)
        paused = self.planes.is_paused(self.focus)
        now = (self.focus, self.focused.layer, flashing, states, paused)
        # The keys of a layer change while it is open.
        if now != self._bar_of or self.focused.layer is not None:
            self._bar_of = now
            self.bar.show_actions(self.bar_actions())
        self.bar.enable("A", flashing[self.focus])
