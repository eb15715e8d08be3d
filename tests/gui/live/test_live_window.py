"""The live window, offscreen, through an injection and its faults; the clock is the test's own."""

from __future__ import annotations

import gc
import signal
from dataclasses import replace
from itertools import pairwise

import injection
import numpy as np
import pytest
from injection import STOPPED
from live_room import SETTINGS, KeptSink, Room
from painting import held_while_painting
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtWidgets import QApplication

from leakwatch.case_files.case_file import dicom_path, load_case
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import SinkError
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.banner import distance_text
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.app import interrupt_closes
from leakwatch.gui.live import live_window
from leakwatch.gui.live.live_window import DIMMED, LiveWindow
from leakwatch.live.alarm_sound import UNAVAILABLE
from leakwatch.live.case_setup import Setup
from leakwatch.live.status import Alarm
from leakwatch.sources.stored.opening import open_source

pytestmark = pytest.mark.usefixtures("fonts")

FEW = list(injection.frames())
KEY = Qt.Key


class Heard:
    """A speaker that keeps what it is told."""

    def __init__(self, problem=""):
        self.problem, self.played, self.stops = problem, [], 0

    def play(self, alarm):
        self.played.append(alarm)

    def stop(self):
        self.stops += 1


@pytest.fixture
def room():
    with Room({"recording": KeptSink()}) as one:
        yield one


@pytest.fixture
def speaker():
    return Heard()


@pytest.fixture
def window(qtbot, room, speaker):
    made = LiveWindow(room.session, "by hand", speaker=speaker)
    qtbot.addWidget(made, before_close_func=LiveWindow.end)
    made.show()
    made.grab()
    return made


def level_of(window):
    window.tick()
    return window.banner.banner.level


def said(window):
    return window.run_strip.facts.text()


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
    assert "Dropped / lost: 0 / 0 of" in said(window)
    assert room.session.latency().drawn.frames == len(FEW)


def test_a_whole_simulated_injection_is_seen_and_heard(qtbot, repository):
    """Faster than real time: every level, the alarm, the pause, the acknowledgement, the clocks."""
    path = repository / "sample_dicom" / "epidural.case.json"
    case, speaker = load_case(path), Heard()
    with Room({"kept": KeptSink()}, Setup(SETTINGS, case)) as room:
        window = LiveWindow(room.session, "L1", speaker=speaker)
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        qtbot.keyClick(window, KEY.Key_X)
        levels, kinds, predicted = [], set(), False
        frames = list(open_source(dicom_path(path, case)).frames())
        for before, frame in pairwise([frames[0], *frames]):
            room.feed(frame, frame.time_s - before.time_s)
            levels.append(level_of(window))
            overlay = window.image.overlay
            kinds |= {kind for kind, curve in overlay.curves.items() if len(curve.points_px)}
            predicted |= any("5 mm in" in label.toPlainText() for label in overlay.labels)
            assert levels[-1] is room.session.status.decision.snapshot.alert.level
            assert (Alarm.HIGH in speaker.played) is (Level.STOP in levels)
        assert set(levels) == set(Level)
        wanted = {LineKind.CEMENT, LineKind.GROWTH, LineKind.WALL, LineKind.MARGIN, LineKind.TUBE}
        assert wanted | {LineKind.SHORTEST} <= kinds
        assert predicted
        assert window.strip.trend.plot.distance
        assert "After STOP: wait" in said(window)
        assert "Cement, mixed" in said(window)
        assert f"{room.session.status.exposure.pulses} pulses" in said(window)
        qtbot.keyClick(window, KEY.Key_P)
        room.until(lambda status: status.audio_paused_until_s is not None)
        assert (level_of(window), window.banner.flashing) == (Level.STOP, True)
        qtbot.keyClick(window, KEY.Key_A)
        room.until(lambda status: not status.decision.snapshot.alert.latched)
        assert level_of(window) is not Level.STOP
        assert not window.banner.flashing


