"""Key that starts and stops a recording, for the windows of one plane and of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.gui.live.record_start import RecordStart
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.live.live_session import LiveSession


def record_key(
    sessions: Sequence[LiveSession],
    record: RecordStart | None,
    say: Callable[[str], None],
    is_sure: Callable[[str, str], bool],
) -> KeyAction:
    """Return the key.

    Parameters
    ----------
    sessions : sequence of LiveSession
        Recorded together.
    record : RecordStart or None
        None: a recording cannot be started.
    say : callable
        Shows a message.
    is_sure : callable
        Receives a name and a warning, and returns whether the request is confirmed.
    """
    runs = any(session.status.is_recorded for session in sessions)
    what = text("stop recording") if runs else text("record from now on")
    button = text("stop recording") if runs else text("record")
    act = partial(_stop, sessions, say, is_sure) if runs else partial(_start, record, say)
    return key(Qt.Key.Key_R, "R", what, act, button)


def _stop(
    sessions: Sequence[LiveSession], say: Callable[[str], None], is_sure: Callable[[str, str], bool]
) -> None:
    if is_sure("R", text("Recording. Press R again to stop; the file is saved.")):
        for session in sessions:
            session.end_record()
        say(text("Recording stopped and saved. Not recording now; R starts another one."))


def _start(record: RecordStart | None, say: Callable[[str], None]) -> None:
    if record is None:
        say(text("Cannot record here: start with `leakwatch run`."))
    elif record.start():
        say(text("Recording starts ..."))
