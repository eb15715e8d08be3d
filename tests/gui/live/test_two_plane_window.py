"""The window of two planes, offscreen, through injections and faults, on the test's own clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from injection import STOPPED
from key_table import assert_accessible, assert_key_table
from live_room import END, OPEN
from painting import held_while_painting
from PySide6.QtCore import QPoint, QRect, Qt
from two_rooms import CALM, FEW, TwoRooms

from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import EventKind, Level
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.live.two_plane_window import TwoPlaneWindow
from leakwatch.gui.widgets.text_entry import TextEntry
from leakwatch.live.status import Alarm
from leakwatch.live.two_planes import PAUSED_NOTE

pytestmark = pytest.mark.usefixtures("fonts")

KEY = Qt.Key


class Heard:
    """A speaker that keeps what it is told."""

    def __init__(self):
        self.problem, self.played, self.stops = "", [], 0

    def play(self, alarm):
        self.played.append(alarm)

    def stop(self):
        self.stops += 1


@pytest.fixture
def rooms():
    with TwoRooms() as both:
        yield both


@pytest.fixture
def speaker():
    return Heard()


@pytest.fixture
def window(qtbot, rooms, speaker):
    made = TwoPlaneWindow(rooms.planes, "by hand", speaker=speaker)
    qtbot.addWidget(made, before_close_func=TwoPlaneWindow.end)
    made.show()
    made.grab()
    return made


def levels(window):
    """The common level, and that above each picture."""
    window.tick()
    banners = (window.banner, *(one.banner for one in window.plane_windows))
    return tuple(one.banner.level for one in banners)


def stopped(rooms, *numbers):
    rooms.run(FEW[: STOPPED + 1], *numbers)


def latched(rooms):
    return [one.status.decision.snapshot.alert.latched for one in rooms.sessions]


def test_each_plane_has_its_level_and_the_banner_the_worse(rooms, window, speaker):
    rooms.run(FEW[:CALM])
    assert levels(window) == (Level.CLEAR, Level.CLEAR, Level.CLEAR)
    rooms.run(FEW[CALM : STOPPED + 1], 1)
    shown = levels(window)
    assert (shown[0], shown[2]) == (Level.STOP, Level.STOP)
    assert window.banner.flashing
    assert window.banner.banner.reasons[0].startswith("B lateral: ")
    assert speaker.played[-1] is Alarm.HIGH
    assert [one.image.image.image.shape for one in window.plane_windows] == [(240, 240)] * 2


def test_keys_act_on_the_plane_in_focus(qtbot, rooms, window):
    stopped(rooms)
    assert levels(window) == (Level.STOP, Level.STOP, Level.STOP)
    qtbot.keyClick(window, KEY.Key_Tab)
    assert window.focus == 1
    qtbot.keyClick(window, KEY.Key_A)
    rooms.until(lambda status: not status.decision.snapshot.alert.latched, 1)
    assert latched(rooms) == [True, False]
    assert levels(window)[:2] == (Level.STOP, Level.STOP)
    qtbot.keyClick(window, KEY.Key_A)
    assert "The STOP is in A lateral" in window.focused.prompt.text()
    assert latched(rooms) == [True, False]
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_A)
    rooms.until(lambda status: not status.decision.snapshot.alert.latched, 0)
    assert levels(window)[0] is Level.WATCH


def test_space_acknowledges_both_where_both_alarm_and_is_a_bookmark_else(qtbot, rooms, window):
    rooms.run(FEW[:CALM])
    window.tick()
    qtbot.keyClick(window, KEY.Key_Space)
    rooms.run(FEW[CALM : STOPPED + 1])
    window.tick()
    assert "acknowledge both" in window.bar.buttons["Space"].text()
    qtbot.keyClick(window, KEY.Key_Space)
    for number in (0, 1):
        rooms.until(lambda status: not status.decision.snapshot.alert.latched, number)
    rooms.feed(FEW[STOPPED + 1])
    rooms.planes.close()
    for sink in rooms.sinks:
        assert sink.texts.count("marked") == 1
        assert [one.kind for one in sink.events].count(EventKind.ACKNOWLEDGE) == 1


def test_a_click_chooses_the_plane(qtbot, rooms, window):
    rooms.run(FEW[:2])
    window.tick()
    pane = window.plane_windows[1].image.pane.viewport()
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(40, 60))
    assert window.focus == 1
    assert (window.details.currentIndex(), window.strips.currentIndex()) == (1, 1)


def test_a_new_baseline_and_its_undo_are_of_one_plane(qtbot, rooms, window):
    rooms.run(FEW[:CALM])
    window.tick()
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_B)
    rooms.until(lambda status: status.can_undo, 1)
    assert not rooms.sessions[0].status.can_undo
    qtbot.keyClick(window, KEY.Key_B, Qt.KeyboardModifier.ShiftModifier)
    rooms.until(lambda status: not status.can_undo, 1)


def test_the_sound_of_one_plane_is_paused_and_the_other_is_heard(qtbot, rooms, window, speaker):
    stopped(rooms)
    window.tick()
    qtbot.keyClick(window, KEY.Key_P)
    rooms.until(lambda status: status.audio_paused_until_s is not None, 0)
    window.tick()
    assert speaker.stops == 0
    assert rooms.sessions[1].status.audio_paused_until_s is None
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_P)
    rooms.until(lambda status: status.audio_paused_until_s is not None, 1)
    window.tick()
    assert speaker.stops == 1
    assert window.banner.flashing


def test_a_plane_is_paused_by_a_key_and_the_banner_says_so(qtbot, rooms, window):
    rooms.run(FEW[:CALM])
    rooms.sources[1].status = replace(OPEN, fluoroscopy_on=None)
    rooms.clock.now_s += 2.0
    window.tick()
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_O)
    rooms.feed(FEW[CALM], 0)
    assert levels(window) == (Level.CLEAR, Level.CLEAR, Level.UNKNOWN)
    assert window.banner.banner.warnings[0] == "B lateral is paused: not monitored"
    assert "resume plane" in window.bar.buttons["O"].text()
    rooms.feed(FEW[CALM + 1], 0)
    rooms.planes.close()
    assert PAUSED_NOTE in rooms.sinks[1].texts


@pytest.mark.parametrize("death", [OSError("Input/output error"), END], ids=["dies", "ends"])
def test_a_second_source_that_dies_leaves_the_first_alive(rooms, window, speaker, death):
    rooms.run(FEW[:CALM])
    rooms.sources[1].fed.put(death)
    rooms.until(lambda status: status.ended)
    rooms.feed(FEW[CALM], 0)
    assert levels(window) == (Level.UNKNOWN, Level.CLEAR, Level.UNKNOWN)
    assert window.banner.banner.reasons[0].startswith("B lateral: ")
    assert window.plane_windows[0].image.opacity == 1.0 > window.plane_windows[1].image.opacity
    rooms.run(FEW[CALM + 1 : STOPPED + 1], 0)
    assert levels(window)[:2] == (Level.STOP, Level.STOP)
    assert speaker.played[-1] is Alarm.HIGH


def test_a_plane_that_cannot_be_drawn_is_unknown_and_the_other_is_drawn(
    rooms, window, monkeypatch, caplog
):
    rooms.run(FEW[:CALM])
    whole = LivePicture.show

    def broken(self, *given):
        if self is window.plane_windows[1]._live:
            raise ZeroDivisionError("oh")
        return whole(self, *given)

    monkeypatch.setattr(LivePicture, "show", broken)
    rooms.feed(FEW[CALM])
    assert levels(window) == (Level.UNKNOWN, Level.CLEAR, Level.UNKNOWN)
    assert "ZeroDivisionError" in window.banner.banner.reasons[0]
    assert window.plane_windows[0].snapshot().frame.index == CALM
    caplog.clear()  # the log says why


def test_a_plane_whose_window_breaks_is_unknown_and_sounds(
    rooms, window, speaker, monkeypatch, caplog
):
    rooms.run(FEW[: CALM + 1])
    assert levels(window)[0] is Level.CLEAR
    monkeypatch.setattr(window.plane_windows[1], "refresh", lambda: 1 / 0)
    assert levels(window) == (Level.UNKNOWN, Level.CLEAR, Level.UNKNOWN)
    assert speaker.played[-1] is Alarm.MEDIUM
    rooms.run(FEW[CALM + 1 : STOPPED + 1], 0)
    assert levels(window)[0] is Level.STOP
    caplog.clear()


def test_a_banner_that_cannot_be_made_is_unknown(rooms, window, monkeypatch, caplog):
    rooms.run(FEW[: CALM + 1])
    assert levels(window)[0] is Level.CLEAR
    monkeypatch.setattr(rooms.planes, "statuses", lambda: 1 / 0)
    assert levels(window)[0] is Level.UNKNOWN
    caplog.clear()


def test_a_display_that_stood_still_is_told(rooms, window):
    rooms.run(FEW[:CALM])
    window.tick()
    rooms.clock.now_s += 6.0
    rooms.feed(FEW[CALM])
    window.tick()
    assert "did not refresh for 6.1 s" in window.banner.banner.warnings[0]
    assert window.banner.clock is not None


def test_a_lost_link_flashes_slowly(rooms, window, speaker):
    rooms.run(FEW[:CALM])
    rooms.sources[1].status = LinkStatus(Link.LOST, "the cable is out")
    assert levels(window)[0] is Level.UNKNOWN
    assert window.banner.flashing
    assert speaker.played[-1] is Alarm.MEDIUM


def test_the_syringe_and_the_mixing_are_of_both_planes(qtbot, rooms, window):
    rooms.run(FEW[:CALM])
    qtbot.keyClick(window, KEY.Key_X)
    assert all(one.cement is not None for one in window.plane_windows)
    for press in (KEY.Key_V, KEY.Key_2, KEY.Key_Return):
        qtbot.keyClick(window, press)
    for number in (0, 1):
        rooms.until(lambda status: status.marks.cement.syringe, number)


def test_a_note_is_of_the_case_and_the_margin_of_a_plane_which_is_said(qtbot, rooms, window):
    rooms.run(FEW[:CALM])
    window.tick()
    qtbot.keyClick(window, KEY.Key_L)
    assert "For A lateral alone." in window.focused.prompt.text()
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_L)
    assert "For B lateral alone." in window.focused.prompt.text()
    qtbot.keyClick(window, KEY.Key_V)
    assert "For both planes." in window.focused.prompt.text()
    qtbot.keyClick(window, KEY.Key_N)
    assert "For both planes." in window.focused.prompt.text()
    (line,) = [one for one in window.findChildren(TextEntry) if one.isVisible()]
    plane = window.focused  # over its own picture, and below its own prompt
    assert QRect(plane.mapTo(window, QPoint(0, 0)), plane.size()).contains(line.geometry())
    assert line.y() > plane.prompt.mapTo(window, plane.prompt.rect().bottomLeft()).y()
    qtbot.keyClicks(line, "dough phase")
    qtbot.keyClick(line, KEY.Key_Return)
    rooms.run(FEW[CALM : CALM + 2])
    rooms.planes.close()
    for sink in rooms.sinks:
        assert [one for one in sink.texts if one == "dough phase"] == ["dough phase"]


def test_recordings_begin_and_end_together(qtbot, rooms, speaker):
    begun = []
    made = TwoPlaneWindow(rooms.planes, "", lambda: begun.append(1) or "recording", speaker)
    qtbot.addWidget(made, before_close_func=TwoPlaneWindow.end)
    made.show()
    rooms.run(FEW[:2])
    made.tick()
    qtbot.keyClick(made, KEY.Key_R)
    assert "Press R again" in made.focused.prompt.text()
    qtbot.keyClick(made, KEY.Key_R)
    for number in (0, 1):
        rooms.until(lambda status: not status.is_recorded, number)
    made.tick()
    qtbot.keyClick(made, KEY.Key_R)
    qtbot.waitUntil(lambda: begun == [1])


def test_it_closes_after_a_second_request(qtbot, rooms, window):
    rooms.run(FEW[:2])
    window.tick()
    qtbot.keyClick(window, KEY.Key_Q)
    assert window.isVisible()
    qtbot.keyClick(window, KEY.Key_Q)
    assert not window.isVisible()


def test_a_layer_stays_on_its_plane(qtbot, rooms, window):
    rooms.run(FEW[:2])
    window.tick()
    qtbot.keyClick(window, KEY.Key_V)
    assert window.plane_windows[0].layer is not None
    qtbot.keyClick(window, KEY.Key_Tab)
    assert window.plane_windows[0].layer is None
    qtbot.keyClick(window, KEY.Key_Question)
    assert window.help_shown
    qtbot.keyClick(window, KEY.Key_Escape)
    assert not window.help_shown


@pytest.mark.parametrize("tool", [None, KEY.Key_V, KEY.Key_L, KEY.Key_Y])
def test_one_menu_bar_has_the_keys_of_both_planes(qtbot, window, tool):
    if tool is not None:
        qtbot.keyClick(window, tool)
    assert_key_table(window)
    assert_accessible(window)
    assert window.menus.isVisible()
    assert not any(plane.menus.isVisible() for plane in window.plane_windows)


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("size", [(640, 360), (640, 390), (800, 600)])
def test_no_plane_is_cut_off_in_a_small_window(window, size, details):
    window.details.setVisible(details)
    window.resize(*size)
    window.grab()
    for plane in window.plane_windows:
        assert plane.width() <= plane.parentWidget().width()
        assert plane.height() <= plane.parentWidget().height()


def test_the_analysis_goes_on_while_the_pictures_are_painted(rooms, window):
    rooms.run(FEW[:CALM])
    window.tick()
    for one in window.plane_windows:
        one.image.fit_found()
        assert held_while_painting(one.image.pane.viewport()) == set()
