"""The training window, driven by keys through whole cases, on a clock that the test moves."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace

import injection
import pyqtgraph as pg
import pytest
from handmade import UNCALIBRATED
from key_table import assert_accessible, assert_focus_order, assert_key_table
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel

from leakwatch.case_files.truth_file import encode_truth
from leakwatch.config import Settings
from leakwatch.core.errors import LibraryError, SourceError
from leakwatch.core.truth import Truth, TruthFrame
from leakwatch.display.lines import LineKind
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.gui.training import result_page
from leakwatch.gui.training.attempt import Attempt, Preparation
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.training.training_window import TrainingWindow
from leakwatch.training.training_case import TrainingItem, open_training_case
from leakwatch.training.training_records import TrainingRecords, TrainingSession

pytestmark = pytest.mark.usefixtures("fonts")

# The bolus of `injection` ends in column 105 + 2 * frame, and the wall is at column 148: within
# 6.5 mm from frame 9 on, within 5 mm from frame 12 on, which is at 1.5 s. 0.1 mL come a frame.
DUE_FRAME, DUE_S, NEAR_S = 12, 1.5, 1.125


def truth() -> Truth:
    frames = []
    for index in range(injection.FRAMES):
        flows = index >= injection.FIRST_CEMENT
        distance = (148.0 - 105.0 - 2.0 * index) * injection.MM_PER_PX if flows else None
        ml = 0.1 * (index - injection.FIRST_CEMENT + 1) if flows else 0.0
        frames.append(TruthFrame(ml, 0.0, 0.0, distance, 0.0, 10.0))
    return Truth(
        1.0 / injection.FRAME_S, injection.MM_PER_PX, "near", DUE_FRAME, None, tuple(frames)
    )


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """The same sequence twice: with a truth, and without."""
    folder = tmp_path_factory.mktemp("cases")
    dicom = folder / "cine.dcm"
    injection.write_dicom(dicom)
    for name in ("told", "untold"):
        injection.write_case(folder / f"{name}.case.json", dicom)
    (folder / "told.truth.json").write_bytes(encode_truth(truth()))
    return folder


def item(cases, name="told", about="Calm breath"):
    path = cases / f"{name}.case.json"
    return TrainingItem(name, about, lambda progress: open_training_case(path, Settings()))


class Clock:
    """Seconds that pass when the test says so."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def records(tmp_path):
    with TrainingRecords(tmp_path / "library") as made:
        yield made


@pytest.fixture
def make_window(qtbot, cases, clock, records):
    def make(*items, trainee="anna"):
        window = TrainingWindow(items or (item(cases),), SessionStore(records), trainee, clock)
        qtbot.addWidget(window)
        window.show()
        window.prepare(0)  # the timer is not started: the test ticks
        return window

    return make


def ready(qtbot, window):
    """Wait until the case is prepared."""
    thread = window._preparation
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=30_000)
    window.tick()


def begun(qtbot, window):
    ready(qtbot, window)
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    assert window.page is window.run
    window.tick()


def go_to(window, clock, seconds_of_case, start_s=100.0):
    """Let time pass as a screen does, tick by tick."""
    while clock.now_s < start_s + seconds_of_case - 1e-9:
        clock.now_s = min(clock.now_s + 0.05, start_s + seconds_of_case)
        window.tick()


def press(window, *keys):
    for key in keys:
        QTest.keyClick(window.page, key)


def notices(window):
    return [
        label
        for label in window.findChildren(QLabel)
        if label.isVisible() and RESEARCH_NOTICE in label.text()
    ]


