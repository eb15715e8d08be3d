"""Rulers and angles drawn with the mouse, in the three windows that show an image."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest
from handmade import ACQUISITION, MARKS, MM_PER_PX, UNCALIBRATED, make_alert, make_observation
from handmade import make_frame as handmade_frame
from live_room import KeptSink, Room
from PySide6.QtCore import QPointF, Qt

from leakwatch.core.results import Snapshot
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import Track

pytestmark = pytest.mark.usefixtures("fonts")

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton


def track_of(settings, change):
    """Twelve frames; `change` alters each snapshot."""
    track = Track(settings)
    for index in range(12):
        seen = make_observation(index)
        track.append(change(index, Snapshot(handmade_frame(index), seen, make_alert(), 5.0)))
    track.finish()
    return track


@pytest.fixture
def show(qtbot, settings):
    """A replay at frame 3, whose snapshots were altered by `change`."""

    def make(change=lambda index, one: one):
        window = ReplayWindow(Replay(track_of(settings, change), MARKS, settings, 12), "by hand")
        qtbot.addWidget(window)
        window.show()
        go(window, 3)
        return window

    return make


def go(window, index):
    window.replay.playback.seek(index)
    window.tick()


def at(window, point):
    view, pane = window.image.view, window.image.pane
    return pane.mapFromScene(view.mapViewToScene(QPointF(*point)))


def click(qtbot, window, *points):
    for point in points:
        qtbot.mouseClick(window.image.pane.viewport(), LEFT, pos=at(window, point))
    window.tick()


def length_mm(said):
    return float(said.split(" ")[0])


def test_two_clicks_measure_and_escape_removes(qtbot, show):
    window = show()
    before = len(window.image.view.addedItems)
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20), (60, 50))
    (measure,) = window.layer.measures
    assert np.ravel(measure.points_px) == pytest.approx([20, 20, 60, 50], abs=0.5)
    said = window.prompt.text().splitlines()[-1]
    assert length_mm(said) == pytest.approx(50 * MM_PER_PX, abs=0.3)
    assert "frame 4, 00:00.3" in said
    qtbot.keyClick(window, KEY.Key_Escape)
    assert window.layer is None
    assert len(window.image.view.addedItems) == before


def test_a_drag_measures_too_and_an_end_can_be_moved(qtbot, show):
    window = show()
    qtbot.keyClick(window, KEY.Key_Y)
    pane = window.image.pane.viewport()

    def drag(start, end):
        qtbot.mousePress(pane, LEFT, pos=at(window, start))
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        for point in (middle, end):
            qtbot.mouseMove(pane, pos=at(window, point))
        qtbot.mouseRelease(pane, LEFT, pos=at(window, end))
        window.tick()

    drag((20, 20), (60, 20))
    assert length_mm(window.prompt.text().splitlines()[-1]) == pytest.approx(10.0, abs=0.2)
    layer = window.layer
    layer._press((60.0, 20.0), (0.0, 0.0))  # grabs the end
    layer._drag((80.0, 20.0))
    layer._release((80.0, 20.0), (99.0, 0.0))
    assert len(layer.measures) == 1
    assert layer.measures[0].points_px[1] == (80.0, 20.0)


def test_zoom_and_flips_leave_it_where_it_is_on_the_frame(qtbot, show):
    window = show()
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20), (60, 50))
    before = window.layer.measures[0].points_px
    said = window.prompt.text()
    for one in (KEY.Key_Z, KEY.Key_F, KEY.Key_I):
        qtbot.keyClick(window, one)
    window.tick()
    assert window.layer.measures[0].points_px == before
    assert window.prompt.text() == said
    line = window.layer._drawn[0]._line.getData()
    assert [tuple(map(float, one)) for one in zip(*line, strict=True)] == list(before)


def test_an_angle_takes_three_clicks(qtbot, show):
    window = show()
    qtbot.keyClick(window, KEY.Key_Y)
    qtbot.keyClick(window, KEY.Key_Tab)
    click(qtbot, window, (80, 50), (30, 50), (30, 10))
    assert window.prompt.text().splitlines()[-1].startswith("90 ± 1°")
    qtbot.keyClick(window, KEY.Key_Delete)
    assert window.layer.measures == ()


def test_without_calibration_it_is_in_pixels(qtbot, show):
    window = show(
        lambda index, one: replace(
            one, observation=replace(one.observation, calibration=UNCALIBRATED)
        )
    )
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20), (60, 50))
    assert "px, not calibrated" in window.prompt.text()
    assert "not calibrated" in window.scale_bar.words


def test_on_another_frame_it_is_marked_and_says_how_far_the_anatomy_moved(qtbot, show):
    window = show(
        lambda index, one: replace(
            one, observation=replace(one.observation, shift_px=(4.0 * (index > 4), 0.0))
        )
    )
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20), (60, 50))
    drawn = window.layer._drawn[0]
    assert drawn._line.opts["pen"].style() is Qt.PenStyle.SolidLine
    go(window, 4)
    assert drawn._line.opts["pen"].style() is Qt.PenStyle.CustomDashLine
    assert drawn._label.toPlainText().endswith("(frame 4)")
    go(window, 6)
    assert drawn._label.toPlainText().endswith("(frame 4, moved 1.0 mm since)")
    go(window, 3)
    assert "frame" not in drawn._label.toPlainText()


def test_another_view_removes_it_and_says_why(qtbot, show):
    def turn(index, one):
        turned = replace(
            ACQUISITION, geometry=replace(ACQUISITION.geometry, primary_angle_deg=30.0 * index)
        )
        return replace(one, frame=replace(one.frame, acquisition=turned))

    window = show(turn)
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20), (60, 50))
    go(window, 4)
    assert window.layer.measures == ()
    assert "Removed: the C-arm rotated" in window.prompt.text()


def test_points_of_two_images_make_no_ruler_if_the_anatomy_moved(qtbot, show):
    window = show(
        lambda index, one: replace(
            one, observation=replace(one.observation, shift_px=(4.0 * (index > 4), 0.0))
        )
    )
    qtbot.keyClick(window, KEY.Key_Y)
    click(qtbot, window, (20, 20))
    go(window, 6)
    click(qtbot, window, (60, 50))
    assert window.layer.measures == ()
    assert "The image changed (moved 1.0 mm since): click again" in window.prompt.text()


def test_a_live_window_measures_and_saves_with_the_case(qtbot):
    class Silent:
        problem = ""

        def play(self, alarm): ...

        def stop(self): ...

    sink = KeptSink()
    frames = list(injection.frames())
    with Room({"recording": sink}) as room:
        window = LiveWindow(room.session, "by hand", speaker=Silent())
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        for frame in frames[:4]:
            room.feed(frame)
            window.tick()
        qtbot.keyClick(window, KEY.Key_Y)
        click(qtbot, window, (60, 60), (160, 60))
        qtbot.keyClick(window, KEY.Key_Return)
        assert "Saved with the case" in window.prompt.text()
        room.feed(frames[4])
        window.tick()
        assert window.layer._drawn[0]._label.toPlainText().endswith("(frame 4)")
        room.until(lambda status: any("ruler" in one for one in sink.texts))
        (event,) = [one for one in sink.events if one.text and "ruler" in one.text]
        assert event.text.startswith("ruler: 25.")
        assert event.text.endswith("mm, frame 3, 00:00.3")
        assert event.at_px == pytest.approx((60.0, 60.0), abs=0.5)


def test_the_scale_bar_has_its_length_on_the_screen(qtbot, show):
    window = show()
    bar = window.scale_bar
    assert bar.isVisible()
    length_mm_, _, _ = bar.words.partition(" mm")
    assert bar.length_px * MM_PER_PX == pytest.approx(float(length_mm_))
    ends = [at(window, (x, 10.0)).x() for x in (10.0, 10.0 + bar.length_px)]
    assert bar._bar == pytest.approx(ends[1] - ends[0], abs=2)
    before = float(length_mm_)
    window.image.zoom_to(6.0, (60.0, 40.0))
    window.tick()
    assert float(bar.words.partition(" mm")[0]) < before
