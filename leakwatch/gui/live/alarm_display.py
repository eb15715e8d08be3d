"""Parts common to live windows besides the banner: sound, and a check that it refreshes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QMainWindow

from leakwatch.config import Settings
from leakwatch.core.messages import text
from leakwatch.display.banner import Banner
from leakwatch.gui.live.sound import Speaker, open_speaker
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.live.alarm_sound import AlarmState, next_burst
from leakwatch.live.display_watchdog import DisplayRefresh, record_refresh, stall_text
from leakwatch.live.status import Alarm


class AlarmDisplay:
    """Sound of one window, and the monitoring of its refresh.

    Parameters
    ----------
    settings : Settings
    speaker : Speaker or None
        None: the best one available.

    Attributes
    ----------
    speaker : Speaker
    refreshed : DisplayRefresh
    """

    def __init__(self, settings: Settings, speaker: Speaker | None = None) -> None:
        self._settings = settings
        self.speaker = speaker or open_speaker(settings.sound)
        self._alarm, self.refreshed = AlarmState(), DisplayRefresh()

    def sound(self, alarm: Alarm, paused: bool, now_s: float) -> None:
        """Sound the bursts of an alarm when they are due; a pause or its end silences it."""
        before = self._alarm
        self._alarm, begins = next_burst(before, alarm, paused, now_s, self._settings.sound)
        ended = alarm is Alarm.NONE or (before.alarm is Alarm.HIGH and alarm is not Alarm.HIGH)
        if (ended and before.alarm is not alarm) or (paused and not before.silent):
            self.speaker.stop()
        if begins is not Alarm.NONE:
            self.speaker.play(begins)

    def sound_broken(self, shown: Banner, now_s: float) -> None:
        """Sound for what cannot be shown."""
        self.sound(Alarm.HIGH if shown.flashing else Alarm.MEDIUM, False, now_s)

    def test(self) -> str:
        """Play the sound of a STOP; return what should be heard, or why it may not be."""
        self.speaker.play(Alarm.HIGH)
        return self.speaker.problem or text("You should hear ten loud pulses: 3 + 2, twice.")

    def record_refresh(
        self, now_s: float, banner: BannerView, report: Iterable[Callable[[str], None]]
    ) -> None:
        """Monitor the display itself: while it does not refresh, its contents are not live.

        Parameters
        ----------
        now_s : float
        banner : BannerView
            Its clock goes on.
        report : iterable of callable
            Each receives the fault, once per stall.
        """
        limit_s = self._settings.live.stale_after_s
        self.refreshed, stall = record_refresh(self.refreshed, now_s, limit_s)
        if stall:
            for one in report:
                one(stall)
        banner.show_clock(f"{datetime.now().astimezone():%H:%M:%S}", now_s)

    def with_stall(self, banner: Banner, now_s: float) -> Banner:
        """Return the banner with the warning of a display that stood still."""
        stall = stall_text(self.refreshed, now_s)
        return replace(banner, warnings=(stall, *banner.warnings)) if stall else banner

    def pause(self) -> None:
        """Take note that updates stop on purpose: a display that stops then is no fault."""
        self.refreshed = DisplayRefresh()

    def stop(self) -> None:
        """Be silent."""
        self.speaker.stop()


def raise_window(window: QMainWindow) -> None:
    """Raise a window: a STOP under another one is not visible."""
    if window.isMinimized():
        window.showNormal()
    if not window.isActiveWindow():
        window.raise_()