def test_a_whole_case_by_keys_alone(qtbot, make_window, clock, records):
    window = make_window()
    assert window.windowTitle() == "LeakWatch – training"
    begun(qtbot, window)
    assert records.sessions()[0].outcome == "begun"
    go_to(window, clock, 0.5)
    press(window, Qt.Key.Key_Space)
    assert "STOP at 0.50 s: not due" in window.run.message.text()
    assert window.page is window.run
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)

    assert window.page is window.result
    assert window.result.headline.text() == "STOP 0.30 s after it was due"
    message = " ".join(label.text() for label in window.result.fact_labels if label.isVisible())
    assert "0.30 s" in message
    assert "0.24 mL" in message  # 0.1 mL in 0.125 s, for 0.3 s
    assert "False STOPs (at 0.50 s)" in message
    (kept,) = records.sessions("anna")
    assert (kept.case_name, kept.outcome, kept.due_by) == ("told", "stopped", "truth")
    assert (kept.due_frame, kept.due_s, kept.stop_frame) == (DUE_FRAME, DUE_S, 14)
    assert (kept.reaction_s, kept.past_ml, kept.false_stops) == (0.3, 0.24, 1)
    assert "Saved as session 1 of anna" in window.result.kept.text()

    before, due, own = window.result.panels
    assert "STOP due" in due.title.text()
    assert "frame 13 (by the truth of the case)" in due.words.text()
    assert "1.80 s, frame 15" in own.words.text()
    # LeakWatch's STOP was exact: it is told with the due one, and another frame has its place.
    assert kept.leakwatch_frame == DUE_FRAME
    assert "STOP due and LeakWatch&#x27;s STOP" in due.title.text()
    assert "before STOP was due" in before.title.text()
    for panel in window.result.panels:
        assert panel.image.widget.isVisible()
        assert len(panel.image.overlay.curves[LineKind.WALL].points_px) >= 2
    assert (own.image.image.image == window.prepared.track.grey(14)).all()

    press(window, Qt.Key.Key_Return)
    assert window.page is window.replay
    window.replay.tick()
    QTest.keyClick(window.replay, Qt.Key.Key_3)
    assert window.replay.replay.playback.index == 14
    assert window.replay.banner.banner.word == "STOP"
    QTest.keyClick(window.replay, Qt.Key.Key_Backspace)
    assert window.page is window.result
    assert not window.replay.replay.playback.playing
    press(window, Qt.Key.Key_C)
    assert window.page is window.curve
    assert "1 scored session" in window.curve.title.text()
    press(window, Qt.Key.Key_Backspace, Qt.Key.Key_Q)
    assert not window.isVisible()


def test_the_whole_screen_is_taken_by_a_key_on_every_page(qtbot, make_window, clock):
    window = make_window()
    ready(qtbot, window)

    def taken_and_left(widget):
        for whole in (True, False):
            QTest.keyClick(widget, Qt.Key.Key_F11)
            assert window.isFullScreen() is whole

    taken_and_left(window.begin.name)
    begun(qtbot, window)
    taken_and_left(window.run)
    assert window.run.message.text() == ""
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)
    taken_and_left(window.result)
    press(window, Qt.Key.Key_Return)
    taken_and_left(window.replay)


def test_nothing_that_leakwatch_saw_is_on_the_screen_while_it_runs(
    qtbot, make_window, clock, records
):
    window = make_window()
    begun(qtbot, window)
    for seconds in (0.2, 1.0, 1.6, 1.8):
        go_to(window, clock, seconds)
        image = window.run.image
        assert image.image.image.shape == (injection.ROWS, injection.COLUMNS)
        assert all(not len(curve.points_px) for curve in image.overlay.curves.values())
        assert not any(label.isVisible() for label in image.overlay.labels)
        assert image.overlay._band.polygon().isEmpty()
        texts = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
        shown = " ".join(texts)
        assert not any(word in shown for word in ("CLEAR", "WATCH", "mm", "told", "UNKNOWN"))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Plus, Qt.Key.Key_A, Qt.Key.Key_Q):
        press(window, key)
    assert window.page is window.run
    assert records.sessions()[0].outcome == "begun"


def test_it_says_once_on_each_page_what_it_is(qtbot, make_window, clock):
    window = make_window()
    assert len(notices(window)) == 1
    begun(qtbot, window)
    assert len(notices(window)) == 1
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)
    assert len(notices(window)) == 1
    press(window, Qt.Key.Key_Return)
    window.replay.tick()
    assert len(notices(window)) == 1
    QTest.keyClick(window.replay, Qt.Key.Key_Q)
    assert not window.isVisible()