def test_it_says_by_itself_that_nothing_comes(room, window, speaker):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    assert window.image.opacity == 1.0
    room.clock.now_s += 0.6
    assert level_of(window) is Level.UNKNOWN
    assert window.image.opacity == DIMMED
    assert window.signs.text().split() == (
        ["NOT", "LIVE", "LAST", "IMAGE,", "1", "s", "ago", "no", "cement", "detected"]
    )
    assert "No new frame for 0.6 s" in window.banner.banner.reasons
    assert speaker.played[-1] is Alarm.MEDIUM


def numbers_on(window):
    """Every text on and beside the picture about its measurements, and not about the session."""
    overlay, facts = window.image.overlay, window.strip.facts.facts
    labels = [item.toPlainText() for item in overlay.labels if item.isVisible()]
    of_session = window.run_strip.facts.facts
    measured = [fact for fact in facts if fact not in of_session]
    return [*labels, *(f"{fact.name}: {fact.value}" for fact in measured)]


def test_the_last_image_stays_with_its_lines_and_its_age(room, window):
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    curves = window.image.overlay.curves
    before = {kind: len(curve.points_px) for kind, curve in curves.items()}
    assert before[LineKind.CEMENT] > 0
    room.source.status = replace(room.source.status, fluoroscopy_on=False)
    for age in ("12 s", "1:52 min"):
        room.clock.now_s += 11.9 if age == "12 s" else 100.0
        room.until(lambda status: status.decision.snapshot.fault is not None)
        assert level_of(window) is Level.STOP
        assert {kind: len(curve.points_px) for kind, curve in curves.items()} == before
        # The frame is dark, and nothing that is drawn over it.
        assert (window.image.image.opacity(), window.image.picture.opacity()) == (DIMMED, 1)
        assert f"LAST IMAGE, {age} ago" in window.signs.text()
        said = numbers_on(window)
        assert any("mm" in one for one in said)
        assert all(age in one for one in said), said
        plot = window.strip.trend.plot
        assert (len(plot.distance), plot.unseen_s > 11.0) == (1, True)
        assert 0.5 - 1e-9 <= plot.x(plot.gaps[-1].start_s) < 1.0
    room.source.status = replace(room.source.status, fluoroscopy_on=True)
    room.feed(FEW[STOPPED + 1])
    window.tick()
    assert (window.signs.text(), window.image.image.opacity()) == ("", 1.0)
    assert not any("ago" in one or "old" in one for one in numbers_on(window))
    assert window.strip.trend.plot.unseen_s == 0.0


def test_a_frame_that_cannot_be_compared_has_no_lines_of_another(room, window):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    noise = np.random.default_rng(2).integers(0, 4096, FEW[0].pixels.shape, dtype=np.uint16)
    room.feed(replace(FEW[STOPPED + 1], pixels=read_only(noise)))
    window.tick()
    assert all(len(curve.points_px) == 0 for curve in window.image.overlay.curves.values())
    assert "LAST ASSESSED, 1 s ago" in window.signs.text()
    room.clock.now_s += 3.0
    window.tick()
    # When no other frame comes, the last that was judged is the picture that stays.
    assert len(window.image.overlay.curves[LineKind.CEMENT].points_px) > 0
    assert "LAST IMAGE, 4 s ago" in window.signs.text()


def test_the_clock_and_its_hand_go_on_with_the_display(room, window):
    room.run(FEW[:6])
    places = []
    for _ in range(10):
        room.clock.now_s += 0.1001
        window.tick()
        places.append(window.banner.clock[1])
    assert sorted(places) == list(range(10))


def test_a_display_that_stood_still_says_so_and_it_is_kept(room, window):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    assert not window.banner.banner.warnings
    room.clock.now_s += 6.2
    window.tick()
    said = "The display did not refresh for 6.2 s"
    assert window.banner.banner.level is Level.UNKNOWN
    assert window.banner.banner.warnings[0].startswith(said)
    room.until(lambda _: any(said in text for text in room.sink("recording").texts))
    room.clock.now_s += 0.1
    room.feed(FEW[6])
    assert level_of(window) is Level.CLEAR
    assert window.banner.banner.warnings[0].startswith(said)


