"""overlay.mp4: plays, can be sought in, keeps time, and is never left half written."""

from __future__ import annotations

import resource
import signal

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from handmade import FRAME_S, MARKS, make_snapshot

from leakwatch.config import Settings
from leakwatch.core.errors import SinkError
from leakwatch.display.picture import make_overlay
from leakwatch.sinks.overlay import encoder
from leakwatch.sinks.overlay.encoder import KEY_FRAME_EVERY, VideoEncoder, unfinished
from leakwatch.sinks.overlay.overlay_video import (
    FALLBACK_RATE_HZ,
    VIDEO_NAME,
    OverlayVideo,
    frame_rate_hz,
)

SIZE = (96, 64)


def numbered(index):
    """A picture whose brightness tells its number."""
    return np.full((SIZE[1], SIZE[0], 3), min(20 + 8 * index, 255), np.uint8)


def encode(path, times_s, rate_hz=10.0, noise=None):
    video = VideoEncoder(path, SIZE, rate_hz)
    for index, time_s in enumerate(times_s):
        image = numbered(index)
        if noise is not None:
            image = noise.integers(0, 255, image.shape, dtype=np.uint8)
        video.append(image, time_s)
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


def test_every_picture_is_there_in_order_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.1 * index for index in range(29)])
    assert brightness(frames_of(path)) == list(range(29))
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_video_can_be_sought_in(tmp_path):
    path = tmp_path / "a.mp4"
    video = VideoEncoder(path, SIZE, 10.0)
    for index in range(2 * KEY_FRAME_EVERY + 5):
        video.append(np.full((SIZE[1], SIZE[0], 3), 20 + 3 * index, np.uint8), 0.1 * index)
    video.close()
    with av.open(str(path)) as container:
        packets = [one for one in container.demux(video=0) if one.dts is not None]
    keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == [0, KEY_FRAME_EVERY, 2 * KEY_FRAME_EVERY]
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    for wanted in (40, 3, 62):
        reader.set(cv2.CAP_PROP_POS_FRAMES, wanted)
        assert float(reader.read()[1].mean()) == pytest.approx(20 + 3 * wanted, abs=1.4)
    reader.release()


def test_every_player_opens_it(tmp_path):
    """H.264 in its plainest profile, half of the colours' resolution, the head in front."""
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 0.1])
    data = path.read_bytes()
    assert data[4:8] == b"ftyp"
    assert data.index(b"moov") < data.index(b"mdat")
    assert data[data.index(b"stsd") + 16 :][:4] == b"avc1"
    with av.open(str(path)) as container:
        coding = container.streams.video[0].codec_context
        assert (coding.name, coding.profile, coding.pix_fmt) == (
            "h264", "Constrained Baseline", "yuv420p",
        )  # fmt: skip


@pytest.mark.parametrize("colour", [(213, 18, 30), (255, 196, 0), (53, 214, 255), (242, 245, 248)])
def test_colours_are_those_that_were_drawn(tmp_path, colour):
    """Players that are not told the matrix guess it by the size, and red becomes another red."""
    path = tmp_path / "a.mp4"
    video = VideoEncoder(path, SIZE, 10.0)
    video.append(np.full((SIZE[1], SIZE[0], 3), colour, np.uint8), 0.0)
    video.close()
    with av.open(str(path)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(shown.astype(int) - colour).max() <= 3


def test_planes_are_those_that_ffmpeg_makes():
    """Of a picture that changes along both sides, so that no plane can be turned or swapped."""
    down, right = np.mgrid[:64, :96]
    red, green, blue = 40 + 2 * right, 30 + 3 * down, 250 - right - down
    image = np.dstack([red, green, blue]).astype(np.uint8)
    told = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    made = encoder.planes(image)
    assert np.abs(made.astype(int) - told.to_ndarray()).max() <= 2


def test_nobody_else_on_the_machine_may_read_the_pictures(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 0.1])
    assert path.stat().st_mode & 0o077 == 0


def test_video_has_another_name_until_it_is_whole(tmp_path):
    path = tmp_path / "overlay.mp4"
    video = VideoEncoder(path, SIZE, 10.0)
    video.append(numbered(0), 0.0)
    assert not path.exists()
    assert unfinished(path).exists()
    video.close()
    assert [file.name for file in tmp_path.iterdir()] == ["overlay.mp4"]


def test_pause_of_the_source_repeats_the_last_picture(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 0.1, 0.5, 0.6])
    assert brightness(frames_of(path)) == [0, 1, 1, 1, 1, 2, 3]


def test_long_pause_is_cut(tmp_path):
    path = tmp_path / "a.mp4"
    encode(path, [0.0, 3600.0, 3600.1])
    assert brightness(frames_of(path)) == [0] * 21 + [1, 2]


@pytest.mark.parametrize(("count", "room"), [(200, 4096), (1, 256)], ids=["append", "close"])
def test_full_disk_leaves_no_video(tmp_path, count, room):
    """A limit of the process stands for the disk."""
    rng = np.random.default_rng(0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(SinkError, match=r"a\.mp4 cannot be written: File too large"):
            encode(tmp_path / "a.mp4", [0.1 * index for index in range(count)], noise=rng)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert list(tmp_path.iterdir()) == []


def test_what_follows_a_full_disk_is_refused_and_does_not_end_the_process(tmp_path):
    """FFmpeg writes into a container that is closed through a null pointer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    rng = np.random.default_rng(0)
    video = VideoEncoder(tmp_path / "a.mp4", SIZE, 10.0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    told = []
    try:
        for index in range(200):
            image = rng.integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)
            try:
                video.append(image, 0.1 * index)
            except SinkError as error:
                told.append(str(error))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert len(told) > 10
    assert len(set(told)) == 1
    with pytest.raises(SinkError, match="File too large"):
        video.close()
    assert list(tmp_path.iterdir()) == []


def test_ffmpeg_without_h264_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder, "_ENCODERS", (("absent264", {}),))
    with pytest.raises(SinkError, match=r"no H\.264 encoder\. Install PyAV"):
        VideoEncoder(tmp_path / "a.mp4", SIZE, 10.0)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_to(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"):
        VideoEncoder(tmp_path / "absent" / "a.mp4", SIZE, 10.0)


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
        return make_overlay(snapshot, marks, settings, then)

    monkeypatch.setattr("leakwatch.sinks.overlay.overlay_video.make_overlay", noted)
    video = OverlayVideo(tmp_path, MARKS, Settings())
    for index in range(12):
        video.append(make_snapshot(index))
    video.close()
    a_second = round(1.0 / FRAME_S)
    assert before == [None] * a_second + list(range(12 - a_second))
