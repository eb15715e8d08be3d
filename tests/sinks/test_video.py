"""overlay.mp4: plays, can be sought in, keeps time, and is never left half written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from handmade import FRAME_S, MARKS, make_snapshot

from leakwatch.config import Settings
from leakwatch.errors import SinkError
from leakwatch.present import picture
from leakwatch.sinks import encoder
from leakwatch.sinks.encoder import SEGMENT_FRAMES, Vp9Encoder
from leakwatch.sinks.video import FALLBACK_RATE_HZ, VIDEO_NAME, OverlayVideo, frame_rate_hz

SIZE = (96, 64)


def numbered(index):
    """A picture whose brightness tells its number."""
    return np.full((SIZE[1], SIZE[0], 3), 20 + 8 * index, np.uint8)


def encode(path, times_s, rate_hz=10.0):
    video = Vp9Encoder(path, SIZE, rate_hz)
    for index, time_s in enumerate(times_s):
        video.append(numbered(index), time_s)
    video.close()


def frames_of(path):
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while True:
        found, frame = reader.read()
        if not found:
            break
        frames.append(frame)
    reader.release()
    return frames


def brightness(frames):
    return [round((float(frame.mean()) - 20) / 8) for frame in frames]


def test_segments_join_to_one_video_in_order(tmp_path):
    path = tmp_path / "a.mp4"
    count = 2 * SEGMENT_FRAMES + 5
    encode(path, [0.1 * index for index in range(count)])
    assert brightness(frames_of(path)) == list(range(count))
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_video_can_be_sought_in(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.1 * index for index in range(2 * SEGMENT_FRAMES + 5)])
    data = path.read_bytes()
    at = data.index(b"stss")
    count = int.from_bytes(data[at + 8 : at + 12])
    key_frames = [
        int.from_bytes(data[at + 12 + 4 * place : at + 16 + 4 * place]) for place in range(count)
    ]
    assert key_frames == [1, 1 + SEGMENT_FRAMES, 1 + 2 * SEGMENT_FRAMES]
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    for wanted in (20, 3, 27):
        reader.set(cv2.CAP_PROP_POS_FRAMES, wanted)
        assert brightness([reader.read()[1]]) == [wanted]
    reader.release()


def test_codec_is_vp9_in_mp4(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 0.1])
    data = path.read_bytes()
    assert data[4:8] == b"ftyp"
    assert data[data.index(b"stsd") + 16 :][:4] == b"vp09"


def test_pause_of_the_source_repeats_the_last_picture(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 0.1, 0.5, 0.6])
    assert brightness(frames_of(path)) == [0, 1, 1, 1, 1, 2, 3]


def test_long_pause_is_cut(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 3600.0, 3600.1])
    assert brightness(frames_of(path)) == [0] * 21 + [1, 2]


def test_full_disk_leaves_no_video(tmp_path, monkeypatch):
    class Full:
        """Takes pictures and loses them, as FFmpeg does when the disk is full."""

        fourcc = cv2.VideoWriter.fourcc

        def __init__(self, path, *options):
            Path(path).write_bytes(b"")

        def isOpened(self):
            return True

        def write(self, image):
            return None

        def release(self):
            return None

    monkeypatch.setattr(encoder.cv2, "VideoWriter", Full)
    with pytest.raises(SinkError, match="not whole: 0 of 3 frames"):
        encode(tmp_path / "a.mp4", [0.0, 0.1, 0.2])
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_to(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"):
        Vp9Encoder(tmp_path / "absent" / "a.mp4", SIZE, 10.0)


@pytest.mark.parametrize(
    ("times_s", "rate_hz"),
    [
        ([0.0, 0.125, 0.25], 8.0),
        ([0.0, 0.1, 0.2, 5.0], 10.0),
        ([0.0], FALLBACK_RATE_HZ),
        ([0.0, 0.0, 0.0], FALLBACK_RATE_HZ),
        ([0.0, 1e-4], 60.0),
    ],
)
def test_frame_rate(times_s, rate_hz):
    assert frame_rate_hz(times_s) == pytest.approx(rate_hz)


def test_overlay_of_a_run_has_every_frame(tmp_path):
    sink = OverlayVideo(tmp_path, MARKS, Settings())
    for index in range(11):
        sink.append(make_snapshot(index))
    sink.close()
    frames = frames_of(tmp_path / VIDEO_NAME)
    assert len(frames) == 11
    reader = cv2.VideoCapture(str(tmp_path / VIDEO_NAME), cv2.CAP_FFMPEG)
    assert reader.get(cv2.CAP_PROP_FPS) == pytest.approx(1.0 / FRAME_S)
    reader.release()


def test_run_shorter_than_the_preview_is_drawn_too(tmp_path):
    sink = OverlayVideo(tmp_path, MARKS, Settings())
    sink.append(make_snapshot(0))
    sink.close()
    assert len(frames_of(tmp_path / VIDEO_NAME)) == 1


def test_run_without_frames_leaves_no_video_of_an_earlier_run(tmp_path):
    (tmp_path / VIDEO_NAME).write_bytes(b"old")
    sink = OverlayVideo(tmp_path, MARKS, Settings())
    with pytest.raises(SinkError, match="no frame"):
        sink.close()
    assert not (tmp_path / VIDEO_NAME).exists()


def test_new_cement_of_the_last_second_is_drawn_into_the_video(tmp_path, monkeypatch):
    before = []

    def noted(snapshot, marks, settings, then=None):
        before.append(None if then is None else then.frame)
        return picture(snapshot, marks, settings, then)

    monkeypatch.setattr("leakwatch.sinks.video.picture", noted)
    video = OverlayVideo(tmp_path, MARKS, Settings())
    for index in range(12):
        video.append(make_snapshot(index))
    video.close()
    a_second = round(1.0 / FRAME_S)
    assert before == [None] * a_second + list(range(12 - a_second))
