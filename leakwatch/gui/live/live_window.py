"""The window of a live session: what the operator sees and hears."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent

from leakwatch.core.marks import Marks
from leakwatch.core.results import Level, Snapshot
from leakwatch.display.confirmation import Confirmation
from leakwatch.display.procedure_clocks import CementClock
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.live.sound import Speaker, open_speaker
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.keys import KeyAction, Modifier, key
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.live.alarm_sound import Voice, voiced
from leakwatch.live.display_pulse import Pulse, beat, stood_words
from leakwatch.live.live_session import LiveSession
from leakwatch.live.panel import paused_for_s, session_facts
from leakwatch.live.status import Alarm, LiveStatus, Shown, Sight, not_drawn, shown

_LOG = logging.getLogger(__name__)

# What is no picture of the present is drawn this dark; the lines over it are not.
DIMMED = 0.6
# Letters of what is said below a picture that is not of the present, in a window of 1280 x 800.
PAST_SIGNS = 20
# Cement was mixed a while before somebody said so: one key press is so much, s.
EARLIER_S = 30.0


class LiveWindow(ImageWindow):
    """Pulls a `LiveStatus` from `session` by a timer, shows it, and sounds.

    Parameters
    ----------
    session : LiveSession
        Started.
    title : str
    tools : sequence of Tool
    speaker : Speaker or None
        None: the best that the system has.
    record : callable or None
        Begins a record of a session that has none, and says where it is; may wait for a disk.

    Attributes
    ----------
    bar : ActionBar
    cement : CementClock or None
    """

    plain_arrows = True

    def __init__(
        self,
        session: LiveSession,
        title: str,
        tools: Sequence[Tool] = (),
        speaker: Speaker | None = None,
        record: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(title, tools)
        self._session, self._settings = session, session.settings
        self.banner.use(self._settings.window)
        self.cement: CementClock | None = None
        self._speaker = speaker or open_speaker(self._settings.sound)
        self._voice = Voice()
        self._record = None if record is None else RecordStart(record)
        self._live = LivePicture(self.image, self._settings, session.marks)
        self._drawn_received_s = -math.inf
        self._numbers_s, self._numbers_of = -math.inf, (Level.UNKNOWN, Sight.WAITING)
        self._sure, self._ending = Confirmation(), False
        self._sight, self._last, self._undrawn = Sight.WAITING, "", ""
        self._pulse = Pulse()
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.lay_out(self.bar)
        self.bar.show_actions(self.bar_actions())

    def refresh(self) -> None:
        """Ask the session."""
        self.bar.show_actions(self.bar_actions())
        self._beat()
        status = self._session.status
        self.show_status(status, shown(status, self._session.now_s, self._settings))

    def pause(self) -> None:
        """Stop keeping it up to date; that it stands still then is no fault."""
        super().pause()
        self._pulse = Pulse()

    def _beat(self) -> None:
        """Watch the display itself: what stood on the screen meanwhile was not of the present."""
        now_s = self._session.now_s
        self._pulse, stood = beat(self._pulse, now_s, self._settings.live.stale_after_s)
        if stood:
            self._session.tell(stood)
        self.banner.show_clock(_wall_clock(seconds=True), now_s)

    def show_status(self, status: LiveStatus, now: Shown) -> None:
        """Show everything, and sound; where the frame cannot be drawn, that is told instead."""
        self._sight, self._last = now.sight, now.last
        try:
            self._show_frame(status, now)
            self._show_numbers(status, now)
            self._undrawn = ""
        # Whatever broke, nobody may go on reading the picture that was there before.
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            if what != self._undrawn:
                self._undrawn = what
                _LOG.exception("a frame cannot be shown")
            now = not_drawn(now, what)
        self._tell(now, paused_for_s(status, self._session.now_s) > 0.0)
        if self._record is not None:
            if status.is_recorded:
                self._record.seen()
            said = self._record.said()
            if said:
                self.say(said)

    def _tell(self, now: Shown, paused: bool) -> None:
        """Banner, sound, and what follows from them."""
        stood = stood_words(self._pulse, self._session.now_s)
        if stood:
            banner = now.banner
            now = replace(now, banner=replace(banner, warnings=(stood, *banner.warnings)))
        if now.level is Level.STOP and self.banner.banner.level is not Level.STOP:
            # What raised it may lie outside of what is zoomed, or under the keys.
            self.image.fit()
            self.help.hide()
            self._come_forward()
        self.banner.show_banner(now.banner, technical=now.alarm is Alarm.MEDIUM)
        self._sound(now.alarm, paused)
        # Who works on a held picture must see it.
        self.image.dim(DIMMED if self._past() and self.layer is None else 1.0)
        self.bar.enable("A", now.banner.flashing)

    def broken(self) -> None:
        """What cannot be shown is heard."""
        self._sound(Alarm.HIGH if self.banner.banner.flashing else Alarm.MEDIUM, False)

    def snapshot(self) -> Snapshot | None:
        """The latest."""
        return self._live.drawn

    def marks(self) -> Marks:
        """Those of the session."""
        return self._session.marks

    def image_notices(self) -> tuple[str, ...]:
        """Above all, that the picture is not of now."""
        past = ("NOT THE PRESENT",) if self._past() else ()
        last = (f"\n{self._last}".replace(": ", "\n", 1),) if self._last else ()
        return (*super().image_notices(), *past, *last)

    @property
    def sign_pixels(self) -> int:
        """Large where they say that the picture is not of now."""
        return PAST_SIGNS if self._past() else super().sign_pixels

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Acknowledging and silence."""
        longest_s = self._settings.live.audio_pause_s
        pause = f"pause the sound for {longest_s:g} s, or end the pause"
        seen = "acknowledge: clear the latched STOP, as a person's action"
        return (
            key(Qt.Key.Key_A, "A", seen, self._session.acknowledge, "acknowledge"),
            key(Qt.Key.Key_P, "P", pause, self._pause, "pause sound"),
        )

    def window_keys(self) -> tuple[KeyAction, ...]:
        """What a person does in a session."""
        code = Qt.Key
        earlier = ((code.Key_X, Modifier.ShiftModifier),)
        sooner = f"it was mixed {EARLIER_S:g} s earlier"
        return (
            key(code.Key_T, "T", "test the alarm's sound", self.test_sound, "test sound"),
            key(
                code.Key_B,
                "B",
                "new baseline: what is seen now holds no cement",
                self._start_anew,
                "new baseline",
            ),
            *self._take_back_keys(),
            self._record_key(),
            key(code.Key_X, "X", "cement is mixed now", self._mixed, "mixed now"),
            KeyAction(earlier, "Shift X", sooner, self._mixed_earlier),
            key(code.Key_Space, "Space", "note this moment", self._note, "note"),
        )

    def test_sound(self) -> None:
        """Sound like a STOP, and say what should be heard."""
        self._speaker.play(Alarm.HIGH)
        self.say(self._speaker.problem or "Ten pulses sound: 3 + 2, and again. Are they loud?")

    def end(self) -> None:
        """Close without a question: the program is told to end."""
        self._ending = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Be silent; while the session runs, not by one key or click that was a mistake."""
        running = not (self._ending or self._session.status.ended)
        if running and not self._is_sure(
            "close", "The session still runs. Press Q again, or close again, to end it."
        ):
            event.ignore()
            return
        self._speaker.stop()
        super().closeEvent(event)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.bar.set_scale(scale)

    def _sound(self, alarm: Alarm, paused: bool) -> None:
        before = self._voice
        now_s = self._session.now_s
        self._voice, begins = voiced(before, alarm, paused, now_s, self._settings.sound)
        ended = alarm is Alarm.NONE or (before.alarm is Alarm.HIGH and alarm is not Alarm.HIGH)
        if (ended and before.alarm is not alarm) or (paused and not before.silent):
            self._speaker.stop()
        if begins is not Alarm.NONE:
            self._speaker.play(begins)

    def _show_frame(self, status: LiveStatus, now: Shown) -> None:
        """Draw what is new, and tell of a frame that came."""
        session, live = self._session, self._live
        came = live.show(status, now, session.now_s, session.marks, self.view_keys.view)
        if live.picture is not None:
            self.view_keys.focus_px = live.picture.focus_px
        if came is None:
            return
        # An acknowledgement makes a new snapshot of a frame that was drawn long ago.
        if came.received_s != self._drawn_received_s:
            self._drawn_received_s = came.received_s
            session.drawn(came.received_s)
        self.frame_shown(came.snapshot)

    def _show_numbers(self, status: LiveStatus, now: Shown) -> None:
        """No more often than a person can read, but at once what is new or no longer."""
        now_s = self._session.now_s
        soon = now_s - self._numbers_s < self._settings.window.numbers_s
        if soon and (now.level, now.sight) == self._numbers_of:
            return
        self._numbers_s, self._numbers_of = now_s, (now.level, now.sight)
        self.strip.show_overlay(self._live.picture, self._past())
        self.strip.show_trend(self._live.trend(now))
        problem = self._speaker.problem
        self.run_strip.show_facts(
            session_facts(status, now, now_s, self._settings, self.cement, problem)
        )

    def _come_forward(self) -> None:
        """A STOP under another window is not seen."""
        if self.isMinimized():
            self.showNormal()
        if not self.isActiveWindow():
            self.raise_()

    def _start_anew(self) -> None:
        """Begin anew; where cement was ever seen, only if a person means it."""
        forgets = self._session.status.known.forgets(self._session.now_s)
        warning = f"A new baseline {forgets}:\nit is not watched then. Press B again to begin anew."
        if not forgets or self._is_sure("B", warning):
            self._session.start_anew()
            self.say(
                "New baseline: what is seen now counts as free of cement.\nShift B takes it back."
            )

    def _take_back_keys(self) -> tuple[KeyAction, ...]:
        if not self._session.status.can_take_back:
            return ()
        chords = ((Qt.Key.Key_B, Modifier.ShiftModifier),)
        what = "take the new baseline back: what was known before holds again"
        return (KeyAction(chords, "Shift B", what, self._take_back, "take back"),)

    def _take_back(self) -> None:
        self._session.take_back()
        self.say("The new baseline is taken back: what was known before holds again.")

    def _is_sure(self, what: str, warning: str) -> bool:
        """Whether this is asked for the second time while the warning of the first stands."""
        sure = self._sure.is_confirmed(what)
        if not sure:
            self.say(warning)
        return sure

    def _past(self) -> bool:
        return self._live.drawn is not None and self._sight is not Sight.PRESENT

    def _pause(self) -> None:
        paused = paused_for_s(self._session.status, self._session.now_s) > 0.0
        self._session.pause_audio(0.0 if paused else self._settings.live.audio_pause_s)

    def _record_key(self) -> KeyAction:
        runs = self._session.status.is_recorded
        what = "end the record" if runs else "record from now on"
        return key(Qt.Key.Key_R, "R", what, self._keep, "end record" if runs else "record")

    def _keep(self) -> None:
        """Begin a record, or end the one that runs; not by one key that was pressed by mistake."""
        if self._session.status.is_recorded:
            if self._is_sure("R", "This is recorded. Press R again to end the record: it is kept."):
                self._session.end_record()
                self.say("The record ended and is kept. Nothing is recorded now: R begins another.")
        elif self._record is None:
            self.say("Nothing can be recorded here: begin with `leakwatch run`.")
        elif self._record.start():
            self.say("The record begins ...")

    def _note(self) -> None:
        self._session.note("marked")
        self.say("Noted: this moment is kept with the case.")

    def _mixed(self) -> None:
        self.cement = CementClock(self._session.now_s, _wall_clock())
        self._session.note("cement mixed")

    def _mixed_earlier(self) -> None:
        if self.cement is not None:
            age_s = self._session.now_s - self.cement.mixed_s + EARLIER_S
            self.cement = self.cement.set_earlier(EARLIER_S, _wall_clock(age_s))
            self._session.note(f"cement mixed {EARLIER_S:g} s earlier")


def _wall_clock(seconds_ago: float = 0.0, seconds: bool = False) -> str:
    moment = datetime.now().astimezone() - timedelta(seconds=seconds_ago)
    return moment.strftime("%H:%M:%S" if seconds else "%H:%M")
