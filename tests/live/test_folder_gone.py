"""A folder that goes while it is recorded into: told with the next frame, and the alarm goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import injection
import pytest
from handmade import make_snapshot
from live_room import Room

from leakwatch.config import Settings
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Level
from leakwatch.live.report_lines import status_line
from leakwatch.sinks.recording import file_safety
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import FRAMES_NAME, Recorder

FEW = list(injection.frames())
CALM = 5
RECORDING = Recording(injection.MARKS, injection.CALIBRATION, Settings(), "test")
posix = pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")


def removed(folder, monkeypatch):
    shutil.rmtree(folder)


def moved(folder, monkeypatch):
    folder.rename(folder.with_name("elsewhere"))


def other(folder, monkeypatch):
    """As where a disk was unmounted, and its mount point is there with an earlier session."""
    folder.rename(folder.with_name("elsewhere"))
    shutil.copytree(folder.with_name("elsewhere"), folder)


def linked(folder, monkeypatch):
    for path in folder.iterdir():
        path.rename(folder.parent / path.name)
        path.symlink_to(folder.parent / path.name)


def read_only(folder, monkeypatch):
    """Not by its mode: tests may run as a user whom no mode keeps out."""
    real = os.access
    monkeypatch.setattr(
        file_safety.os, "access", lambda path, mode: path != folder and real(path, mode)
    )


WAYS = {
    removed: "it or its disk was removed",
    moved: "it or its disk was removed",
    other: "another file is in its place",
    linked: "another file is in its place",
    read_only: "its folder became read-only",
}


@posix
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_folder_that_goes_is_told_with_the_next_frame(way, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    sinks = {"measurements": Recorder(folder), "frames": FrameRecorder(folder, RECORDING)}
    with Room(sinks) as room:
        levels = room.run(FEW[:CALM])
        room.until(lambda _: not room.session._outputs.waiting)
        way(folder, monkeypatch)
        room.feed(FEW[CALM])
        status = room.until(lambda status: all(one.failure for one in status.recordings))
        for one in status.recordings:
            assert WAYS[way] in one.failure
            assert "record into another one" in one.failure
        said = status_line(status, room.shown())
        assert "NOT RECORDED any longer: measurements, frames" in said
        levels += room.run(FEW[CALM + 1 :])
        assert len(room.until(lambda status: len(status.notices) == 2).notices) == 2
        assert (levels[CALM - 1], levels[-1]) == (Level.CLEAR, Level.STOP)
        assert room.shown().level is Level.STOP


@posix
def test_a_session_is_not_ended_in_a_folder_that_is_another_one(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    recorder = FrameRecorder(folder, RECORDING)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(SinkError, match="cannot be written any more"):
        recorder.close()
    assert list(folder.iterdir()) == []


@posix
def test_two_processes_do_not_write_the_same_lines(tmp_path):
    first = Recorder(tmp_path)
    first.append(make_snapshot(0))
    before = (tmp_path / FRAMES_NAME).read_bytes()
    script = (
        "import sys; from pathlib import Path\n"
        "from leakwatch.core.errors import SinkError\n"
        "from leakwatch.sinks.recording.recorder import Recorder\n"
        "try: Recorder(Path(sys.argv[1]))\n"
        "except SinkError as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "is being written by another process" in said.stdout
    assert (tmp_path / FRAMES_NAME).read_bytes() == before != b""
    first.close()
    Recorder(tmp_path).close()


@posix
@pytest.mark.parametrize("name", [FRAMES_NAME, "recording.jsonl", "fluoroscopy-001.dcm"])
def test_nothing_is_recorded_through_a_link(name, tmp_path):
    target, folder = tmp_path / "of somebody", tmp_path / "out"
    target.write_bytes(b"kept")
    folder.mkdir()
    (folder / name).symlink_to(target)
    with pytest.raises(SinkError, match=r"it is a symbolic link|File exists"):
        recorded(folder)
    assert target.read_bytes() == b"kept"


def recorded(folder):
    lines = Recorder(folder)
    try:
        frames = FrameRecorder(folder, RECORDING)
        try:
            for snapshot in map(make_snapshot, range(3)):
                lines.append(snapshot)
                frames.append(snapshot)
        finally:
            frames.close()
    finally:
        lines.close()