def test_a_window_that_was_hidden_on_purpose_did_not_stand_still(room, window):
    room.run(FEW[:6])
    window.tick()
    window.pause()
    room.clock.now_s += 30.0
    room.feed(FEW[6])
    assert level_of(window) is Level.CLEAR
    assert not window.banner.banner.warnings


def test_it_says_so_when_every_other_thread_is_dead(room, window, speaker):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    room.session._inbox.close()
    room.source.close()
    for thread in room.session._threads:
        thread.join(10.0)
    speaker.played.clear()
    room.clock.now_s += 0.6
    assert level_of(window) is Level.UNKNOWN
    assert speaker.played == [Alarm.MEDIUM]


@pytest.mark.parametrize(
    ("frames", "level", "alarm"),
    [(6, Level.UNKNOWN, Alarm.MEDIUM), (STOPPED + 1, Level.STOP, Alarm.HIGH)],
)
def test_what_cannot_be_drawn_is_told_and_heard(
    room, window, speaker, monkeypatch, caplog, frames, level, alarm
):
    room.run(FEW[:5])
    assert level_of(window) is Level.CLEAR
    monkeypatch.setattr(window.image, "show_frame", lambda *_: 1 / 0)
    room.run(FEW[5:frames])
    for _ in range(3):
        assert level_of(window) is level
    banner = window.banner.banner
    assert "cannot be displayed" in " ".join((*banner.reasons, *banner.warnings))
    assert speaker.played == [alarm]
    assert len(caplog.records) == 1
    monkeypatch.undo()
    window.tick()
    again = window.banner.banner
    assert "cannot be displayed" not in " ".join((*again.reasons, *again.warnings))


def test_a_session_that_breaks_is_unknown_and_heard(room, window, speaker, monkeypatch, caplog):
    room.run(FEW[:6])
    assert level_of(window) is Level.CLEAR
    monkeypatch.setattr(type(room.session), "status", property(lambda _: 1 / 0))
    for _ in range(3):
        assert level_of(window) is Level.UNKNOWN
    assert speaker.played == [Alarm.MEDIUM]
    assert "cannot be displayed" in window.banner.banner.reasons[0]
    assert window.banner.flash_hz == pytest.approx(SETTINGS.window.medium_flash_hz, abs=0.05)
    assert len(caplog.records) == 1


def test_keys_are_actions_of_a_person(qtbot, room, window):
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    for one in (KEY.Key_P, KEY.Key_Space, KEY.Key_A):
        qtbot.keyClick(window, one)
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    assert room.session.status.audio_paused_until_s == room.clock.now_s + 120.0
    assert level_of(window) is Level.WATCH
    qtbot.keyClick(window, KEY.Key_B)
    assert "Press B again" in window.prompt.text()
    assert room.session.marks.reference_frame == 0
    qtbot.keyClick(window, KEY.Key_B)
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
    qtbot.keyClick(window, KEY.Key_Q)
    assert not window.isVisible()


def test_a_volume_is_typed_and_taken_when_it_is_possible(qtbot, room, window):
    room.run(FEW[:11])
    qtbot.keyClick(window, KEY.Key_V)
    assert "without what fills the cannula" in window.prompt.text()
    for one in (KEY.Key_5, KEY.Key_0, KEY.Key_Return):
        qtbot.keyClick(window, one)
    assert "50 mL is not possible. Type 0.1 to 20 mL." in window.prompt.text()
    qtbot.keyClick(window, KEY.Key_Return)  # nothing typed
    assert "0 mL is not possible" in window.prompt.text()
    for one in (KEY.Key_0, KEY.Key_Comma, KEY.Key_Period, KEY.Key_6, KEY.Key_5, KEY.Key_Backspace):
        qtbot.keyClick(window, one)
    assert "0.6_ mL" in window.prompt.text()
    assert room.session.marks.cement.syringe == ()
    qtbot.keyClick(window, KEY.Key_Return)
    assert window.layer is None
    room.until(lambda _: [one.ml for one in room.session.marks.cement.syringe] == [0.6])
    room.run(FEW[11:14])  # numbers do not change faster than they can be read
    window.tick()
    facts = {fact.name: fact.value for fact in window.strip.facts.facts}
    assert facts["Cement volume"].endswith("mL (syringe)")


