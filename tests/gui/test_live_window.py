"""The live window, offscreen, through an injection and its faults; the clock is the test's own."""

from __future__ import annotations

import injection
import pytest
from injection import STOPPED
from live_room import KeptSink, Room
from PySide6.QtCore import Qt

from leakwatch.gui.live_window import DIMMED, LiveWindow
from leakwatch.model import EventKind, Level

pytestmark = pytest.mark.usefixtures("fonts")

FEW = list(injection.frames())


@pytest.fixture
def room():
    with Room({"recording": KeptSink()}) as one:
        yield one


@pytest.fixture
def window(qtbot, room):
    made = LiveWindow(room.session, "by hand")
    qtbot.addWidget(made)
    made.grab()
    return made


def level_of(window):
    window.tick()
    return window.banner.banner.level


def test_each_level_of_an_injection_is_shown(room, window):
    assert level_of(window) is Level.UNKNOWN
    assert "No frame yet" in window.banner.banner.reasons[0]
    levels = []
    for frame in FEW:
        room.feed(frame)
        levels.append(level_of(window))
    assert [levels[0], levels[5], levels[STOPPED]] == [Level.UNKNOWN, Level.CLEAR, Level.STOP]
    assert window.banner.flashing
    assert window.image.image.image.shape == (injection.ROWS, injection.COLUMNS)
    assert "Dropped / lost: 0 / 0 of" in window.run_strip.facts.text()
    assert room.session.latency().drawn.frames == len(FEW)


def test_it_says_by_itself_that_nothing_comes(room, window):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    assert window.image.opacity == 1.0
    room.clock.now_s += 0.6
    assert level_of(window) is Level.UNKNOWN
    assert window.image.opacity == DIMMED
    assert "No new frame for 0.6 s" in window.banner.banner.reasons


def test_it_says_so_when_every_other_thread_is_dead(room, window):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    room.session._inbox.close()
    room.source.close()
    for thread in room.session._threads:
        thread.join(10.0)
    room.clock.now_s += 0.6
    assert level_of(window) is Level.UNKNOWN


def test_what_cannot_be_drawn_is_unknown(room, window, monkeypatch, caplog):
    room.run(FEW[:6])
    monkeypatch.setattr(window.image, "show_frame", lambda *_: 1 / 0)
    assert level_of(window) is Level.UNKNOWN
    assert "cannot be shown" in window.banner.banner.reasons[0]


def test_keys_are_actions_of_a_person(qtbot, room, window):
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    for key in (Qt.Key.Key_P, Qt.Key.Key_Space, Qt.Key.Key_A):
        qtbot.keyClick(window, key)
    room.until(lambda status: not status.present.snapshot.alert.latched)
    assert room.session.status.audio_paused_until_s == room.clock.now_s + 120.0
    assert level_of(window) is Level.WATCH
    qtbot.keyClick(window, Qt.Key.Key_B)
    room.until(lambda _: room.session.marks.reference_frame == STOPPED)
    room.session.close()
    events = room.sink("recording").events
    by_itself = (EventKind.ALERT, EventKind.TECHNICAL)
    persons = [event.kind for event in events if event.kind not in by_itself]
    assert persons == [
        EventKind.AUDIO_PAUSED,
        EventKind.ANNOTATION,
        EventKind.ACKNOWLEDGE,
        EventKind.ANNOTATION,
    ]
    qtbot.keyClick(window, Qt.Key.Key_Q)
    assert not window.isVisible()
