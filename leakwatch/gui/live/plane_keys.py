"""Keys of the window of two planes that act on both of them, or choose one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.gui.live.plane_window import PlaneWindow
from leakwatch.gui.live.record_keys import record_key
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.live.two_planes import TwoPlanes

# Keys of one plane that the other one does too: the cement is the same.
SHARED = ("X", "Shift X")


class PlanesHost(Protocol):
    """Window of two planes, as its keys see it."""

    planes: TwoPlanes
    plane_windows: tuple[PlaneWindow, PlaneWindow]
    focus: int
    record: RecordStart | None

    @property
    def focused(self) -> PlaneWindow:
        """Plane that keys act on."""

    def say(self, message: str) -> None:
        """Show a message for a while."""

    def is_sure(self, what: str, warning: str) -> bool:
        """Return whether `what` is confirmed."""

    def test_sound(self) -> None:
        """Play the sound of a STOP."""


def plane_key_actions(window: PlanesHost) -> tuple[KeyAction, ...]:
    """Return the keys of both planes; all others act on the plane in focus."""
    code, paused = Qt.Key, window.planes.is_paused(window.focus)
    pause = text("pause the monitoring of this plane, or end the pause")
    pause_button = text("resume plane") if paused else text("pause plane")
    return (
        *_alarm_keys(window),
        key(code.Key_O, "O", pause, partial(_toggle_pause, window), pause_button),
        key(code.Key_T, "T", text("test the alarm sound"), window.test_sound),
        record_key(window.planes.sessions, window.record, window.say, window.is_sure),
        *_shared_keys(window),
    )


def _alarm_keys(window: PlanesHost) -> tuple[KeyAction, ...]:
    """Return the keys that acknowledge: one plane, or both where both alarm."""
    code = Qt.Key
    what = text("acknowledge: clear the latched STOP of this plane")
    one = key(code.Key_A, "A", what, partial(_acknowledge, window), text("acknowledge"))
    if all(plane.banner.banner.flashing for plane in window.plane_windows):
        both, name = text("acknowledge the STOP of both planes"), text("Space")
        button = text("acknowledge both")
        return (one, key(code.Key_Space, name, both, window.planes.acknowledge_all, button))
    mark, name = text("add a bookmark"), text("Space")
    return (one, key(code.Key_Space, name, mark, partial(_add_bookmark, window), text("bookmark")))


def _acknowledge(window: PlanesHost) -> None:
    other = window.plane_windows[1 - window.focus]
    if not window.focused.banner.banner.flashing and other.banner.banner.flashing:
        name = window.planes.name(1 - window.focus)
        window.say(text("The STOP is in {plane}: press Tab, then A.", plane=name))
        return
    window.planes.sessions[window.focus].acknowledge()


def _add_bookmark(window: PlanesHost) -> None:
    for session in window.planes.sessions:
        session.note("marked")
    window.say(text("Bookmark saved with the case."))


def _toggle_pause(window: PlanesHost) -> None:
    window.say(window.planes.toggle_pause(window.focus))


def _shared_keys(window: PlanesHost) -> tuple[KeyAction, ...]:
    """Return keys that do in both planes what they do in one."""
    return tuple(
        replace(action, act=partial(_act_in_both, window, action.text))
        for action in window.focused.window_keys()
        if action.text in SHARED
    )


def _act_in_both(window: PlanesHost, name: str) -> None:
    for plane in window.plane_windows:
        for action in plane.window_keys():
            if action.text == name:
                action.act()