def test_a_stop_is_acknowledged_while_a_volume_is_typed(qtbot, room, window):
    room.run(FEW[: STOPPED + 1])
    qtbot.keyClick(window, KEY.Key_V)
    qtbot.keyClick(window, KEY.Key_1)
    qtbot.keyClick(window, KEY.Key_A)
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    qtbot.keyClick(window, KEY.Key_Escape)
    assert window.layer is None
    assert room.session.marks.cement.syringe == ()


def test_a_stop_sounds_again_and_again_and_is_silent_when_acknowledged(
    qtbot, room, window, speaker
):
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    assert 1.4 <= window.banner.flash_hz <= 2.8
    for _ in range(3):
        room.clock.now_s += SETTINGS.sound.high_every_s
        window.tick()
    assert speaker.played.count(Alarm.HIGH) == 4
    stops = speaker.stops
    qtbot.keyClick(window, KEY.Key_A)
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    window.tick()
    assert speaker.stops == stops + 1
    room.clock.now_s += 60.0
    window.tick()
    assert speaker.played.count(Alarm.HIGH) == 4


def test_an_acknowledged_stop_says_when_and_how_near_and_keeps_a_steady_rim(
    qtbot, room, window, monkeypatch
):
    times = iter(("02:55", "03:10"))
    monkeypatch.setattr(
        live_window, "_wall_clock", lambda *_, seconds=False: "now" if seconds else next(times)
    )
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    qtbot.keyClick(window, KEY.Key_A)
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    for _ in range(3):
        window.tick()
    banner, rim = window.banner.banner, window.over.rim
    assert (banner.word, banner.level, banner.acknowledged) == ("STOP", Level.WATCH, True)
    distance = room.session.status.decision.snapshot.observation.wall_distance
    assert banner.reasons[0] == f"acknowledged 02:55, now {distance_text(distance)}"
    assert (rim.isVisible(), window.banner.flashing) == (True, False)
    room.clock.now_s += 30.0
    room.until(lambda status: status.decision.snapshot.fault is not None)
    assert level_of(window) is Level.UNKNOWN
    assert rim.isVisible()


def test_a_pause_is_silent_counts_down_and_ends(qtbot, room, window, speaker):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    qtbot.keyClick(window, KEY.Key_P)
    room.until(lambda status: status.audio_paused_until_s is not None)
    heard = len(speaker.played)
    for passed_s, left in ((0.3, "2:00"), (30.0, "1:30"), (89.0, "0:01")):
        room.clock.now_s += passed_s
        assert level_of(window) is Level.STOP
        assert f"Sound paused: {left}" in said(window)
        assert window.banner.flashing
    assert (len(speaker.played), speaker.stops > 0) == (heard, True)
    room.clock.now_s += 1.1
    window.tick()
    assert speaker.played[heard:] == [Alarm.HIGH]
    assert "Sound paused" not in said(window)


def test_a_pause_can_be_ended_by_a_person(qtbot, room, window, speaker):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    qtbot.keyClick(window, KEY.Key_P)
    room.until(lambda status: (status.audio_paused_until_s or 0.0) > room.clock.now_s)
    heard = len(speaker.played)
    qtbot.keyClick(window, KEY.Key_P)
    room.until(lambda status: status.audio_paused_until_s == room.clock.now_s)
    window.tick()
    assert speaker.played[heard:] == [Alarm.HIGH]


def test_a_lost_link_flashes_slowly_and_sounds_as_a_technical_alarm(room, window, speaker):
    room.run(FEW[:6])
    room.source.status = LinkStatus(Link.LOST, "the cable is out", None)
    assert level_of(window) is Level.UNKNOWN
    assert 0.4 <= window.banner.flash_hz <= 0.8
    assert speaker.played[-1] is Alarm.MEDIUM
    room.source.status = LinkStatus(Link.OPEN, "back", True)
    room.feed(FEW[5])
    window.tick()
    assert window.banner.flash_hz == 0.0


