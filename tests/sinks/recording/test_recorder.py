"""frames.jsonl and events.jsonl, whole lines whatever happens."""

from __future__ import annotations

import errno
import io
import json
from dataclasses import replace

import pytest
from handmade import make_alert, make_snapshot

from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.core.errors import SinkError
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.sinks.recording import line_file
from leakwatch.sinks.recording.recorder import EVENTS_NAME, FRAMES_NAME, IDENTITY_KEPT, Recorder

STOP_EVENT = Event(1, 0.125, EventKind.ALERT, Level.STOP, Reason.POSTERIOR_MARGIN, 4.5, 0.4)


def snapshot_with_event():
    alert = replace(make_alert(Level.STOP, Reason.POSTERIOR_MARGIN), events=(STOP_EVENT,))
    return make_snapshot(1, alert)


def test_every_frame_and_event_is_readable_before_the_run_ends(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.append(make_snapshot(0))
    recorder.append(snapshot_with_event())
    frames, events = read_frames(tmp_path / FRAMES_NAME), read_events(tmp_path / EVENTS_NAME)
    recorder.close()
    assert [(frame.frame, frame.level) for frame in frames] == [(0, Level.CLEAR), (1, Level.STOP)]
    assert events == (STOP_EVENT,)


def test_that_a_person_chose_to_keep_text_is_the_first_event_of_its_first_frame(tmp_path):
    recorder = Recorder(tmp_path, keeps_identity=True)
    recorder.append(snapshot_with_event())
    recorder.append(make_snapshot(2))
    recorder.close()
    chosen = Event(1, 0.125, EventKind.ANNOTATION, text=IDENTITY_KEPT)
    assert read_events(tmp_path / EVENTS_NAME) == (chosen, STOP_EVENT)


def test_files_of_an_earlier_run_are_replaced_and_others_left_alone(tmp_path):
    (tmp_path / FRAMES_NAME).write_text("old\n" * 100)
    (tmp_path / "notes.txt").write_text("mine")
    recorder = Recorder(tmp_path)
    recorder.append(make_snapshot(0))
    recorder.close()
    assert len(read_frames(tmp_path / FRAMES_NAME)) == 1
    assert (tmp_path / EVENTS_NAME).read_bytes() == b""
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", [FRAMES_NAME, EVENTS_NAME])
def test_name_in_the_way_is_a_clear_error(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(SinkError, match=rf"{name} cannot be written: Is a directory"):
        Recorder(tmp_path)


class FullDisk(io.FileIO):
    """A file on a disk with room for `room` bytes, which are written before the error comes."""

    room = 0

    def write(self, data):
        fits = min(len(data), max(self.room - self.tell(), 0))
        if fits == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(bytes(data[:fits]))


def test_full_disk_leaves_whole_lines_and_says_so(tmp_path, monkeypatch):
    line = len(_one_line(tmp_path))
    monkeypatch.setattr(FullDisk, "room", line * 2 + line // 2)
    monkeypatch.setattr(line_file, "FileIO", FullDisk)
    recorder = Recorder(tmp_path)
    recorder.append(make_snapshot(0))
    recorder.append(make_snapshot(0))
    with pytest.raises(SinkError, match=r"frames\.jsonl cannot be written: No space left"):
        recorder.append(make_snapshot(0))
    recorder.close()
    monkeypatch.undo()
    lines = (tmp_path / FRAMES_NAME).read_text().splitlines(keepends=True)
    assert len(lines) == 2
    assert all(json.loads(line)["frame"] == 0 and line.endswith("\n") for line in lines)


def _one_line(folder):
    recorder = Recorder(folder)
    recorder.append(make_snapshot(0))
    recorder.close()
    return (folder / FRAMES_NAME).read_bytes()