def test_a_trainee_who_never_stops_has_missed_it(qtbot, make_window, clock, records):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 3.0)
    assert window.page is window.result
    assert window.result.headline.text() == "Missed: a STOP was due"
    own = window.result.panels[-1]
    assert own.nothing.isVisible()
    assert not own.image.widget.isVisible()
    kept = records.sessions("anna")[0]
    assert (kept.outcome, kept.past_ml, kept.stop_s) == ("missed", 0.3, None)


def test_escape_keeps_the_session_as_broken_off_and_unscored(qtbot, make_window, clock, records):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 0.6)
    press(window, Qt.Key.Key_Space)
    press(window, Qt.Key.Key_Escape)
    assert window.result.headline.text() == "Aborted: not scored"
    kept = records.sessions("anna")[0]
    assert (kept.outcome, kept.presses_s, kept.reaction_s) == ("broken_off", "[0.6]", None)
    press(window, Qt.Key.Key_C)
    assert "0 scored sessions; 1 not scored" in window.curve.title.text()


def test_closing_the_window_in_the_middle_keeps_it_too(qtbot, make_window, clock, records):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 0.6)
    window.close()
    assert records.sessions("anna")[0].outcome == "broken_off"


def test_without_a_truth_it_says_that_leakwatch_is_the_judge(qtbot, make_window, cases, clock):
    window = make_window(item(cases, "untold"))
    begun(qtbot, window)
    stop = window.prepared.course.leakwatch
    go_to(window, clock, stop.time_s + 0.1)
    press(window, Qt.Key.Key_Space)
    assert window.result.headline.text() == "STOP 0.10 s after it was due"
    message = " ".join(label.text() for label in window.result.fact_labels if label.isVisible())
    assert "the case has no truth" in message.replace("&#x27;", "'")
    assert "unknown" in message
    assert any("no truth" in panel.words.text() for panel in window.result.panels)


def test_without_a_name_nothing_is_kept_and_it_says_so(qtbot, make_window, clock, records):
    window = make_window(trainee="")
    begun(qtbot, window)
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)
    assert "Not saved: no name was given" in window.result.kept.text()
    assert records.sessions() == ()
    press(window, Qt.Key.Key_C)
    assert window.page is window.result  # there is no curve of nobody


def test_a_name_that_cannot_be_kept_is_said_before_the_case_begins(qtbot, make_window, records):
    window = make_window(trainee="=1+1")
    ready(qtbot, window)
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    assert window.page is window.begin
    assert "pseudonym" in window.begin.state.text()
    window.begin.name.setText("ben")
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    assert window.page is window.run
    assert records.sessions()[0].trainee == "ben"


def test_a_disk_that_fills_up_takes_the_record_and_not_the_score(
    qtbot, make_window, clock, records, monkeypatch
):
    window = make_window()
    begun(qtbot, window)

    def full(*_):
        raise LibraryError("the case library cannot be used: disk full. Check rights and room.")

    monkeypatch.setattr(records, "finish", full)
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)
    assert window.result.headline.text() == "STOP 0.30 s after it was due"
    assert "not saved: the case library cannot be used: disk full" in window.result.kept.text()
    assert records.sessions()[0].outcome == "begun"


def test_a_key_that_is_held_down_is_one_press(qtbot, make_window, clock):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 0.5)
    press(window, Qt.Key.Key_Space)
    for seconds in (1.2, 1.6):
        go_to(window, clock, seconds)
        repeated = QKeyEvent(
            QEvent.Type.KeyPress,
            Qt.Key.Key_Space,
            Qt.KeyboardModifier.NoModifier,
            " ",
            autorep=True,
        )
        window.keyPressEvent(repeated)
    assert window.page is window.run
    assert window._attempt.presses_s == pytest.approx((0.5,))


def test_the_button_does_what_the_key_does(qtbot, make_window, clock):
    window = make_window()
    ready(qtbot, window)
    qtbot.mouseClick(window.begin.begin, Qt.MouseButton.LeftButton)
    window.tick()
    go_to(window, clock, 1.7)
    qtbot.mouseClick(window.run.stop, Qt.MouseButton.LeftButton)
    assert window.result.headline.text() == "STOP 0.20 s after it was due"