@pytest.mark.parametrize("problem", ["", f"{UNAVAILABLE}: no audio device"])
def test_sound_can_be_tested_and_its_absence_is_shown(qtbot, room, problem):
    speaker = Heard(problem)
    window = LiveWindow(room.session, "by hand", speaker=speaker)
    qtbot.addWidget(window, before_close_func=LiveWindow.end)
    window.show()
    window.tick()
    assert (UNAVAILABLE in said(window)) is bool(problem)
    qtbot.mouseClick(window.bar.buttons["T"], Qt.MouseButton.LeftButton)
    assert speaker.played == [Alarm.HIGH]
    assert (problem or "ten loud pulses") in window.prompt.text()


def test_look_of_the_picture_is_the_persons_and_is_said(qtbot, room, window):
    room.run(FEW[:6])
    window.tick()
    plain = window.image.image.image.astype(int)
    qtbot.keyClick(window, KEY.Key_I)
    assert np.abs(window.image.image.image.astype(int) + plain - 255).max() <= 1
    fitted = window.image.zoom
    for one in (KEY.Key_F, KEY.Key_3, KEY.Key_Z):
        qtbot.keyClick(window, one)
    qtbot.keyClick(window, KEY.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert (window.image.view.xInverted(), window.image.view.yInverted()) == (True, False)
    for word in (
        "inverted",
        "flipped horizontally",
        "flipped vertically",
        "window 150 level 85",
        f"zoom {2.0 * fitted:.1f}",
    ):
        assert word in window.signs.text()
    chosen = window.view_keys.view
    room.feed(FEW[6])
    window.tick()
    assert window.view_keys.view == chosen
    qtbot.keyClick(window, KEY.Key_0)
    assert (window.signs.text(), window.image.zoom) == ("", pytest.approx(fitted))
    assert window.image.view.yInverted()


def test_zoom_goes_from_the_vertebra_to_the_closest_point_and_the_whole_picture(
    qtbot, room, window
):
    room.run(FEW[:6])
    window.tick()
    image = window.image
    fitted = image.zoom
    assert (image.follows, 1.0 < fitted < 4.0) == (True, True)
    zooms = []
    while len(zooms) < 6 and not (zooms and image.follows):
        qtbot.keyClick(window, KEY.Key_Z)
        zooms.append(image.zoom)
    assert zooms[0] == pytest.approx(2.0 * fitted)
    assert (zooms[-2], zooms[-1]) == (1.0, pytest.approx(fitted))


def test_greys_by_dragging_and_by_arrows(qtbot, room, window):
    room.run(FEW[:6])
    window.tick()
    port, left = window.image.pane.viewport(), Qt.MouseButton.LeftButton
    qtbot.mousePress(port, left, pos=QPoint(200, 200))
    qtbot.mouseMove(port, QPoint(300, 200))
    qtbot.mouseRelease(port, left, pos=QPoint(300, 200))
    wider = window.view_keys.view.width
    assert wider > 255.0
    qtbot.mouseMove(port, QPoint(500, 200))
    assert window.view_keys.view.width == wider
    for held in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier):
        before = window.view_keys.view
        qtbot.keyClick(window, KEY.Key_Left, held)
        qtbot.keyClick(window, KEY.Key_Down, held)
        assert window.view_keys.view.width < before.width
        assert window.view_keys.view.level > before.level


