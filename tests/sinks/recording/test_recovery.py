"""Sessions that broke off: processes that are really killed, and what a power cut leaves."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from handmade import CALIBRATION, MARKS, make_frame, make_snapshot
from typer.testing import CliRunner

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.case_files.session_file import CASE_NAME, load_session
from leakwatch.cli.program import app
from leakwatch.config import Settings
from leakwatch.core.errors import SinkError, SourceError
from leakwatch.sinks.recording import recovery
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recovery import recover
from leakwatch.sources.stored.opening import open_source

TESTS = Path(__file__).resolve().parents[2]
KILLS = 6
RECORDING = Recording(MARKS, CALIBRATION, Settings(), "test")


def check_session(folder: Path, least: int) -> int:
    """A whole session: read by LeakWatch and by pydicom, each pixel as it was. Number of frames."""
    session = load_session(folder / "session.json")
    assert session.state in ("complete", "recovered")
    if session.frames == 0:
        assert least == 0
        assert session.parts == ()
        return 0
    source = open_source(folder)
    for index, frame in enumerate(source.frames()):
        expected = make_frame(index)
        assert (frame.index, frame.time_s) == (index, expected.time_s)
        assert np.array_equal(frame.pixels, expected.pixels)
    assert index + 1 == session.frames >= least
    stacks = []
    for name in session.parts:
        dataset = pydicom.dcmread(folder / name)
        pixels = dataset.pixel_array
        stacks.append(pixels if dataset.NumberOfFrames > 1 else pixels[None])
    made = np.stack([make_frame(index).pixels for index in range(session.frames)])
    assert np.array_equal(np.concatenate(stacks), made)
    read_frames(folder / "frames.jsonl")
    read_events(folder / "events.jsonl")
    alone = len(session.parts) == 1
    assert load_case(folder / CASE_NAME).dicom_path == (session.parts[0] if alone else ".")
    assert sorted(path.name for path in folder.glob("*.dcm")) == sorted(session.parts)
    return session.frames


def test_nothing_that_was_recorded_is_lost_when_the_process_is_killed(tmp_path):
    script = str(TESTS / "support" / "endless_recording.py")
    environment = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS / 'support'}"}
    moments = random.Random(4)
    validator = shutil.which("dciodvfy")
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, script, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline()]
            time.sleep(moments.uniform(0.0, 0.15))
            process.send_signal(signal.SIGKILL)
            told += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
        last_session, last_frame = map(int, told[-1].split())
        sessions = sorted(folder.iterdir())
        for place in sessions:
            if not (place / "session.json").exists():
                assert place == sessions[-1]  # killed before it began
                continue
            recover(place)
            least = last_frame + 1 if int(place.name) == last_session else 0
            least = 17 if int(place.name) < last_session else least
            check_session(place, least)
            for name in place.glob("*.dcm") if validator and place == sessions[-1] else ():
                said = subprocess.run([validator, name], capture_output=True, text=True, check=True)
                assert (said.stdout + said.stderr).split() == ["XAImage"]


def broken_off(folder: Path, frames: int = 7) -> None:
    """A session whose process ended: nothing is closed, and its lock is gone."""
    recorder = FrameRecorder(folder, RECORDING)
    for index in range(frames):
        recorder.append(make_snapshot(index))
    part = recorder._part
    assert part is not None
    part.file.close(None)
    recorder._lines.close()


def test_a_session_that_broke_off_is_refused_until_it_is_recovered(tmp_path):
    broken_off(tmp_path)
    (tmp_path / ".session.json.new").write_bytes(b"{")
    with pytest.raises(SourceError, match="leakwatch recover"):
        open_source(tmp_path)
    done = recover(tmp_path)
    assert not list(tmp_path.glob(".*"))
    assert (done.frames, done.parts, done.lost, done.was_complete) == (7, 1, 0, False)
    assert load_session(tmp_path / "session.json").reason == recovery.BROKE_OFF
    again = recover(tmp_path)
    assert again.was_complete


def test_what_a_power_cut_left_of_pixels_and_lines(tmp_path):
    """The file system kept the length of the files, and zeros for what was on its way."""
    broken_off(tmp_path)
    part = tmp_path / "fluoroscopy-001.dcm"
    size = part.stat().st_size
    os.truncate(part, size - 4000)
    os.truncate(part, size)
    with (tmp_path / "recording.jsonl").open("ab") as file:
        file.write(b"\0" * 50 + b"\n")
    done = recover(tmp_path)
    assert (done.frames, done.lost) == (6, 1)
    (tmp_path / "frames.jsonl").touch()
    (tmp_path / "events.jsonl").touch()
    assert check_session(tmp_path, 6) == 6


def test_a_power_cut_left_nothing_of_the_copy_of_the_head(tmp_path):
    broken_off(tmp_path)
    (tmp_path / "fluoroscopy-001.head").write_bytes(b"")
    assert recover(tmp_path).frames == 7
    (tmp_path / "frames.jsonl").touch()
    (tmp_path / "events.jsonl").touch()
    assert check_session(tmp_path, 7) == 7


def test_a_head_that_was_half_overwritten_is_made_from_its_copy(tmp_path):
    broken_off(tmp_path)
    with (tmp_path / "fluoroscopy-001.dcm").open("r+b") as file:
        file.seek(200)
        file.write(os.urandom(5000))
    recover(tmp_path)
    (tmp_path / "frames.jsonl").touch()
    (tmp_path / "events.jsonl").touch()
    assert check_session(tmp_path, 7) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="no locks of this kind")
def test_a_session_that_is_recorded_now_is_left_alone(tmp_path):
    recorder = FrameRecorder(tmp_path, RECORDING)
    recorder.append(make_snapshot(0))
    with pytest.raises(SinkError, match="is being recorded now"):
        recover(tmp_path)
    recorder.append(make_snapshot(1))
    recorder.close()
    assert load_session(tmp_path / "session.json").frames == 2


def test_any_other_folder_is_refused(tmp_path):
    with pytest.raises(SinkError, match="not a recorded session"):
        recover(tmp_path)


def test_nothing_came_before_the_end(tmp_path):
    recorder = FrameRecorder(tmp_path, RECORDING)
    recorder._lines.close()
    assert recover(tmp_path).frames == 0
    with pytest.raises(SourceError, match="no frame was recorded"):
        open_source(tmp_path)


def test_the_command_says_what_became_of_the_session(tmp_path):
    broken_off(tmp_path)
    said = CliRunner().invoke(app, ["recover", str(tmp_path)])
    assert said.exit_code == 0
    assert "kept 7 frames in 1 file" in said.stdout
    assert "Nothing was changed" in CliRunner().invoke(app, ["recover", str(tmp_path)]).stdout
    refused = CliRunner().invoke(app, ["recover", str(tmp_path / "elsewhere")])
    assert refused.exit_code == 2
    assert "not a recorded session" in refused.stderr
