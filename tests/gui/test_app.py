"""Recording a frame, and opening and closing the window on a run."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from itertools import pairwise

import pytest
from handmade import MARKS
from PIL import Image, ImageColor
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication

from leakwatch.core.errors import CaseError, SinkError, SourceEndedEarly
from leakwatch.core.results import Level
from leakwatch.display import palette
from leakwatch.gui.app import find_key_frame, record, show
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import SIZE, ReplayWindow
from leakwatch.gui.replay.track import FoldThread, Track


def test_record_draws_the_first_stop(tmp_path, make_run, track):
    run = make_run()
    said = record(run, tmp_path / "a.png")
    stop = track.levels().index(Level.STOP)
    assert said.startswith(f"frame {stop} at")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == SIZE
        assert image.convert("RGB").getpixel((2, 2)) == ImageColor.getrgb(palette.STOP.ground)
    assert run.source.closed == 1


def test_record_draws_the_frame_that_is_asked_for(tmp_path, make_run):
    assert (
        record(make_run(), tmp_path / "a.png", 0)
        == f"frame 0 at 0.00 s drawn into {tmp_path}/a.png"
    )
    with Image.open(tmp_path / "a.png") as image:
        assert image.convert("RGB").getpixel((2, 2)) == ImageColor.getrgb(palette.CLEAR.ground)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text on this system")
def test_record_into_a_path_that_is_not_valid_text(tmp_path, make_run):
    path = tmp_path / "M\udcfcller.png"
    record(make_run(), path, 0)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_record_of_a_frame_that_is_not_there(tmp_path, make_run):
    run = make_run(5, SourceEndedEarly("5 of 40 frames came"))
    with pytest.raises(CaseError, match=r"frames 0 to 4, not 99\. 5 of 40 frames came"):
        record(run, tmp_path / "a.png", 99)
    assert not (tmp_path / "a.png").exists()


def test_record_into_a_folder_that_is_not_there(tmp_path, make_run):
    with pytest.raises(SinkError, match="cannot be written"):
        record(make_run(), tmp_path / "absent" / "a.png")


def test_find_key_frame_is_the_last_without_a_stop(settings, fold_of):
    track = Track(settings)
    for snapshot in fold_of(5):
        track.append(snapshot)
    assert find_key_frame(track) == 4


def test_window_shows_the_run_until_it_is_closed(qapp, make_run):
    run, seen = make_run(), []

    def look():
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ReplayWindow))
        seen.append((window.isVisible(), window.replay.playback.playing))
        window.close()

    QTimer.singleShot(200, look)
    show(run)
    assert seen == [(True, True)]
    assert run.source.closed == 1


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_closes_the_window_and_the_source(qapp, make_run):
    before = signal.getsignal(signal.SIGINT)
    run = make_run()
    QTimer.singleShot(200, lambda: signal.raise_signal(signal.SIGINT))
    show(run)
    assert run.source.closed == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_recording_leaves_no_widget_behind(tmp_path, qapp, make_run):
    def widgets():
        gc.collect()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
        return len(qapp.allWidgets())

    record(make_run(5), tmp_path / "a.png")
    before = widgets()
    for _ in range(3):
        record(make_run(5), tmp_path / "a.png")
    assert widgets() == before


def test_slow_source_is_stale_and_the_window_stays_awake(qtbot, qapp, settings, fold_of, fonts):
    go_on, came_s = threading.Event(), []

    def dawdling():
        for snapshot in fold_of(20):
            if snapshot.frame.index == 4:
                assert go_on.wait(20.0)
            yield snapshot

    track = Track(settings)
    thread = FoldThread(dawdling(), track, lambda: None)
    window = ReplayWindow(Replay(track, MARKS, settings, 20), "by hand")
    qtbot.addWidget(window)
    window.show()
    thread.start()
    window.start()
    clock = QTimer(window)
    clock.timeout.connect(lambda: came_s.append(time.monotonic()))
    clock.start(20)
    banner = window.banner
    qtbot.waitUntil(lambda: "No new frame" in "".join(banner.banner.reasons), timeout=10_000)
    assert banner.banner.level is Level.UNKNOWN
    assert max(after - before for before, after in pairwise(came_s)) < 0.5
    go_on.set()
    qtbot.waitUntil(lambda: track.ended, timeout=10_000)
    qtbot.waitUntil(lambda: banner.banner.level is not Level.UNKNOWN, timeout=10_000)
    window.close()
    thread.stop()