def test_a_stop_shows_all_that_was_found_and_puts_the_keys_away(qtbot, room, window):
    room.run(FEW[:6])
    window.tick()
    window.image.zoom_to(8.0, (0.0, 0.0))
    qtbot.keyClick(window, KEY.Key_Question)
    assert (window.image.follows, window.help.isVisible()) == (False, True)
    room.run(FEW[6 : STOPPED + 1])
    assert level_of(window) is Level.STOP
    assert (window.image.follows, window.help.isVisible()) == (True, False)
    (left, right), (top, bottom) = window.image.view.viewRange()
    for curve in window.image.overlay.curves.values():
        columns, rows = curve.points_px.T
        if len(columns):
            assert left <= np.nanmin(columns) <= np.nanmax(columns) <= right
            assert top <= np.nanmin(rows) <= np.nanmax(rows) <= bottom


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_lines_are_as_wide_on_every_screen(room, window, monkeypatch, ratio):
    monkeypatch.setattr(window.image.pane, "devicePixelRatioF", lambda: ratio)
    room.run(FEW[:6])
    widths = []
    for size in ((1280, 800), (2560, 1600)):
        window.resize(*size)
        QApplication.processEvents()
        window.tick()
        wall = window.image.overlay.curves[LineKind.WALL]
        widths.append(wall.pen.widthF() / ratio)
        dark_edge = wall.halo.widthF() - wall.pen.widthF()
        assert dark_edge == pytest.approx(2.0 * ratio * size[0] / 1280)
    assert widths == pytest.approx([LINE_STYLES[LineKind.WALL].width * 1.25 * s for s in (1, 2)])


def test_sides_and_labels_stay_in_a_zoomed_picture(room, window):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    for zoom, at in (
        (1.0, (0.0, 0.0)),
        (2.0, (0.0, 0.0)),
        (4.0, (500.0, 20.0)),
        (8.0, (60.0, 60.0)),
    ):
        window.image.zoom_to(zoom, at)
        pane = window.image.pane
        shown = [item for item in window.image.overlay.labels if item.isVisible()]
        letters = [one for one in window.image.overlay.labels_of.sides.values() if one.isVisible()]
        assert shown
        assert len(letters) == 2
        for item in (*shown, *letters):
            on_screen = item.deviceTransform(pane.viewportTransform())
            assert QRectF(pane.rect()).contains(on_screen.mapRect(item.rect()))


def test_zoomed_part_stays_inside_the_frame(room, window):
    room.run(FEW[:6])
    window.tick()
    window.image.zoom_by(4.0, (0.0, 0.0))
    for _ in range(20):
        window.image.pan(-0.2, -0.2)
    (left, right), (top, bottom) = window.image.view.viewRange()
    assert (left, top) == pytest.approx((-0.5, -0.5))
    assert right < injection.COLUMNS
    assert bottom < injection.ROWS


def test_record_is_begun_and_ended_by_a_key_beside_the_window(qtbot):
    kept, later = KeptSink(), KeptSink()
    with Room() as room:
        begun = []

        def begin():
            begun.append(True)
            if len(begun) == 1:
                raise SinkError("the disk is full")
            room.session.record({"frames": kept if len(begun) == 2 else later})
            return "Recording from now on"

        window = LiveWindow(room.session, "by hand", speaker=Heard(), record=begin)
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        room.run(FEW[:8])
        window.tick()
        assert "Recording: not recording (R starts)" in said(window)
        qtbot.keyClick(window, KEY.Key_R)
        qtbot.waitUntil(lambda: window.tick() or "the disk is full" in window.prompt.text())
        qtbot.keyClick(window, KEY.Key_R)
        room.until(lambda status: len(status.recordings) == 1)
        qtbot.waitUntil(lambda: window.tick() or "from now on" in window.prompt.text())
        room.run(FEW[8:10])
        window.tick()
        assert window.bar.buttons["R"].text().endswith("stop recording")
        # Not by one key that was pressed by mistake.
        qtbot.keyClick(window, KEY.Key_R)
        assert "again" in window.prompt.text()
        assert room.session.status.is_recorded
        qtbot.keyClick(window, KEY.Key_R)
        room.until(lambda status: not status.is_recorded)
        qtbot.waitUntil(lambda: kept.closed)
        room.run(FEW[10:12])
        qtbot.waitUntil(
            lambda: window.tick() or "Recording: not recording (R starts)" in said(window)
        )
        qtbot.keyClick(window, KEY.Key_R)
        room.until(lambda status: status.is_recorded)
        room.run(FEW[12:13])
        assert len(begun) == 3
    # With the picture that was shown when it began, and none after its end.
    assert [one.frame.index for one in kept.snapshots] == [7, 8, 9]
    assert [one.frame.index for one in later.snapshots] == [11, 12]
    assert later.closed


