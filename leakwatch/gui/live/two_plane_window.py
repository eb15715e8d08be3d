"""Window of two planes: both pictures side by side, one banner with the worse, one sound."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import text, translate
from leakwatch.core.results import Level
from leakwatch.display.banner import keep_latched_stop, unknown_banner
from leakwatch.display.confirmation import Confirmation
from leakwatch.gui.live.plane_keys import plane_key_actions
from leakwatch.gui.live.plane_window import PlaneWindow
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.live.sound import Speaker, open_speaker
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.gui.widgets.fonts import font
from leakwatch.gui.widgets.image_window import LEAST_SIZE, SIZE, STYLE, TICK_MS, scale_of
from leakwatch.gui.widgets.keys import KeyAction, find, help_html
from leakwatch.live.alarm_sound import AlarmState, next_burst
from leakwatch.live.display_watchdog import DisplayRefresh, record_refresh, stall_text
from leakwatch.live.panel import paused_for_s
from leakwatch.live.planes import CommonStatus, Plane, combined
from leakwatch.live.status import Alarm
from leakwatch.live.two_planes import TwoPlanes

_LOG = logging.getLogger(__name__)

# The plane in focus has this rim, which keys and side strip refer to.
RIM, FOCUS_COLOUR, OTHER_COLOUR = 3, "#35D6FF", "#0B0E12"
# Keys of both planes that have a button while a layer is open.
OVER_A_LAYER = ("A", "Space")


class TwoPlaneWindow(QMainWindow):
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

    Attributes
    ----------
    banner : BannerView
        Of both planes together.
    plane_windows : tuple of PlaneWindow
    focus : int
        Number of the plane that keys act on.
    """

    def __init__(
        self,
        planes: TwoPlanes,
        title: str,
        record: Callable[[], str] | None = None,
        speaker: Speaker | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle(translate(text("LeakWatch – {title}", title=title)))
        self.setStyleSheet(STYLE)
        self.setMinimumSize(*LEAST_SIZE)
        self.planes, self.settings = planes, planes.settings
        self.banner = BannerView()
        self.banner.use(self.settings.window)
        first, second = planes.sessions
        self.plane_windows = (
            PlaneWindow(first, 0, self.focus_on, self.read_syringe),
            PlaneWindow(second, 1, self.focus_on, self.read_syringe),
        )
        self.focus = 0
        self.record = None if record is None else RecordStart(record)
        self._speaker = speaker or open_speaker(self.settings.sound)
        self._alarm_state, self._refreshed = AlarmState(), DisplayRefresh()
        self._sure, self._ending = Confirmation(), False
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.help = QLabel(self)
        self.help.setObjectName("help")
        self.help.setFont(font(17))
        self.help.hide()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.resize(*SIZE)
        self.focus_on(0)

    @property
    def focused(self) -> PlaneWindow:
        """The plane that keys act on."""
        return self.plane_windows[self.focus]

    @property
    def help_shown(self) -> bool:
        """Whether the keys are shown."""
        return self.help.isVisible()

    def start(self) -> None:
        """Keep the window up to date."""
        self._timer.start()

    def pause(self) -> None:
        """Stop updates, as when the window is hidden on purpose."""
        self._timer.stop()
        self._refreshed = DisplayRefresh()

    def tick(self) -> None:
        """Show the current state of both planes; if anything fails, never the previous one."""
        try:
            self._record_refresh()
            for one in self.plane_windows:
                one.tick()  # shows UNKNOWN itself if its plane cannot be drawn
            self._show_common()
            self._show_recording()
            self.bar.show_actions(self.bar_actions())
            self.bar.enable("A", self.focused.banner.banner.flashing)
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            unknown = unknown_banner(text("This frame cannot be displayed: {fault}", fault=what))
            shown = keep_latched_stop(unknown, self.banner.banner)
            if shown != self.banner.banner:
                self.banner.show_banner(shown, technical=True)
                _LOG.error("the planes cannot be shown", exc_info=True)
            self._sound(Alarm.HIGH if shown.flashing else Alarm.MEDIUM, False)

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key, in order of precedence: those of both planes come first."""
        own = plane_key_actions(self)
        named = {action.text for action in own}
        rest = (one for one in self.focused.key_actions() if one.text not in named or not one.text)
        return (*own, *rest)

    def bar_actions(self) -> tuple[KeyAction, ...]:
        """Return the actions with a button; of the layer alone, if one is open, and of alarms."""
        own = plane_key_actions(self)
        if self.focused.layer is not None:
            own = tuple(one for one in own if one.text in OVER_A_LAYER)
        named = {action.text for action in own}
        return (*own, *(one for one in self.focused.bar_actions() if one.text not in named))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key; see `key_actions`."""
        action = find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
            return
        action.act()
        self.tick()

    def event(self, event: QEvent) -> bool:
        """Take Tab as a key: Qt would move the focus of widgets, of which there is none."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self.keyPressEvent(event)
            return True
        return super().event(event)

    def press(self, name: str) -> None:
        """Do what the key of this name does, when its button is clicked."""
        action = next((one for one in self.key_actions() if one.text == name), None)
        if action is not None:
            action.act()
            self.tick()

    def focus_on(self, number: int) -> None:
        """Let keys, buttons and the side strip act on a plane; a layer on the other one closes."""
        if number != self.focus:
            self.focused.close_layer()
        self.focus = number
        for place, frame in enumerate(self._frames):
            colour = FOCUS_COLOUR if place == number else OTHER_COLOUR
            frame.setStyleSheet(f"QFrame#plane {{ border: {RIM}px solid {colour}; }}")
        for stack in self._stacks:
            stack.setCurrentIndex(number)

    def say(self, message: str) -> None:
        """Show a message over the picture of the plane in focus for a while."""
        self.focused.say(message)

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

    def test_sound(self) -> None:
        """Play the sound of a STOP, and show what should be heard."""
        self._speaker.play(Alarm.HIGH)
        expected = text("You should hear ten loud pulses: 3 + 2, twice.")
        self.say(self._speaker.problem or expected)

    def toggle_details(self) -> None:
        """Show or hide the facts of the session, which take room from the pictures."""
        self._stacks[0].setVisible(not self._stacks[0].isVisible())

    def toggle_help(self) -> None:
        """Show or hide the keys."""
        self.help.setText(help_html(self.key_actions()))
        self.help.setVisible(not self.help.isVisible())
        self.help.adjustSize()
        self.help.raise_()
        left, top = self.width() - self.help.width(), self.height() - self.help.height()
        self.help.move(left // 2, top // 2)

    def end(self) -> None:
        """Close without asking, because the program ends."""
        self._ending = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close and stop the sound; ask for confirmation while a session runs."""
        warning = text("The session is still running. Press Q again, or close again, to end it.")
        if not (self._ending or self.planes.ended) and not self.is_sure("close", warning):
            event.ignore()
            return
        self._timer.stop()
        self._speaker.stop()
        self.banner.stop_flashing()
        for one in self.plane_windows:
            one.end()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window."""
        super().resizeEvent(event)
        scale = scale_of(self)
        self.banner.set_scale(scale)
        self.bar.set_scale(scale)
        for one in self.plane_windows:
            one.scale_to(scale)

    def _show_common(self) -> None:
        statuses = self.planes.statuses()
        planes = [
            self.planes.plane(number, statuses[number], one.shown)
            for number, one in enumerate(self.plane_windows)
        ]
        common = combined(planes)
        banner, stall = common.banner, stall_text(self._refreshed, self.planes.now_s)
        if stall:
            banner = replace(banner, warnings=(stall, *banner.warnings))
        if common.level is Level.STOP and self.banner.banner.level is not Level.STOP:
            self.help.hide()
            self._raise()
        self.banner.show_banner(banner, technical=common.alarm is Alarm.MEDIUM)
        now_s = self.planes.now_s
        paused = [paused_for_s(status, now_s) > 0.0 for status in statuses]
        self._sound_for(planes, common, paused)

    def _sound_for(self, planes: list[Plane], common: CommonStatus, paused: list[bool]) -> None:
        """Sound for the planes whose sound is not paused."""
        heard = [
            replace(plane, now=replace(plane.now, alarm=Alarm.NONE)) if silent else plane
            for plane, silent in zip(planes, paused, strict=True)
        ]
        alarm = combined(heard).alarm
        silent = alarm is Alarm.NONE and common.alarm is not Alarm.NONE
        self._sound(common.alarm if silent else alarm, silent)

    def _sound(self, alarm: Alarm, paused: bool) -> None:
        before, now_s = self._alarm_state, self.planes.now_s
        self._alarm_state, begins = next_burst(before, alarm, paused, now_s, self.settings.sound)
        ended = alarm is Alarm.NONE or (before.alarm is Alarm.HIGH and alarm is not Alarm.HIGH)
        if (ended and before.alarm is not alarm) or (paused and not before.silent):
            self._speaker.stop()
        if begins is not Alarm.NONE:
            self._speaker.play(begins)

    def _record_refresh(self) -> None:
        """Monitor the display itself: while it does not refresh, its contents are not live."""
        now_s, limit_s = self.planes.now_s, self.settings.live.stale_after_s
        self._refreshed, stall = record_refresh(self._refreshed, now_s, limit_s)
        if stall:
            for session in self.planes.sessions:
                session.report_fault(stall)
        self.banner.show_clock(f"{datetime.now().astimezone():%H:%M:%S}", now_s)

    def _show_recording(self) -> None:
        if self.record is None:
            return
        if any(session.status.is_recorded for session in self.planes.sessions):
            self.record.confirm()
        message = self.record.take_message()
        if message:
            self.say(message)

    def _raise(self) -> None:
        """Raise the window: a STOP under another window is not visible."""
        if self.isMinimized():
            self.showNormal()
        if not self.isActiveWindow():
            self.raise_()

    def _lay_out(self) -> None:
        self._frames, self._stacks = [], [QStackedWidget(), QStackedWidget()]
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._stacks[0])
        for one in self.plane_windows:
            frame = QFrame()
            frame.setObjectName("plane")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(RIM, RIM, RIM, RIM)
            inside.addWidget(one)
            middle.addWidget(frame, 1)
            self._frames.append(frame)
            self._stacks[0].addWidget(one.run_strip)
            self._stacks[1].addWidget(one.strip)
        self._stacks[0].hide()
        middle.addWidget(self._stacks[1])
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addLayout(middle, 1)
        layout.addWidget(self.bar)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)
