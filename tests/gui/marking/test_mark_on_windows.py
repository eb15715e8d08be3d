"""Marking and calibrating over a replay and over a live picture, which go on meanwhile."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest
from hand import Hand
from injection import FIRST_CEMENT
from live_room import SETTINGS, KeptSink, Room
from PySide6.QtCore import Qt

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.arrays import read_only
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import Level
from leakwatch.core.spacing import SpacingRung
from leakwatch.gui.app import replay_window
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.calibrate_layer import CalibrateLayer
from leakwatch.gui.marking.mark_layer import MarkLayer
from leakwatch.gui.marking.picture_tools import live_tools
from leakwatch.gui.replay.folded_run import AnalysedRun
from leakwatch.live.case_setup import Setup
from leakwatch.runner.stored_run import open_run

pytestmark = pytest.mark.usefixtures("fonts")
KEY = Qt.Key
FEW = list(injection.frames())


class Silent:
    problem = ""

    def play(self, alarm):
        pass

    def stop(self):
        pass


@pytest.fixture
def room():
    with Room({"kept": KeptSink()}, Setup(SETTINGS, CaseFile("", Marks()))) as one:
        yield one


@pytest.fixture
def live(qtbot, room):
    window = LiveWindow(room.session, "by hand", live_tools(room.session), speaker=Silent())
    qtbot.addWidget(window, before_close_func=LiveWindow.end)
    window.show()
    room.feed(FEW[0])
    window.tick()
    return window


def drawn_wall(hand):
    hand.keys(KEY.Key_M, KEY.Key_W)
    for at in injection.WALL:
        hand.click(at)
    hand.keys(KEY.Key_Return)


def test_a_wall_that_is_drawn_on_a_live_picture_is_watched(qtbot, room, live):
    """Nothing was marked: no rule of the wall. Drawn and saved, the cement raises the STOP."""
    assert live.marks().posterior_wall_px is None
    room.feed(FEW[1])  # any frame may be marked, not only the first
    live.tick()
    hand = Hand(qtbot, live)
    drawn_wall(hand)
    assert isinstance(live.layer, MarkLayer)
    assert live.layer._case.frame == 1
    room.feed(FEW[2])
    live.tick()
    assert "anterior" in live.prompt.text()  # neither tags nor a cannula tell the side
    hand.keys(KEY.Key_O, KEY.Key_O)
    hand.keys(KEY.Key_U, KEY.Key_S)
    assert live.layer is None
    room.until(lambda status: room.session.marks.posterior_wall_px is not None)
    assert room.session.marks.posterior_wall_px == pytest.approx(np.array(injection.WALL), abs=1.0)
    for frame in FEW[3:]:
        room.feed(frame)
    assert "the operator started a new baseline" in room.sink("kept").texts


def test_the_level_is_shown_while_somebody_marks(qtbot, room, live):
    hand = Hand(qtbot, live)
    drawn_wall(hand)
    seen = []
    for frame in FEW[1:]:
        room.feed(frame)
        live.tick()
        seen.append(live.banner.banner.level)
    assert isinstance(live.layer, MarkLayer)
    # Without a wall of the session nothing can be CLEAR.
    assert set(seen) == {Level.UNKNOWN}
    hand.keys(KEY.Key_Escape)
    assert live.layer is None


def test_millimetres_that_are_measured_on_a_live_picture_hold_from_then_on(qtbot, room, live):
    assert room.session.status.decision.snapshot.observation.calibration.mm_per_px is None
    hand = Hand(qtbot, live)
    hand.keys(KEY.Key_C, KEY.Key_Tab, KEY.Key_Tab)
    assert isinstance(live.layer, CalibrateLayer)
    hand.click((40.0, 60.0))
    hand.click((200.0, 60.0))
    hand.keys(KEY.Key_Return)
    drawn_wall(hand)
    hand.keys(KEY.Key_O, KEY.Key_U, KEY.Key_S)
    room.until(
        lambda status: status.decision.snapshot.observation.calibration.mm_per_px is not None
    )
    found = room.session.status.decision.snapshot.observation.calibration
    assert found.mm_per_px == pytest.approx(50 / 160, rel=0.02)
    assert found.rung is SpacingRung.CASE


def test_marks_that_hold_are_there_to_be_changed(qtbot):
    with Room() as room:
        window = LiveWindow(room.session, "by hand", live_tools(room.session), speaker=Silent())
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        room.feed(FEW[0])
        window.tick()
        hand = Hand(qtbot, window)
        hand.keys(KEY.Key_M)
        wall = window.layer._case.draft.wall
        assert wall == pytest.approx(np.array(injection.WALL), abs=0.5)
        hand.drag(tuple(wall[1]), (wall[1][0] - 10.0, wall[1][1]))
        hand.keys(KEY.Key_U, KEY.Key_S)
        room.until(lambda status: room.session.marks.posterior_wall_px[1][0] < wall[1][0] - 8.0)


def test_new_marks_over_known_cement_are_asked_for_twice(qtbot):
    with Room() as room:
        window = LiveWindow(room.session, "by hand", live_tools(room.session), speaker=Silent())
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        for frame in FEW:
            room.feed(frame)
        window.tick()
        hand = Hand(qtbot, window)
        hand.keys(KEY.Key_M)
        wall = window.layer._case.draft.wall
        hand.drag(tuple(wall[1]), (wall[1][0] - 10.0, wall[1][1]))
        hand.keys(KEY.Key_U, KEY.Key_S)
        assert "discards" in window.prompt.text()
        assert not room.session.status.can_undo
        hand.keys(KEY.Key_S)
        room.until(lambda status: status.can_undo)


@pytest.fixture
def replayed(qtbot, tmp_path):
    path = tmp_path / "cine.dcm"
    injection.write_dicom(path)
    folded = AnalysedRun(open_run(path, load_settings(None)))
    folded.thread.run()
    window = replay_window(folded)
    qtbot.addWidget(window)
    window.show()
    window.tick()
    yield window, folded
    folded.close()
    window.close()


def test_a_replayed_run_is_marked_and_judged_again(qtbot, replayed, tmp_path):
    window, folded = replayed
    hand = Hand(qtbot, window)
    hand.keys(KEY.Key_C, KEY.Key_Tab, KEY.Key_Tab)  # no tags: a ruler of 50 mm
    hand.click((20.0, 40.0))
    hand.click((220.0, 40.0))
    hand.keys(KEY.Key_Return, KEY.Key_C, KEY.Key_Right, KEY.Key_Right)
    # Neither wall nor millimetres: nothing can be judged.
    assert set(folded.track.levels()) == {Level.UNKNOWN}
    drawn_wall(hand)
    case = window.layer._case
    qtbot.waitUntil(lambda: not case.waiting, timeout=20_000)
    hand.keys(KEY.Key_O, KEY.Key_U, KEY.Key_S)
    assert window.layer is None
    assert "analysed again" in window.prompt.text()
    saved = load_case(tmp_path / "cine.case.json")
    assert saved.marks.reference_frame == 0
    assert saved.mm_per_px == pytest.approx(0.25, rel=0.02)
    assert saved.marks.posterior_wall_px == pytest.approx(np.array(injection.WALL), abs=1.0)
    assert folded.run.marks.posterior_wall_px is not None
    qtbot.waitUntil(lambda: folded.track.ended, timeout=20_000)
    assert Level.CLEAR in folded.track.levels()
    assert window.marks() is folded.run.marks


def test_a_sequence_that_is_gone_is_told_and_all_stays(qtbot, replayed, tmp_path):
    window, folded = replayed
    hand = Hand(qtbot, window)
    drawn_wall(hand)
    qtbot.waitUntil(lambda: not window.layer._case.waiting, timeout=20_000)
    (tmp_path / "cine.dcm").unlink()
    before = folded.track
    hand.keys(KEY.Key_O, KEY.Key_U, KEY.Key_S)
    assert "Not saved" in window.prompt.text()
    assert folded.track is before


def test_marks_follow_the_anatomy_from_frame_to_frame(qtbot, replayed):
    window, _ = replayed
    hand = Hand(qtbot, window)
    hand.keys(KEY.Key_M)
    layer = window.layer
    qtbot.waitUntil(lambda: not layer._case.waiting, timeout=20_000)
    hand.keys(KEY.Key_W)
    for at in injection.WALL:
        hand.click(at)
    before = layer._drawn._curves[0].getData()
    snapshot = window.snapshot()
    seen = snapshot.observation
    start = seen.shift_px
    moved = replace(seen, shift_px=(start[0] + 6.0, start[1] - 2.0))
    layer.showed(replace(snapshot, observation=moved))
    after = layer._drawn._curves[0].getData()
    assert np.array(after) - np.array(before) == pytest.approx(
        np.array([[6.0] * 3, [-2.0] * 3]), abs=1e-6
    )
    # A click lies where the anatomy is now, and is kept where it was on the frame that is marked.
    hand.click((106.0, 98.0))
    assert layer._case.draft.wall_px[-1] == pytest.approx((100.0, 100.0), abs=1.0)
    lost = replace(snapshot, frame=replace(snapshot.frame, index=FIRST_CEMENT))
    layer.showed(replace(lost, observation=replace(seen, shift_px=None)))
    assert "Registration failed" in layer.prompt


def test_a_vertebra_is_marked_in_a_pause_whatever_is_told_meanwhile(qtbot, room, live):
    """The beam ends, then the C-arm ends the connection: each is a decision without an image."""
    for frame in FEW[1:4]:
        room.feed(frame)
    # The last image before the pause cannot be assessed: one before it stays on the screen.
    dark = read_only(np.zeros_like(FEW[4].pixels))
    room.feed(replace(FEW[4], pixels=dark))

    def pause():
        told = room.session.status.decision
        room.clock.now_s += 5.0
        room.until(lambda status: status.decision is not told)
        live.tick()

    pause()
    hand = Hand(qtbot, live)
    hand.keys(KEY.Key_M)
    seen = live.snapshot()
    room.source.status = LinkStatus(Link.LOST, "the C-arm ended the connection")
    pause()
    assert room.session.status.decision.snapshot.observation.shift_px is None
    assert live.snapshot() is seen
    assert "failed" not in live.prompt.text()
    hand.click((120.0, 120.0))
    assert live.layer._case.draft.click_px == pytest.approx((120.0, 120.0), abs=1.0)