@pytest.mark.parametrize("size", [(1024, 640), (1280, 800), (1920, 1080), (2560, 1440)])
def test_nothing_is_clipped_at_any_size(room, window, size):
    room.run(FEW[: STOPPED + 1])
    window.toggle_details()
    window.resize(*size)
    QApplication.processEvents()
    window.tick()
    for strip in (window.strip, window.run_strip):
        placed, hidden = strip.facts._placed()
        assert (hidden, len(placed) > 0) == (0, True)
        assert strip.geometry().bottom() <= window.bar.geometry().top()
    for button in window.bar.buttons.values():
        assert button.width() >= button.sizeHint().width()
    assert window.size().toTuple() == size


def test_every_button_has_its_key_and_no_two_actions_share_one(window):
    actions = window.key_actions()
    chords = [chord for action in actions for chord in action.chords]
    assert len(set(chords)) == len(chords)
    assert set(window.bar.buttons) == {action.text for action in actions if action.button}
    assert {"A", "P", "B", "R", "T", "X", "Space", "?"} <= set(window.bar.buttons)
    window.toggle_help()
    lines = [action.help_line or (action.text, action.what) for action in actions]
    assert all(name in window.help.text() for name, _ in lines)


def test_no_widget_is_left_of_a_live_window(qapp, room):
    def widgets():
        gc.collect()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return len(QApplication.allWidgets())

    counts = []
    for _ in range(4):
        made = LiveWindow(room.session, "by hand", speaker=Heard())
        made.show()
        made.tick()
        made.end()
        made.deleteLater()
        del made
        counts.append(widgets())
    # The first round also collects what the windows of other tests left.
    assert counts[1] == counts[2] == counts[3]


def test_another_stop_ends_a_pause_and_sounds(room, window, speaker):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    room.session.pause_audio(120.0)
    room.until(lambda status: status.audio_paused_until_s is not None)
    window.tick()
    heard = len(speaker.played)
    present = room.session.status.decision.snapshot
    stop = Event(STOPPED, 1.0, EventKind.ALERT, Level.STOP, Reason.TUBULAR_FILLING)
    again = replace(present, alert=replace(present.alert, events=(stop,)))
    room.session._fold._publish(again, "", room.clock.now_s, room.clock.now_s)
    room.session._publish()
    window.tick()
    assert speaker.played[heard:] == [Alarm.HIGH]


def test_one_key_by_mistake_ends_no_session(qtbot, room, window):
    room.run(FEW[:3])
    qtbot.keyClick(window, KEY.Key_Q)
    assert window.isVisible()
    assert "Press Q again" in window.prompt.text()
    qtbot.keyClick(window, KEY.Key_B)
    qtbot.keyClick(window, KEY.Key_Q)
    qtbot.keyClick(window, KEY.Key_Q)
    assert not window.isVisible()


WAYS_TO_CLOSE = {
    "Q": lambda window, qtbot: qtbot.keyClick(window, KEY.Key_Q),
    "button": lambda window, qtbot: window.windowHandle().close(),
    "program": lambda window, qtbot: window.close(),
}


@pytest.mark.parametrize("close", WAYS_TO_CLOSE.values(), ids=WAYS_TO_CLOSE)
def test_however_it_is_closed_a_session_that_runs_is_asked_for_twice(qtbot, room, window, close):
    room.run(FEW[:3])
    close(window, qtbot)
    assert window.isVisible()
    assert "close again" in window.prompt.text()
    assert not room.session.status.ended
    room.feed(FEW[3])
    assert room.session.status.frames == 4
    close(window, qtbot)
    assert not window.isVisible()


