"""The keys of every window: each in a menu with a tooltip, none twice, each control named."""

from __future__ import annotations

import pytest
from handmade import MARKS
from key_table import assert_accessible, assert_key_table
from live_room import Room
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from leakwatch.case_files.settings_file import load_settings
from leakwatch.gui.app import mark_window
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.picture_tools import live_tools
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, find, key, reachable
from leakwatch.runner.stored_run import open_run

pytestmark = pytest.mark.usefixtures("fonts")
KEY = Qt.Key


class Silent:
    problem = ""

    def play(self, alarm):
        pass

    def stop(self):
        pass


@pytest.fixture
def live(qtbot):
    with Room() as room:
        window = LiveWindow(room.session, "by hand", live_tools(room.session), speaker=Silent())
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        yield window


@pytest.fixture
def replay(qtbot, track, settings):
    window = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(window)
    window.show()
    window.tick()
    return window


@pytest.fixture
def marking(qtbot, repository, tmp_path):
    sequence = repository / "sample_dicom" / "epidural.dcm"
    run = open_run(sequence, load_settings(None))
    run.source.close()
    window = mark_window(run, sequence, tmp_path / "mine.case.json", 0)
    qtbot.addWidget(window)
    window.show()
    window.start()
    yield window
    window.close()
    window.close()


@pytest.mark.parametrize(
    "tool", [None, KEY.Key_M, KEY.Key_C, KEY.Key_V, KEY.Key_L, KEY.Key_N, KEY.Key_Y, KEY.Key_H]
)
def test_live_window(qtbot, live, tool):
    if tool is not None:
        qtbot.keyClick(live, tool)
    assert_key_table(live)
    assert_accessible(live)


def test_replay_window(replay):
    assert_key_table(replay)
    assert_accessible(replay)


@pytest.mark.parametrize("tool", [None, KEY.Key_C, KEY.Key_Y])
def test_marking_window(qtbot, marking, tool):
    if tool is not None:
        qtbot.keyClick(marking, tool)
    assert_key_table(marking)
    assert_accessible(marking)


def test_choice_in_a_menu_does_what_the_key_does(replay):
    playing = replay.replay.playback.playing
    replay.fill_menus()
    play = next(one for one in replay.menus.key_actions() if one.property("key") == "Space")
    play.trigger()
    assert replay.replay.playback.playing is not playing


def test_menus_follow_what_is_open(qtbot, live):
    live.fill_menus()
    titles = {title: menu.menuAction().isVisible() for title, menu in live.menus.groups.items()}
    assert "On the image" not in titles
    qtbot.keyClick(live, KEY.Key_V)
    live.fill_menus()
    assert live.menus.groups["On the image"].menuAction().isVisible()
    qtbot.keyClick(live, KEY.Key_Escape)
    assert not live.menus.groups["On the image"].menuAction().isVisible()


def test_help_says_each_thing_once(live):
    """A key that a layer overrides is not offered with what it does in the window."""
    done = []
    layer = KeyGroup("layer", (key(KEY.Key_T, "T", "tip", lambda: done.append("tip")),))
    both = ((KEY.Key_T, PLAIN), (KEY.Key_Y, PLAIN))
    own = KeyGroup("own", (KeyAction(both, "T", "test", lambda: done.append("test")),))
    hidden = KeyGroup("hidden", (key(KEY.Key_Y, "Y", "late", lambda: None),))
    left = reachable((layer, own, hidden))
    assert [group.title for group in left] == ["layer", "own"]
    assert left[1].actions[0].chords == ((KEY.Key_Y, PLAIN),)
    actions = [action for group in left for action in group.actions]
    press = QKeyEvent(QKeyEvent.Type.KeyPress, KEY.Key_T, PLAIN)
    find(actions, press).act()
    assert done == ["tip"]


def test_full_screen_hides_the_menus(qtbot, replay):
    assert replay.menus.isVisible()
    qtbot.keyClick(replay, KEY.Key_F11)
    assert not replay.menus.isVisible()
    qtbot.keyClick(replay, KEY.Key_F11)
    assert replay.menus.isVisible()
