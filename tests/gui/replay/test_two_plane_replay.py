"""The replay window of two planes, offscreen, over runs made by hand."""

from __future__ import annotations

import pytest
from handmade import FRAME_S
from key_table import assert_accessible, assert_key_table
from PySide6.QtCore import Qt

from leakwatch.core.errors import SourceError
from leakwatch.core.results import Level
from leakwatch.gui.replay.folded_run import AnalysedRun
from leakwatch.gui.replay.two_plane_replay import TwoPlaneReplayWindow

pytestmark = pytest.mark.usefixtures("fonts")

KEY = Qt.Key


@pytest.fixture
def opened(qtbot, make_run):
    """A window over two runs that were analysed; the second begins `offset_s` later."""

    def make(offset_s=0.0, counts=(40, 40), error=None):
        runs = [AnalysedRun(make_run(counts[0])), AnalysedRun(make_run(counts[1], error))]
        for one in runs:
            one.thread.run()
        window = TwoPlaneReplayWindow(*runs, offset_s, "by hand")
        qtbot.addWidget(window, before_close_func=TwoPlaneReplayWindow.end)
        window.show()
        window.tick()
        return window

    return make


def frames(window):
    return [one.snapshot().frame.index for one in window.plane_windows]


def test_both_planes_are_in_step_by_time(opened):
    window = opened(3 * FRAME_S)
    window.playback.seek(window.merged.step_of(0, 10))
    window.tick()
    assert frames(window) == [10, 7]
    window.playback.seek_time(20.5 * FRAME_S)
    window.tick()
    assert frames(window) == [20, 17]


def test_a_plane_without_a_frame_yet_is_unknown(opened):
    window = opened(10 * FRAME_S)
    window.playback.seek(2)
    window.tick()
    assert window.banner.banner.level is Level.UNKNOWN
    assert window.banner.banner.reasons[0].endswith("No frame yet")
    assert window.plane_windows[1].banner.banner.level is Level.UNKNOWN


def test_the_worse_level_is_on_the_banner_and_the_timeline(opened):
    window = opened(0.0, (40, 12))
    levels = window.merged.levels()
    stop = levels.index(Level.STOP)
    window.playback.seek(stop)
    window.tick()
    assert window.banner.banner.level is Level.STOP
    assert window.banner.banner.reasons[0].startswith(window.plane_windows[0].plane.name)
    assert tuple(state[0] for state in window.transport.timeline._states) == levels
    assert window.transport.acknowledge.isEnabled()


def test_a_stop_is_acknowledged_in_the_plane_in_focus(qtbot, opened):
    window = opened()
    window.playback.seek_end()
    window.tick()
    assert window.merged.levels()[-1] is Level.STOP
    qtbot.keyClick(window, KEY.Key_A)
    assert window.merged.levels()[-1] is Level.STOP  # the other plane's
    qtbot.keyClick(window, KEY.Key_Tab)
    qtbot.keyClick(window, KEY.Key_A)
    assert window.merged.levels()[-1] is not Level.STOP


def test_keys_and_clicks_move_both(qtbot, opened):
    window = opened()
    window.playback.seek(0)
    qtbot.keyClick(window, KEY.Key_Right)
    qtbot.keyClick(window, KEY.Key_Right)
    assert frames(window) == [2, 2]
    qtbot.keyClick(window, KEY.Key_Left)
    assert frames(window) == [1, 1]
    qtbot.keyClick(window, KEY.Key_End)
    assert frames(window) == [39, 39]
    window.transport.timeline.sought.emit(20)
    window.tick()
    assert frames(window) == [20, 20]
    qtbot.keyClick(window, KEY.Key_Space)
    assert window.playback.playing


def test_an_analysis_that_failed_is_told_and_the_other_plane_is_shown(opened):
    window = opened(0.0, (40, 20), SourceError("the file ends early"))
    window.playback.seek_end()
    window.tick()
    assert window.plane_windows[1].banner.banner.level in (Level.UNKNOWN, Level.STOP)
    assert window.transport.message.text() == "the file ends early"
    assert frames(window)[0] == 39


def test_a_plane_that_cannot_be_drawn_is_unknown(opened, monkeypatch, caplog):
    window = opened()
    window.playback.seek(4)
    window.tick()
    assert window.banner.banner.level is Level.CLEAR
    monkeypatch.setattr(window.plane_windows[1], "refresh", lambda: 1 / 0)
    window.tick()
    assert window.banner.banner.level is Level.UNKNOWN
    assert window.plane_windows[0].banner.banner.level is Level.CLEAR
    caplog.clear()  # the log says why


def test_one_menu_bar_has_the_keys_of_both_planes(opened):
    window = opened()
    assert_key_table(window)
    assert_accessible(window)
    assert not any(plane.menus.isVisible() for plane in window.plane_windows)
