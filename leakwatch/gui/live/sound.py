"""Where alarms sound: QtMultimedia (the extra `sound`), or the system's beep.

Both say what is wrong with them, so that the window can show that an alarm may not be heard.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

from PySide6.QtCore import QLoggingCategory, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from leakwatch.config import SoundSettings
from leakwatch.live.alarm_sound import UNAVAILABLE, burst
from leakwatch.live.status import Alarm

# Platforms of Qt that have no display and no bell.
_MUTE_PLATFORMS = frozenset({"offscreen", "minimal", "minimalegl", "vkkhrdisplay"})


class Speaker(Protocol):
    """Plays one burst at a time."""

    @property
    def problem(self) -> str:
        """Why a burst may not be heard, for the person; empty where all seems well."""

    def play(self, alarm: Alarm) -> None:
        """Begin a burst, in place of one that sounds. Does not raise or wait."""

    def stop(self) -> None:
        """Be silent at once."""


def open_speaker(settings: SoundSettings) -> Speaker:
    """The best that there is; after the application was made."""
    # Which of the system's sound servers is absent is no news for the person.
    QLoggingCategory.setFilterRules("qt.multimedia*=false")
    try:
        from leakwatch.gui.live.device_speaker import DeviceSpeaker
    except ImportError:  # the extra `sound` is absent, or a library of the system that it needs
        return Beeper(settings)
    return DeviceSpeaker(settings)


class Beeper:
    """The bell of the system, once for each pulse.

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
        """Nobody can tell whether a bell is heard."""
        if QGuiApplication.platformName() in _MUTE_PLATFORMS:
            return f"{UNAVAILABLE}: no sound, and no bell"
        return "only the system's bell, test it (T): the extra `sound` is missing"

    def play(self, alarm: Alarm) -> None:
        """Beep now, and at the start of every other pulse."""
        starts_ms = [round(1e3 * start) for start in burst(alarm, self._settings).starts_s]
        self._left_ms = [later - start for start, later in pairwise(starts_ms)]
        self._beep_once()

    def stop(self) -> None:
        """Forget the pulses that were to come."""
        self._left_ms.clear()
        self._timer.stop()

    def _beep(self) -> None:
        self._beep_once()

    def _beep_once(self) -> None:
        QApplication.beep()
        if self._left_ms:
            self._timer.start(self._left_ms.pop(0))