@pytest.mark.parametrize("close", WAYS_TO_CLOSE.values(), ids=WAYS_TO_CLOSE)
def test_a_session_that_is_over_is_closed_at_once(qtbot, room, window, close):
    room.run(FEW[:3])
    room.session.close()
    close(window, qtbot)
    assert not window.isVisible()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_the_program_is_not_asked(room, window, end):
    room.run(FEW[:3])
    with interrupt_closes(window):
        signal.raise_signal(end)
        QApplication.processEvents()
    assert not window.isVisible()


def test_once_cement_was_seen_a_new_baseline_is_asked_for_and_can_be_taken_back(
    qtbot, room, window
):
    room.run(FEW[: STOPPED + 1])
    window.tick()
    # The pedal is up, and of this observation nothing is known.
    room.clock.now_s += 2.0
    room.until(lambda status: status.decision.snapshot.fault is not None)
    assert room.session.status.decision.snapshot.observation.cement is None
    assert "Shift B" not in window.bar.buttons
    qtbot.keyClick(window, KEY.Key_B)
    assert "discards" in window.prompt.text()
    assert "mm² of cement" in window.prompt.text()
    assert not room.session.status.can_undo
    qtbot.keyClick(window, KEY.Key_B)
    room.until(lambda status: status.can_undo)
    room.feed(FEW[STOPPED + 1], 0.25)
    window.tick()
    assert "Included in the baseline" in said(window)
    qtbot.mouseClick(window.bar.buttons["Shift B"], Qt.MouseButton.LeftButton)
    room.until(lambda status: not status.can_undo)
    room.feed(replace(FEW[STOPPED + 1], index=STOPPED + 2, time_s=9.0), 0.25)
    window.tick()
    assert "Included in the baseline" not in said(window)
    assert room.session.status.decision.snapshot.observation.wall_distance is not None


def test_without_cement_a_new_baseline_needs_no_question(qtbot, room, window):
    room.run(FEW[:5])
    window.tick()
    qtbot.keyClick(window, KEY.Key_B)
    room.until(lambda _: room.session.marks.reference_frame == 4)


def test_a_stop_comes_back_from_the_task_bar(qtbot, room, window):
    room.run(FEW[:6])
    window.tick()
    window.showMinimized()
    room.run(FEW[6 : STOPPED + 1])
    assert level_of(window) is Level.STOP
    assert not window.isMinimized()


def test_whole_screen_by_a_key(qtbot, window):
    for whole in (True, False):
        qtbot.keyClick(window, KEY.Key_F11)
        assert window.isFullScreen() is whole


def test_there_is_no_scale_bar_without_an_image(room, window):
    window.tick()
    assert not window.scale_bar.isVisible()
    room.feed(FEW[0])
    window.tick()
    assert window.scale_bar.isVisible()
    assert "mm" in window.scale_bar.words


def test_other_buttons_are_there_at_once(qtbot, room, window):
    """A bar without any button would be shown until Qt arranges the new ones."""
    room.run(FEW[:3])
    window.tick()
    qtbot.keyClick(window, KEY.Key_V)
    button = window.bar.buttons["Enter"]
    assert button.isVisible()
    assert button.width() > button.fontMetrics().horizontalAdvance(button.text())
    assert window.bar.geometry().width() > button.geometry().left() > 0


def test_a_window_has_news_of_a_new_frame_and_of_another_view(qtbot, room, window):
    window.tick()
    assert not window.has_news()
    room.run(FEW[:2])
    assert window.has_news()
    window.tick()
    assert not window.has_news()
    qtbot.keyClick(window, KEY.Key_I)
    assert not window.has_news()  # shown at once
    window.view_keys.view = ViewSettings()
    assert window.has_news()


def test_the_analysis_goes_on_while_the_picture_is_painted(room, window):
    room.run(FEW[:6])
    window.tick()
    window.image.zoom_to(3.0, (120.0, 120.0))
    assert window.image._overview.isVisible()
    assert window.scale_bar.isVisible()
    assert held_while_painting(window.image.pane.viewport()) == set()
