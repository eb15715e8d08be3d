"""Displays, sound outputs and cameras as Qt sees them: for `leakwatch doctor`.

Qt may end the process where a display is broken, so this is called in one of its own.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtGui import QGuiApplication

_NAMED_BY = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def screens() -> list[str]:
    """Return each screen with its size and scale; of a machine without any, what Qt draws on."""
    if sys.platform == "linux" and not any(os.environ.get(name) for name in _NAMED_BY):
        return []
    app = QGuiApplication(["leakwatch"])
    platform = app.platformName()
    if platform in ("offscreen", "minimal"):
        return []
    return [
        f"{one.geometry().width()} x {one.geometry().height()} at "
        f"{one.devicePixelRatio():g} pixels a point, {one.logicalDotsPerInch():.0f} dpi, "
        f"{one.refreshRate():.0f} Hz ({platform})"
        for one in app.screens()
    ]


def sound_outputs() -> list[str]:
    """Return the outputs for sound, the one that is used first."""
    from PySide6.QtCore import QCoreApplication, QLoggingCategory
    from PySide6.QtMultimedia import QMediaDevices

    QLoggingCategory.setFilterRules("qt.multimedia*=false")
    app = QCoreApplication(["leakwatch"])
    chosen = QMediaDevices.defaultAudioOutput().description()
    every = [one.description() for one in QMediaDevices.audioOutputs()]
    del app
    return [one for one in every if one == chosen] + [one for one in every if one != chosen]


def cameras() -> list[str]:
    """Return the video inputs that the system knows; none of them is opened."""
    from PySide6.QtCore import QCoreApplication, QLoggingCategory
    from PySide6.QtMultimedia import QMediaDevices

    QLoggingCategory.setFilterRules("qt.multimedia*=false")
    app = QCoreApplication(["leakwatch"])
    every = [one.description() for one in QMediaDevices.videoInputs()]
    del app
    return every
