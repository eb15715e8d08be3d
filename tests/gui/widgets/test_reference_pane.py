"""The reference picture beside the image: chosen by keys, and never old without saying so."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest
from handmade import MARKS, make_alert, make_frame, make_observation
from injection import FIRST_CEMENT
from live_room import KeptSink, Room
from PySide6.QtCore import Qt

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.results import Reason, Snapshot
from leakwatch.display.lines import LineKind
from leakwatch.display.subtraction import UNCHANGED
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.gui.widgets.reference_keys import PANE

pytestmark = pytest.mark.usefixtures("fonts")

KEY = Qt.Key
FRAMES = list(injection.frames())


class Silent:
    problem = ""

    def play(self, alarm):
        pass

    def stop(self):
        pass


@pytest.fixture
def room():
    with Room({"recording": KeptSink()}) as one:
        yield one


@pytest.fixture
def live(qtbot, room):
    made = LiveWindow(room.session, "by hand", speaker=Silent())
    qtbot.addWidget(made, before_close_func=LiveWindow.end)
    made.show()
    return made


@pytest.fixture
def replay(qtbot, settings, fold_of):
    """Cement from frame 8 on, which grows to a STOP."""
    track = Track(settings)
    for snapshot in fold_of(40):
        if snapshot.frame.index < 8:
            seen = snapshot.observation
            bare = replace(seen, cement=replace(seen.cement, area_px=0.0, contours_px=()))
            snapshot = replace(snapshot, observation=bare)  # noqa: PLW2901
        track.append(snapshot)
    track.finish()
    made = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(made)
    made.show()
    made.tick()
    return made


def feed(room, window, frames):
    for frame in frames:
        room.feed(frame)
        window.tick()


def press(qtbot, window, *keys):
    for key in keys:
        qtbot.keyClick(window, key)
    window.tick()


def test_there_is_no_pane_until_it_is_asked_for(live, room):
    feed(room, live, FRAMES)
    assert PANE not in live.panes.names


def test_the_last_image_before_cement_is_kept_and_has_its_time(qtbot, live, room):
    press(qtbot, live, KEY.Key_E)
    assert live.panes.names == (PANE,)
    assert "No image before cement yet" in live.references.pane.notice.text()
    feed(room, live, FRAMES)
    pane = live.references.pane
    assert pane.title.text().startswith("Before cement: 00:00.")
    number = int(pane.title.text().rpartition(" ")[2]) - 1
    assert number < FIRST_CEMENT
    # The very image, in the greys of the window.
    shown = live._live.grey_of(FRAMES[number])
    assert np.array_equal(pane.image.image.image, shown)


def test_the_keys_go_through_the_pictures_and_back_to_none(qtbot, live, room):
    feed(room, live, FRAMES)
    press(qtbot, live, KEY.Key_E, KEY.Key_E)
    assert live.references.pane.title.text().startswith("Last STOP")
    stopped = room.session.status.first_stop.frame
    assert live.references.pane.title.text().endswith(f"frame {stopped + 1}")
    press(qtbot, live, KEY.Key_E)
    assert live.panes.names == ()


def test_the_subtraction_shows_cement_and_nothing_else(qtbot, live, room):
    feed(room, live, FRAMES)
    press(qtbot, live, KEY.Key_D)
    pane = live.references.pane
    assert pane.title.text().startswith("Cement alone: 00:01.8\nBefore cement")
    grey = pane.image.image.image.astype(float)
    contour = max(live.snapshot().observation.cement.contours_px, key=lambda one: np.ptp(one[:, 0]))
    column, row = contour.mean(axis=0).round().astype(int)
    cement = grey[row - 2 : row + 3, column - 2 : column + 3]
    away = grey[40:70, 40:100]
    assert np.median(cement) < UNCHANGED - 40
    assert abs(np.median(away) - UNCHANGED) < 5


def test_the_subtraction_is_greyed_and_says_why_without_a_match(qtbot, live, room):
    feed(room, live, FRAMES[:12])
    press(qtbot, live, KEY.Key_D)
    pane = live.references.pane
    assert pane.image.opacity == 1.0
    assert not pane.notice.isVisible()
    noise = np.random.default_rng(1).integers(200, 4000, FRAMES[12].pixels.shape)
    strange = replace(FRAMES[12], pixels=read_only(noise.astype(np.uint16)))
    feed(room, live, [strange])
    room.clock.now_s += 1.0
    live.tick()
    assert pane.image.opacity < 0.5
    assert "Not current" in pane.notice.text() or "Not live" in pane.notice.text()
    assert pane.title.text().startswith("Cement alone: 00:01.3")


def test_an_image_that_is_not_live_is_not_a_live_subtraction(qtbot, live, room):
    feed(room, live, FRAMES[:12])
    press(qtbot, live, KEY.Key_D)
    room.clock.now_s += 5.0
    live.tick()
    pane = live.references.pane
    assert "Not live: 5 s ago" in pane.notice.text()
    assert pane.image.opacity < 0.5


def test_a_new_baseline_ends_the_comparison(qtbot, live, room):
    feed(room, live, FRAMES)
    press(qtbot, live, KEY.Key_E, KEY.Key_E, KEY.Key_D)  # STOP, subtracted
    assert not live.references.pane.notice.isVisible()
    room.session.restart_baseline()
    room.until(lambda status: status.marks.reference_frame > 0)
    feed(room, live, [replace(FRAMES[-1], index=20, time_s=3.0)])
    assert "new baseline" in live.references.pane.notice.text()


def test_a_replay_finds_the_same_pictures_at_each_frame(qtbot, replay):
    replay.replay.playback.seek(20)
    press(qtbot, replay, KEY.Key_E)
    pane = replay.references.pane
    before = int(pane.title.text().rpartition(" ")[2]) - 1
    assert 8 - 6 <= before <= 8 - 4  # half a second is four frames
    replay.replay.playback.seek(3)
    replay.tick()
    assert pane.title.text().endswith("frame 4")
    press(qtbot, replay, KEY.Key_E)  # no STOP yet at frame 3
    assert replay.panes.names == ()
    replay.replay.playback.seek(39)
    press(qtbot, replay, KEY.Key_E, KEY.Key_E)
    assert pane.title.text().startswith("Last STOP")
    levels = [replay.replay._track.alert(place).latched for place in range(40)]
    assert pane.title.text().endswith(f"frame {levels.index(True) + 1}")


def test_the_pane_follows_zoom_and_flips(qtbot, replay):
    replay.replay.playback.seek(20)
    press(qtbot, replay, KEY.Key_E, KEY.Key_F)
    pane = replay.references.pane
    replay.image.zoom_to(3.0, (63.5, 47.5))
    replay.tick()
    assert pane.image.zoom == replay.image.zoom == 3.0
    assert pane.image.centre_px == pytest.approx(replay.image.centre_px, abs=0.01)
    assert pane.image.view.xInverted()


def test_a_frame_without_a_match_is_told_in_a_replay_too(qtbot, settings):
    track = Track(Settings())
    for index in range(12):
        seen = make_observation(index)
        if index < 6:
            seen = replace(seen, cement=replace(seen.cement, area_px=0.0, contours_px=()))
        if index == 11:
            seen = replace(seen, shift_px=None, cement=None, unavailable=(Reason.MOTION,))
        track.append(Snapshot(make_frame(index), seen, make_alert(), 5.0))
    track.finish()
    window = ReplayWindow(Replay(track, MARKS, settings, 12), "by hand")
    qtbot.addWidget(window)
    window.show()
    window.replay.playback.seek(11)
    press(qtbot, window, KEY.Key_D)
    assert "No subtraction: registration has no match" in window.references.pane.notice.text()


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_lines_are_as_wide_as_those_beside_them_on_any_screen(qtbot, replay, monkeypatch, ratio):
    press(qtbot, replay, KEY.Key_E)
    pane = replay.references.pane
    for image in (pane.image, replay.image):
        monkeypatch.setattr(image.pane, "devicePixelRatioF", lambda: ratio)
    replay.set_scale(1.0)
    wall = [one.overlay.curves[LineKind.WALL] for one in (pane.image, replay.image)]
    assert wall[0].pen.widthF() == wall[1].pen.widthF()
