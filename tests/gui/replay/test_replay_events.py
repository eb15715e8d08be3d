"""Events in a replay: list, timeline, jumps; and those of a recorded session."""

from __future__ import annotations

from itertools import pairwise

import injection
import msgspec
import pytest
from handmade import MARKS
from injection import STOPPED
from live_room import CASE, SETTINGS, KeptSink, Room
from PySide6.QtCore import QPoint, Qt

from leakwatch.core.results import EventKind, Level
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.display.event_list import Urgency, event_rows
from leakwatch.gui.app import replay_window
from leakwatch.gui.replay.folded_run import AnalysedRun, with_case
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track
from leakwatch.runner.stored_run import open_run
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("fonts")

KEY = Qt.Key
FEW = list(injection.frames())


@pytest.fixture
def window(qtbot, track, settings):
    made = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(made)
    made.show()
    made.grab()
    made.tick()
    return made


def words(row):
    return (row.frame, row.title, row.text, row.value)


def frames_of(window):
    return [row.frame for row in window.replay.rows]


def test_keys_go_from_event_to_event_and_stay_at_the_ends(qtbot, window):
    frames = list(dict.fromkeys(frames_of(window)))
    assert len(frames) >= 2
    visited = []
    for _ in range(len(frames) + 2):
        qtbot.keyClick(window, KEY.Key_PageDown)
        visited.append(window.replay.playback.index)
    assert visited == [*frames, *[frames[-1]] * 2]
    window.replay.playback.seek_end()
    qtbot.keyClick(window, KEY.Key_PageUp)
    assert window.replay.playback.index == [one for one in frames if one < 39][-1]


def test_a_click_in_the_list_goes_to_its_frame(qtbot, window):
    qtbot.keyClick(window, KEY.Key_H)
    window.grab()
    view = window.events.view
    assert view.rows == window.replay.rows
    stop = next(place for place, row in enumerate(view.rows) if row.urgency is Urgency.STOP)
    view.list.scrollTo(view.model.index(stop))
    middle = view.list.visualRect(view.model.index(stop)).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    window.tick()
    assert window.replay.playback.index == view.rows[stop].frame
    assert view.current is view.rows[stop]


def test_the_strip_has_a_thumbnail_for_the_most_urgent_and_a_click_goes_there(qtbot, window):
    strip = window.transport.events
    assert strip.isVisible()
    places = strip.places()
    assert [place.row for place in places] == list(window.replay.rows)
    boxes = sorted((one.box for one in places if one.box is not None), key=lambda box: box.left())
    assert boxes
    assert all(left.right() < right.left() for left, right in pairwise(boxes))
    assert all(box.left() >= 0.0 and box.right() <= strip.width() for box in boxes)
    stop = next(place for place in places if place.row.urgency is Urgency.STOP)
    assert stop.box is not None
    middle = stop.box.center().toPoint()
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(middle.x(), middle.y()))
    assert window.replay.playback.index == stop.row.frame


def test_an_acknowledgement_in_the_replay_is_an_event_with_a_thumbnail(window):
    before = window.replay.rows
    stop = next(row for row in before if row.urgency is Urgency.STOP)
    window.replay.go_to(stop)
    window.acknowledge()
    rows = window.replay.rows
    (row,) = [one for one in rows if one.urgency is Urgency.ACKNOWLEDGED]
    assert row.frame == stop.frame
    assert window.replay.thumbnail(row) is not None
    assert [one.frame for one in rows] == sorted(one.frame for one in rows)


def test_the_trend_of_the_whole_case_shows_where_the_frame_is_and_goes_where_clicked(qtbot, window):
    qtbot.keyClick(window, KEY.Key_W)
    window.replay.playback.seek(10)
    window.tick()
    plot = window.strip.trend.plot
    assert plot.whole
    assert plot.cursor_s == pytest.approx(10 * 0.125)
    assert plot.samples[-1].time_s == pytest.approx(39 * 0.125)  # also what is still to come
    window.strip.trend.chosen.emit(30 * 0.125)
    assert window.replay.playback.index == 30


def test_a_track_has_the_same_trend_after_an_acknowledgement(track):
    before = track.case_samples()
    stop = track.levels().index(Level.STOP)
    track.acknowledge(stop)
    after = track.case_samples()
    assert [one.distance for one in after] == [one.distance for one in before]
    assert [one.level for one in after] == list(track.levels())
    assert track.samples(20, 1.0)[-1].time_s == pytest.approx(2.5)


