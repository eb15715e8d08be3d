"""K keeps the displayed image: with a record as files, in a live session and in a replay of it."""

from __future__ import annotations

import json
import time

import injection
import numpy as np
import pydicom
import pytest
from live_room import CASE, SETTINGS, Room
from PIL import Image
from PySide6.QtCore import Qt
from recorded_injection import record_injection

from leakwatch.gui.app import replay_window
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.replay.folded_run import AnalysedRun
from leakwatch.gui.widgets.key_image_keys import RecordFolder
from leakwatch.live.case_setup import Setup
from leakwatch.runner.recorded_case import open_recorded
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("fonts")

FRAMES = list(injection.frames())
PATIENCE_S = 20.0


class Silent:
    problem = ""

    def play(self, alarm): ...

    def stop(self): ...


def until(holds):
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.001)


@pytest.fixture
def worker():
    made = KeyImageWorker(SETTINGS.archive)
    yield made
    made.close(PATIENCE_S)


def said(window):
    window.tick()
    return window.prompt.text()


def test_a_live_image_is_written_beside_the_record(qtbot, worker, tmp_path):
    known = Recording(injection.MARKS, injection.CALIBRATION, SETTINGS, "test")
    sinks = {"frames": FrameRecorder(tmp_path, known), "measurements": Recorder(tmp_path)}
    with Room(sinks, Setup(SETTINGS, CASE)) as room:
        window = LiveWindow(
            room.session,
            "by hand",
            speaker=Silent(),
            recorded=RecordFolder(worker, lambda: tmp_path),
        )
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        qtbot.keyClick(window, Qt.Key.Key_K)
        assert "There is no image yet" in said(window)
        for frame in FRAMES[:8]:
            room.feed(frame)
            window.tick()
        qtbot.keyClick(window, Qt.Key.Key_K)
        until(lambda: worker.status.kept == 1)
        assert "Key image 1 kept with the case" in said(window)
        shown = window._live.grey_of(FRAMES[7])
        room.clock.now_s += 1.0
        window.tick()
        assert "Key images: 1 kept" in window.run_strip.facts.text()
        # It is a reference picture too.
        qtbot.keyClick(window, Qt.Key.Key_E)
        qtbot.keyClick(window, Qt.Key.Key_E)
        window.tick()
        assert window.references.pane.title.text() == "Kept image 1: 00:00.8, frame 8"
        assert np.array_equal(window.references.pane.image.image.image, shown)
    capture = pydicom.dcmread(tmp_path / "key-images" / "key-image-001.sc.dcm")
    assert capture.SourceImageSequence[0].ReferencedFrameNumber == 8
    with Image.open(tmp_path / "key-images" / "key-image-001.png") as png:
        assert png.size == (capture.Columns, capture.Rows)
    events = [json.loads(one) for one in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert any(one.get("text", "").startswith("key image: frame 7, 00:00.8") for one in events)


def test_without_a_record_it_is_a_reference_only_and_says_so(qtbot, worker, tmp_path):
    with Room() as room:
        window = LiveWindow(
            room.session,
            "by hand",
            speaker=Silent(),
            recorded=RecordFolder(worker, lambda: tmp_path),
        )
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.show()
        for frame in FRAMES[:3]:
            room.feed(frame)
            window.tick()
        qtbot.keyClick(window, Qt.Key.Key_K)
        assert "reference picture only (E), since nothing is recorded" in said(window)
        assert worker.status.kept == 0
        assert list(tmp_path.iterdir()) == []


def test_a_replay_of_a_record_adds_to_it(qtbot, worker, tmp_path):
    record_injection(tmp_path)
    folded = AnalysedRun(open_recorded(tmp_path))
    folded.thread.run()
    window = replay_window(folded, worker)
    qtbot.addWidget(window)
    window.show()
    window.replay.playback.seek(5)
    window.tick()
    qtbot.keyClick(window, Qt.Key.Key_K)
    until(lambda: worker.status.kept == 1)
    assert "Key image 1 kept with the case" in said(window)
    capture = pydicom.dcmread(tmp_path / "key-images" / "key-image-001.sc.dcm")
    assert capture.SourceImageSequence[0].ReferencedFrameNumber == 6
    folded.close()
