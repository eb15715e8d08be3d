"""Window of a live session, with alarms and sound."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent

from leakwatch.core.marks import Marks
from leakwatch.core.messages import text, translate
from leakwatch.core.results import Level, Snapshot
from leakwatch.display.confirmation import Confirmation
from leakwatch.display.facts import needed_at_a_glance
from leakwatch.display.procedure_clocks import AcknowledgementClock, CementClock
from leakwatch.gui.live.alarm_display import AlarmDisplay, raise_window
from leakwatch.gui.live.entry_tools import entry_tools
from leakwatch.gui.live.live_events import LiveEvents
from leakwatch.gui.live.live_key_images import LiveKeyImages
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.live.live_references import LiveReferences
from leakwatch.gui.live.record_keys import record_key
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.live.sound import Speaker
from leakwatch.gui.widgets.action_bar import ActionBar
from leakwatch.gui.widgets.image_window import ImageWindow
from leakwatch.gui.widgets.key_image_keys import RecordFolder
from leakwatch.gui.widgets.keys import KeyAction, Modifier, key
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.gui.widgets.ruler_layer import ruler_tool
from leakwatch.gui.widgets.weak_calls import weakly
from leakwatch.live.live_session import LiveSession
from leakwatch.live.panel import paused_for_s, session_facts
from leakwatch.live.status import (
    Alarm,
    DisplayedStatus,
    DisplayState,
    LiveStatus,
    displayed_status,
    with_drawing_fault,
)

_LOG = logging.getLogger(__name__)

# Brightness of an image that is not live; the lines over it stay bright.
DIMMED = 0.6
# Letters of the notices below an image that is not live, in a window of 1280 x 800.
PAST_SIGNS = 20
# By how much one key press sets the time of mixing earlier, s.
EARLIER_S = 30.0


class LiveWindow(ImageWindow):
    """Window that reads the `LiveStatus` of `session` by a timer, shows it, and sounds alarms.

    Parameters
    ----------
    session : LiveSession
        Started.
    title : str
    tools : sequence of Tool
    speaker : Speaker or None
        None: the best one available.
    record : callable or None
        Starts a recording of a session that has none, and returns a message; may block.
    recorded : RecordFolder or None
        Where key images are written; None: nowhere.

    Attributes
    ----------
    bar : ActionBar
    cement : CementClock or None
    """

    plain_arrows = True
    own_menu = text("Session")

    def __init__(
        self,
        session: LiveSession,
        title: str,
        tools: Sequence[Tool] = (),
        speaker: Speaker | None = None,
        record: Callable[[], str] | None = None,
        recorded: RecordFolder | None = None,
    ) -> None:
        super().__init__(
            title,
            (
                *tools,
                *entry_tools(
                    session,
                    weakly(self.say),
                    weakly(self._read_syringe),
                    weakly(self._take_note),
                ),
                ruler_tool(session.settings, note=session.note),
            ),
        )
        self._session, self._settings = session, session.settings
        self.banner.use(self._settings.window)
        self.cement: CementClock | None = None
        self.alarm = AlarmDisplay(self._settings, speaker)
        self._record = None if record is None else RecordStart(record)
        self._live = LivePicture(self.image, self._settings, session.marks)
        self.references = LiveReferences(self.panes, self.image, self._live, self._settings)
        self.key_images = LiveKeyImages(session, self._live, self.references, self.say, recorded)
        self.events = LiveEvents(self.panes, self._live, weakly(self.say))
        self._drawn_received_s = -math.inf
        self._numbers_s, self._numbers_of = -math.inf, (Level.UNKNOWN, DisplayState.WAITING)
        self._sure, self._ending = Confirmation(), False
        self._acknowledged = AcknowledgementClock()
        self._state, self._last, self._undrawn = DisplayState.WAITING, "", ""
        self.bar = ActionBar()
        self.bar.pressed.connect(self.press)
        self.lay_out(self.bar)
        self._bar_of: object = None
        self._show_bar(session.status)

    def refresh(self) -> None:
        """Read the status of the session and show it."""
        self._record_refresh()
        status = self._session.status
        self._show_bar(status)
        decision = status.decision
        reasons = () if decision is None else decision.snapshot.alert.acknowledged
        self._acknowledged = self._acknowledged.update(reasons, _wall_clock)
        at, now_s = self._acknowledged.at, self._session.now_s
        self.show_status(status, displayed_status(status, now_s, self._settings, at))

    def has_news(self) -> bool:
        """Return whether a decision, the view, or a layer may be other than shown."""
        live = self._live
        return self.layer is not None or live.has_news(self._session.decision, self.view_keys.view)

    def _show_bar(self, status: LiveStatus) -> None:
        """Show the buttons; they are made anew only if one of them may have changed."""
        now = (self.layer, status.is_recorded, status.can_undo)
        # The keys of a layer change while it is open.
        if now != self._bar_of or self.layer is not None:
            self._bar_of = now
            self.bar.show_actions(self.bar_actions())

    def pause(self) -> None:
        """Stop updates; a display that stops then is no fault."""
        super().pause()
        self.alarm.pause()

    def _record_refresh(self) -> None:
        now_s, session = self._session.now_s, self._session
        self.alarm.record_refresh(now_s, self.banner, (session.report_fault,))

    def show_status(self, status: LiveStatus, now: DisplayedStatus) -> None:
        """Show everything and sound alarms; if the frame cannot be drawn, report that instead."""
        self._state, self._last = now.state, now.last
        try:
            self._show_frame(status, now)
            self._show_numbers(status, now)
            self._undrawn = ""
        # Whatever failed, the operator must not continue to read the previous image.
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            if what != self._undrawn:
                self._undrawn = what
                _LOG.exception("a frame cannot be shown")
            now = with_drawing_fault(now, what)
        self._show_alarm(now, paused_for_s(status, self._session.now_s) > 0.0)
        self.key_images.refresh()
        if self._record is not None:
            if status.is_recorded:
                self._record.confirm()
            message = self._record.take_message()
            if message:
                self.say(message)

    def _show_alarm(self, now: DisplayedStatus, paused: bool) -> None:
        """Show the banner, and sound."""
        now_s = self._session.now_s
        now = replace(now, banner=self.alarm.with_stall(now.banner, now_s))
        if now.level is Level.STOP and self.banner.banner.level is not Level.STOP:
            # Its cause may be outside the zoomed part, or under the help.
            self.image.fit_found()
            self.help.hide()
            self._raise_window()
        self.banner.show_banner(now.banner, technical=now.alarm is Alarm.MEDIUM)
        self.alarm.sound(now.alarm, paused, now_s)
        # A frozen image stays bright while a layer is open on it.
        self.image.dim(DIMMED if self._is_not_live() and self.layer is None else 1.0)
        self.bar.enable("A", now.banner.flashing)

    def broken(self) -> None:
        """Sound an alarm for what cannot be shown."""
        self.alarm.sound_broken(self.banner.banner, self._session.now_s)

    def snapshot(self) -> Snapshot | None:
        """Return the latest snapshot."""
        return self._live.drawn

    def marks(self) -> Marks:
        """Return the marks of the session."""
        return self._session.marks

    def image_notices(self) -> tuple[str, ...]:
        """Return the notices, above all that the image is not live."""
        past = (text("NOT LIVE"),) if self._is_not_live() else ()
        # In two lines: the age, and what was assessed then.
        last = (f"\n{translate(self._last)}".replace(": ", "\n", 1),) if self._last else ()
        return (*super().image_notices(), *past, *last)

    @property
    def sign_pixels(self) -> int:
        """Large if the image is not live."""
        return PAST_SIGNS if self._is_not_live() else super().sign_pixels

    def alarm_keys(self) -> tuple[KeyAction, ...]:
        """Return the keys to acknowledge and to pause the sound."""
        longest_s = self._settings.live.audio_pause_s
        pause = text("pause the sound for {longest_s:g} s, or end the pause", longest_s=longest_s)
        acknowledge = text("acknowledge: clear the latched STOP")
        return (
            key(Qt.Key.Key_A, "A", acknowledge, self._session.acknowledge, text("acknowledge")),
            key(Qt.Key.Key_P, "P", pause, self._pause, text("pause sound")),
        )

    def window_keys(self) -> tuple[KeyAction, ...]:
        """Return the keys of a session."""
        code = Qt.Key
        earlier = ((code.Key_X, Modifier.ShiftModifier),)
        sooner = text("set the time of mixing {seconds:g} s earlier", seconds=EARLIER_S)
        return (
            key(code.Key_T, "T", text("test the alarm sound"), self.test_sound, text("test sound")),
            key(
                code.Key_B,
                "B",
                text("new baseline: the current image is taken as cement-free"),
                self._restart_baseline,
                text("new baseline"),
            ),
            *self._undo_keys(),
            *self.references.key_actions(),
            *self.key_images.key_actions(),
            record_key((self._session,), self._record, self.say, self._is_sure),
            *self.events.key_actions(),
            key(code.Key_X, "X", text("cement is mixed now"), self._mixed, text("mixed now")),
            KeyAction(earlier, text("Shift X"), sooner, self._mixed_earlier),
            key(
                code.Key_Space,
                text("Space"),
                text("add a bookmark"),
                self._add_bookmark,
                text("bookmark"),
            ),
        )

    def test_sound(self) -> None:
        """Play the sound of a STOP, and show what should be heard."""
        self.say(self.alarm.test())

    def end(self) -> None:
        """Close without asking, because the program ends."""
        self._ending = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close and stop the sound; ask for confirmation while the session runs."""
        running = not (self._ending or self._session.status.ended)
        if running and not self._is_sure(
            "close", text("The session is still running. Press Q again, or close again, to end it.")
        ):
            event.ignore()
            return
        self.alarm.stop()
        super().closeEvent(event)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        super().set_scale(scale)
        self.bar.set_scale(scale)

    def _show_frame(self, status: LiveStatus, now: DisplayedStatus) -> None:
        """Draw what is new, and notify the session and the layer."""
        session, live = self._session, self._live
        came = live.show(status, now, session.now_s, session.marks, self.view_keys.view)
        self.references.follow(came, status.marks, self.view_keys.view, session.now_s)
        if live.picture is not None:
            self.view_keys.focus_px = live.picture.focus_px
        if came is None:
            return
        # An acknowledgement makes a new snapshot of a frame that was drawn before.
        if came.received_s != self._drawn_received_s:
            self._drawn_received_s = came.received_s
            session.drawn(came.received_s)
        # While no frame arrives, the image stays; what is decided then is of no image.
        if live.drawn is not None:
            self.frame_shown(live.drawn)

    def _show_numbers(self, status: LiveStatus, now: DisplayedStatus) -> None:
        """Show the numbers at a readable rate, but a new level at once."""
        now_s = self._session.now_s
        soon = now_s - self._numbers_s < self._settings.window.numbers_s
        if soon and (now.level, now.state) == self._numbers_of:
            return
        self._numbers_s, self._numbers_of = now_s, (now.level, now.state)
        self.events.follow(status.log)
        problem = self.alarm.speaker.problem
        facts = session_facts(status, now, now_s, self._settings, self.cement, problem)
        self.strip.show_overlay(self._live.picture, needed_at_a_glance(facts))
        self.strip.show_trend(self.events.trend(now))
        self.run_strip.show_facts(facts + self.key_images.facts(), self._live.picture)

    def _raise_window(self) -> None:
        raise_window(self)

    def _restart_baseline(self) -> None:
        """Take a new baseline; ask for confirmation if cement was detected."""
        discards = self._session.status.history.discards_text(self._session.now_s)
        warning = text(
            "A new baseline {discards}:\nit will no longer be monitored. Press B again to take it.",
            discards=discards,
        )
        if not discards or self._is_sure("B", warning):
            self._session.restart_baseline()
            self.say(
                text("New baseline: the current image is taken as cement-free.\nShift B undoes it.")
            )

    def _undo_keys(self) -> tuple[KeyAction, ...]:
        if not self._session.status.can_undo:
            return ()
        chords = ((Qt.Key.Key_B, Modifier.ShiftModifier),)
        what = text("undo the new baseline: the previous one is used again")
        return (KeyAction(chords, text("Shift B"), what, self._undo_restart, text("undo")),)

    def _undo_restart(self) -> None:
        self._session.undo_baseline()
        self.say(text("New baseline undone: the previous baseline is used again."))

    def _is_sure(self, what: str, warning: str) -> bool:
        """Return whether `what` is confirmed by a second request while its warning is shown."""
        sure = self._sure.is_confirmed(what)
        if not sure:
            self.say(warning)
        return sure

    def _is_not_live(self) -> bool:
        return self._live.drawn is not None and self._state is not DisplayState.LIVE

    def _pause(self) -> None:
        paused = paused_for_s(self._session.status, self._session.now_s) > 0.0
        self._session.pause_audio(0.0 if paused else self._settings.live.audio_pause_s)

    def _read_syringe(self, ml: float) -> None:
        self._session.read_syringe(ml)
        self.say(text("{ml:g} mL: used from the next image on.", ml=ml))

    def _take_note(self, words: str) -> None:
        self._session.note(words)

    def _add_bookmark(self) -> None:
        self._session.note("marked")
        self.say(text("Bookmark saved with the case."))

    def _mixed(self) -> None:
        self.cement = CementClock(self._session.now_s, _wall_clock())
        self._session.note("cement mixed")

    def _mixed_earlier(self) -> None:
        if self.cement is not None:
            age_s = self._session.now_s - self.cement.mixed_s + EARLIER_S
            self.cement = self.cement.set_earlier(EARLIER_S, _wall_clock(age_s))
            self._session.note(f"cement mixed {EARLIER_S:g} s earlier")


def _wall_clock(seconds_ago: float = 0.0) -> str:
    moment = datetime.now().astimezone() - timedelta(seconds=seconds_ago)
    return f"{moment:%H:%M}"