def test_thumbnails_of_a_long_case_are_bounded_and_the_rest_is_counted(settings, fold_of):
    few = msgspec.structs.replace(settings.window, list_pictures=1)
    made = Track(msgspec.structs.replace(settings, window=few))
    for snapshot in fold_of(40):
        made.append(snapshot)
    kept = [row for row in made.event_rows() if made.thumbnail(row.frame) is not None]
    assert len({row.frame for row in kept}) <= 2
    assert made.dropped_thumbnails >= 1


@pytest.fixture
def recorded(tmp_path):
    """A recorded session with everything that an operator can do; and its events."""
    unknown = Calibration(None, None, SpacingRung.NONE, "not known yet")
    frames = FrameRecorder(tmp_path, Recording(CASE.marks, unknown, SETTINGS, "test", False))
    kept = KeptSink()
    with Room({"lines": Recorder(tmp_path), "frames": frames, "kept": kept}) as room:
        frames.follow_marks(lambda: room.session.marks)
        room.run(FEW[:6])
        room.session.set_margin(9.0)
        room.session.note("dough phase")
        room.until(lambda status: status.margin_mm == 9.0)
        room.run(FEW[6 : STOPPED + 1])
        room.session.pause_audio(60.0)
        room.session.acknowledge()
        room.until(lambda status: not status.decision.snapshot.alert.latched)
        room.run(FEW[STOPPED + 1 :])
    return tmp_path, kept


def test_a_recorded_session_is_replayed_with_its_own_events_and_levels(qtbot, recorded):
    folder, kept = recorded
    folded = AnalysedRun(open_run(folder / "session.case.json", SETTINGS))
    folded.thread.run()
    window = replay_window(folded)
    qtbot.addWidget(window)
    window.tick()
    rows = window.replay.rows
    live = event_rows(kept.events, {row.frame for row in rows[:1]})
    assert [words(row) for row in rows] == [words(row) for row in live]
    titles = {row.title for row in rows}
    assert {"Acknowledged", "Pause", "Note", "STOP", "Technical"} <= titles
    shown = [one.alert.level for one in kept.snapshots if one.fault is None]
    # The acknowledgement holds from its frame on; live, that frame had been shown before it.
    levels = list(folded.track.levels())
    assert [levels[place] for place in range(len(shown)) if place != STOPPED] == [
        level for place, level in enumerate(shown) if place != STOPPED
    ]
    assert all(window.replay.thumbnail(row) is not None for row in rows if row.frame < len(FEW))
    assert {one.margin_mm for one in window.replay.trend(whole=True).margins} == {5.0, 9.0}
    folded.close()


def test_with_other_marks_the_events_are_those_of_the_new_analysis(recorded):
    folder, _ = recorded
    run = open_run(folder / "session.case.json", SETTINGS)
    again = with_case(run, CASE)
    assert again.recorded.events == ()
    assert again.recorded.margins == run.recorded.margins != ()
    assert any(event.kind is EventKind.ANNOTATION for event in run.recorded.events)
    run.source.close()
    again.source.close()


def test_w_shows_the_whole_case_in_a_replay_that_stands_still(qtbot, window):
    window.replay.playback.seek_end()
    window.tick()
    before = window.strip.trend.grab().toImage()
    qtbot.keyClick(window, KEY.Key_W)
    assert window.strip.trend.plot.span_s == window.replay.trend(whole=True).span_s
    assert window.strip.trend.grab().toImage() != before
    qtbot.keyClick(window, KEY.Key_W)
    assert window.strip.trend.grab().toImage() == before


def test_windows_count_frames_from_one_at_every_place(qtbot, window):
    window.replay.playback.seek_end()
    qtbot.keyClick(window, KEY.Key_G)
    window.tick()
    assert "Frame 40 of 40" in window.transport.message.text() + window.transport.time.text()
    (frame,) = [one for one in window.run_strip.facts.facts if one.name == "Frame"]
    assert frame.value.startswith("40")


def test_details_take_no_room_from_the_numbers(qtbot, window):
    window.replay.playback.seek_end()
    window.tick()
    window.grab()
    height = window.strip.facts.height()
    qtbot.keyClick(window, KEY.Key_G)
    window.grab()
    assert window.run_strip.legend.isVisible()
    assert window.strip.facts.height() == height