def test_it_goes_on_to_the_next_case_and_back_to_the_same(qtbot, make_window, cases, clock):
    window = make_window(item(cases), item(cases, about="Deep breath"))
    assert window.begin.title.text() == "Training: case 1 of 2"
    begun(qtbot, window)
    press(window, Qt.Key.Key_Escape, Qt.Key.Key_Return)
    QTest.keyClick(window.replay, Qt.Key.Key_Backspace)
    press(window, Qt.Key.Key_N)
    assert window.page is window.begin
    assert (window.begin.title.text(), window.begin.about.text()) == (
        "Training: case 2 of 2",
        "Deep breath",
    )
    assert not window.begin.begin.isEnabled()
    assert window.replay.snapshot() is None
    begun(qtbot, window)
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_N)
    assert window.page is window.result  # there is no third
    press(window, Qt.Key.Key_R)
    assert window.begin.title.text() == "Training: case 2 of 2"
    ready(qtbot, window)
    assert window.begin.begin.isEnabled()


@pytest.mark.parametrize("error", [SourceError("x.dcm: cannot be read"), ZeroDivisionError("oh")])
def test_a_case_that_cannot_be_prepared_says_why_and_cannot_begin(qtbot, make_window, error):
    def broken(progress):
        raise error

    window = make_window(TrainingItem("broken", "", broken))
    ready(qtbot, window)
    assert str(error) in window.begin.state.text()
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    assert window.page is window.begin
    QTest.keyClick(window.begin.name, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_half_a_case_is_not_used(qtbot, make_window, cases, tmp_path):
    whole = (cases / "cine.dcm").read_bytes()
    (tmp_path / "cine.dcm").write_bytes(whole[: -2 * injection.ROWS * injection.COLUMNS * 3])
    injection.write_case(tmp_path / "told.case.json", tmp_path / "cine.dcm")
    window = make_window(item(tmp_path))
    ready(qtbot, window)
    assert "an incomplete case cannot be used for training" in window.begin.state.text()
    assert not window.begin.begin.isEnabled()


def test_a_truth_of_another_case_is_refused(qtbot, make_window, cases, tmp_path):
    (tmp_path / "cine.dcm").symlink_to(cases / "cine.dcm")
    injection.write_case(tmp_path / "told.case.json", tmp_path / "cine.dcm")
    short = Truth(8.0, 0.25, "none", None, None, truth().frames[:5])
    (tmp_path / "told.truth.json").write_bytes(encode_truth(short))
    window = make_window(item(tmp_path))
    ready(qtbot, window)
    assert "the truth has 5 frames, and the sequence has 16" in window.begin.state.text()


def test_a_frame_that_cannot_be_shown_ends_it_without_a_score(
    qtbot, make_window, clock, records, monkeypatch
):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 0.5)

    def gone(*_):
        raise SourceError("the disk was taken away")

    monkeypatch.setattr(window.prepared.track, "grey", gone)
    go_to(window, clock, 0.7)
    assert window.result.headline.text() == "Aborted: not scored"
    assert "the disk was taken away" in records.sessions("anna")[0].why


def test_a_screen_that_stood_still_is_told(qtbot, make_window, clock):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 0.5)
    clock.now_s += 0.4
    window.tick()
    go_to(window, clock, 1.8)
    press(window, Qt.Key.Key_Space)
    message = " ".join(label.text() for label in window.result.fact_labels if label.isVisible())
    assert "for 0.40 s" in message


def test_closing_while_a_case_is_made_ends_the_making(qtbot, make_window):
    began, ended = threading.Event(), threading.Event()

    def endless(progress):
        try:
            while True:
                began.set()
                progress("Simulating the case, once", 3, 150)
        finally:
            ended.set()

    window = make_window(TrainingItem("slow", "", endless))
    assert began.wait(10.0)
    window.tick()
    assert "Simulating the case, once: frame 3 of 150" in window.begin.state.text()
    window.close()
    assert ended.is_set()
    assert window._preparation is None


