"""Audio output for alarms: QtMultimedia (the extra `sound`), or the beep of the system.

Both report their problems, so that the window can show that an alarm may not be heard.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

from PySide6.QtCore import QLoggingCategory, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from leakwatch.config import SoundSettings
from leakwatch.core.messages import text
from leakwatch.live.alarm_sound import UNAVAILABLE, burst
from leakwatch.live.status import Alarm

# Platforms of Qt that have no display and no bell.
_MUTE_PLATFORMS = frozenset({"offscreen", "minimal", "minimalegl", "vkkhrdisplay"})


class Speaker(Protocol):
    """Player of one burst at a time."""

    @property
    def problem(self) -> str:
        """Reason why a burst may be inaudible; empty if no problem is known."""

    def play(self, alarm: Alarm) -> None:
        """Start a burst in place of the current one. Does not raise or block."""

    def stop(self) -> None:
        """Stop the sound at once."""


def open_speaker(settings: SoundSettings) -> Speaker:
    """Return the best speaker available, once the application exists."""
    # Which sound server of the system is missing does not concern the operator.
    QLoggingCategory.setFilterRules("qt.multimedia*=false")
    try:
        from leakwatch.gui.live.device_speaker import DeviceSpeaker
    except ImportError:  # the extra `sound`, or a system library that it needs, is missing
        return Beeper(settings)
    return DeviceSpeaker(settings)


class Beeper:
    """Bell of the system, once for each pulse.

    Parameters
    ----------
    settings : SoundSettings
    """

    def __init__(self, settings: SoundSettings) -> None:
        self._settings = settings
        self._left_ms: list[int] = []
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._beep)

    @property
    def problem(self) -> str:
        """Reason why the bell may be inaudible."""
        if QGuiApplication.platformName() in _MUTE_PLATFORMS:
            return text("{unavailable}: no sound, and no bell", unavailable=UNAVAILABLE)
        return text("only the system bell, test it (T): the extra `sound` is missing")

    def play(self, alarm: Alarm) -> None:
        """Beep now, and at the start of every other pulse."""
        starts_ms = [round(1e3 * start) for start in burst(alarm, self._settings).starts_s]
        self._left_ms = [later - start for start, later in pairwise(starts_ms)]
        self._beep_once()

    def stop(self) -> None:
        """Cancel the remaining pulses."""
        self._left_ms.clear()
        self._timer.stop()

    def _beep(self) -> None:
        self._beep_once()

    def _beep_once(self) -> None:
        QApplication.beep()
        if self._left_ms:
            self._timer.start(self._left_ms.pop(0))