def test_it_runs_by_itself_at_true_speed(qtbot, cases, records):
    window = TrainingWindow((item(cases),), SessionStore(records), "anna")
    qtbot.addWidget(window)
    window.show()
    window.start()
    qtbot.waitUntil(window.begin.begin.isEnabled, timeout=30_000)
    QTest.keyClick(window.begin.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.page is window.result, timeout=30_000)
    assert window.result.headline.text() == "Missed: a STOP was due"
    window.close()


def test_no_widget_is_left_behind(qapp, cases, clock, tmp_path):
    def widgets():
        for _ in range(3):  # what one pass lets go may be what kept something else
            gc.collect()
            qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            qapp.processEvents()
        return len(qapp.allWidgets())

    def go_through():
        with TrainingRecords(tmp_path) as records:
            window = TrainingWindow((item(cases),) * 2, SessionStore(records), "anna", clock)
            window.show()
            for place in range(2):
                window.prepare(place)
                window._preparation.join()
                window.tick()
                window.begin_attempt()
                window.break_off()
                window.open_replay()
            window.close()

    go_through()
    before = widgets()
    for _ in range(2):
        go_through()
        assert widgets() <= before  # some of an earlier test may go later


def test_a_preparation_that_is_stopped_has_no_case(cases):
    preparation = Preparation(item(cases))
    preparation._stopping = True
    preparation.run()
    assert (preparation.prepared, preparation.failure) == (None, "")


def test_an_attempt_ends_once(cases):
    preparation = Preparation(item(cases))
    preparation.run()
    attempt = Attempt(preparation.prepared)
    attempt.tick(0.0)
    attempt.press(1.7)
    ended = attempt.score
    attempt.break_off()
    assert attempt.press(1.8) is None
    assert attempt.score is ended
    preparation.stop()


def test_letters_grow_with_the_window(qtbot, make_window):
    window = make_window()
    window.show()

    def letters():
        labels = (window.begin.title, window.run.stop, window.result.headline, window.curve.title)
        return [one.font().pixelSize() for one in (*labels, window.keys, window.begin.name)]

    window.resize(1280, 800)
    qtbot.waitUntil(lambda: window.width() == 1280)
    small = letters()
    window.resize(1920, 1080)
    qtbot.waitUntil(lambda: letters()[0] > small[0])
    assert letters() == [pytest.approx(1.35 * one, abs=1.0) for one in small]
    line = window.result.line
    assert line.height() == round(1.35 * (result_page.BAR_HEIGHT + result_page.WORDS_HEIGHT))


def test_case_is_chosen_in_the_window(qtbot, cases, clock, records):
    items = (item(cases, about="Calm breath"), item(cases, "untold", about="Deep breath"))
    window = TrainingWindow(items, SessionStore(records), "anna", clock, choose=True)
    qtbot.addWidget(window)
    window.show()
    window.start()
    assert window.page is window.choice
    assert_key_table(window)
    assert_accessible(window)
    assert_focus_order(window)
    qtbot.keyClick(window.choice.rows, Qt.Key.Key_Down)
    qtbot.keyClick(window.choice.rows, Qt.Key.Key_Return)
    assert window.page is window.begin
    assert "Deep breath" in window.begin.about.text()
    window._timer.stop()
    ready(qtbot, window)
    begun(qtbot, window)
    go_to(window, clock, 3.0)
    assert window.page is window.result
    QTest.keyClick(window, Qt.Key.Key_L)
    assert window.page is window.choice


def test_trainee_sees_the_scale_of_the_image(qtbot, make_window):
    window = make_window()
    begun(qtbot, window)
    bar, calibration = window.run.scale_bar, window.prepared.case.run.calibration
    assert bar.isVisible()
    assert window.run.image.image_box.contains(QRectF(bar.geometry()))  # not beside the picture
    shown_mm = bar.length_px * calibration.mm_per_px
    assert bar.words.startswith(f"{shown_mm:g} mm")
    window.run.begin(UNCALIBRATED)
    bar.refresh(window.run.image, UNCALIBRATED)
    assert not bar.isVisible()  # nothing to measure before the first image
    window.run.show_view(window._attempt.tick(0.1))
    assert "not calibrated" in bar.words


def test_instructor_sees_all_trainees_and_passes_sessions_on(qtbot, make_window, records, tmp_path):
    line = TrainingSession(
        1, "ben", "2026-03-01T08:00:00+00:00", "case", "0.2.0", "stopped", "", "[1.5]", "truth",
        8, 1.0, 12, 1.5, 0.5, 0.05, 0, 9, 1.1,
    )  # fmt: skip
    records.add([line, replace(line, trainee="cleo", reaction_s=2.0)])
    window = make_window()
    window.open_class()
    assert_key_table(window)
    assert_accessible(window)
    assert_focus_order(window)
    table = window.group.table
    cells = [[table.item(row, column).text() for column in range(9)] for row in range(4)]
    assert [row[0] for row in cells] == ["ben", "cleo", "Class", "Target"]
    assert [row[3] for row in cells] == ["0.50 s", "2.00 s", "1.25 s", "≤ 1.00 s"]
    kept = tmp_path / "all.csv"
    qtbot.keyClick(window, Qt.Key.Key_W)
    dialog = window.group.findChild(QFileDialog)
    dialog.selectFile(str(kept))
    dialog.accept()
    assert "2 sessions written" in window.group.state.text()
    more = kept.read_text().replace("ben", "dora")
    (tmp_path / "more.csv").write_text(more)
    window.group.read(str(tmp_path / "more.csv"))
    assert "1 new session" in window.group.state.text()
    assert [table.item(row, 0).text() for row in range(3)] == ["ben", "cleo", "dora"]
    window.group.read(str(tmp_path / "none.csv"))
    assert "cannot be read" in window.group.state.text()
    (tmp_path / "bad.csv").write_text("a,b\n")
    window.group.read(str(tmp_path / "bad.csv"))
    assert "no table of training sessions" in window.group.state.text()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.page is window.begin


def test_cases_of_a_ct_are_made_by_one_button_and_come_first(
    qtbot, cases, clock, records, tmp_path
):
    asked = []

    def make(ct, vertebrae, levels, on_progress):
        asked.append((ct.name, vertebrae.name, levels))
        on_progress("Simulating the cases", 1, 2)
        return [item(cases, about="CT one")]

    window = TrainingWindow(
        (item(cases),), SessionStore(records), "", clock, choose=True, from_ct=make
    )
    qtbot.addWidget(window)
    window.show()
    window.start()
    qtbot.keyClick(window.choice.rows, Qt.Key.Key_G)
    assert window.page is window.ct
    assert_key_table(window)
    assert_accessible(window)
    assert_focus_order(window)
    qtbot.mouseClick(window.ct.button, Qt.MouseButton.LeftButton)
    assert "Fill in" in window.ct.state.text()
    qtbot.keyClicks(window.ct.ct, str(tmp_path / "ct.nii.gz"))
    qtbot.keyClicks(window.ct.vertebrae, str(tmp_path / "labels.nii.gz"))
    qtbot.mouseClick(window.ct.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.page is window.choice, timeout=20_000)
    assert asked == [("ct.nii.gz", "labels.nii.gz", "L1")]
    assert "CT one" in window.choice.rows.item(0).text()
    assert window.choice.rows.count() == 2


def test_curve_shows_the_class_and_the_target(qtbot, make_window, clock, records):
    window = make_window()
    begun(qtbot, window)
    go_to(window, clock, 3.0)
    line = records.sessions("anna")[0]
    records.add([replace(line, trainee="ben", outcome="stopped", reaction_s=0.7, past_ml=0.2)])
    window.open_curve()
    lines = {
        one.name(): one.value()
        for one in window.curve.plots[0].items()
        if isinstance(one, pg.InfiniteLine)
    }
    assert lines == {"target": 1.0, "class": 0.7}


def test_keys_and_controls_of_every_page(qtbot, make_window, clock):
    window = make_window()
    ready(qtbot, window)
    assert_key_table(window)
    assert_accessible(window)
    begun(qtbot, window)
    assert_key_table(window)
    assert_accessible(window)
    go_to(window, clock, 3.0)
    assert window.page is window.result
    assert_key_table(window)
    assert_accessible(window)
    window.open_curve()
    assert_key_table(window)
    window.open_replay()
    window.replay.tick()
    assert_key_table(window)
    assert_accessible(window)
