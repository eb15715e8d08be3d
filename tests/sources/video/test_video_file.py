"""Video files: what is read of them, what is refused, and how they end."""

from __future__ import annotations

import injection
import numpy as np
import pytest
import video_writing as videos

from leakwatch.config import LiveVideoSettings, Settings
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import IntensityRelationship, TimeSource
from leakwatch.core.protocols import Link
from leakwatch.sources.live_sources import open_live

SCREENS = videos.screens()


def opened(path, options="", settings=None):
    spec = f"video:{path}" + (f"?{options}" if options else "")
    return open_live(spec, settings or Settings())


def read(path, options="", settings=None):
    """All frames, at once: nothing waits."""
    source = opened(path, options, settings)
    source._wait = lambda seconds: False
    try:
        return list(source.frames()), source.status
    finally:
        source.close()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return videos.write(tmp_path_factory.mktemp("video") / "run?1.mkv", SCREENS)


def test_pixels_are_those_of_the_region_and_the_name_is_gone(video):
    frames, status = read(video, videos.SPEC)
    expected = videos.fluoroscopy()
    expected[:, 4:24, 4:80] = 0
    assert np.array_equal(np.stack([frame.pixels for frame in frames]), expected)
    assert [frame.index for frame in frames] == list(range(injection.FRAMES))
    # Matroska counts milliseconds.
    times = [injection.FRAME_S * index for index in range(injection.FRAMES)]
    assert [frame.time_s for frame in frames] == pytest.approx(times, abs=0.001)
    assert (status.link, status.fluoroscopy_on, status.frames_lost) == (Link.OPEN, False, 0)
    assert status.text == "video of run?1.mkv is over"


def test_what_a_video_is_known_to_be(video):
    (first, *rest), _ = read(video, f"{videos.SPEC}&bone=bright")
    told = first.acquisition
    assert (told.columns, told.rows, told.time_source) == (240, 240, TimeSource.VIDEO)
    assert told.pixel_format.relationship is IntensityRelationship.DISP
    assert (told.pixel_format.bits_stored, told.pixel_format.bone_is_bright) == (8, True)
    assert told.masks_px == ((4, 4, 80, 24),)
    assert not first.pixels.flags.writeable
    assert all(frame.acquisition is told for frame in rest)


def test_a_guess_that_could_hide_cement_is_said_all_the_time(video):
    for options, settings, guessed in (
        ("", LiveVideoSettings(), True),
        ("bone=dark", LiveVideoSettings(), False),
        ("", LiveVideoSettings(bone_is_bright=True), False),
    ):
        source = opened(video, options, Settings(live_video=settings))
        assert ("bone assumed to be dark" in source.status.text) is guessed
        bright = next(source.frames()).acquisition.pixel_format.bone_is_bright
        assert bright is bool(settings.bone_is_bright)
        source.close()


@pytest.mark.parametrize(
    ("options", "named"),
    [("", True), ("text=no", False), (videos.SPEC, False), (f"{videos.SPEC}&text=yes", True)],
)
def test_a_screen_that_nobody_looked_at_may_name_the_patient(video, options, named):
    frames, _ = read(video, options)
    assert frames[0].acquisition.burned_in_annotation is named


def test_region_and_masks_of_a_room_are_settings(video):
    room = LiveVideoSettings(region_px=videos.REGION, masks_px=(videos.NAME,))
    of_room, _ = read(video, "", Settings(live_video=room))
    of_spec, _ = read(video, videos.SPEC)
    assert np.array_equal(of_room[3].pixels, of_spec[3].pixels)
    other, _ = read(video, "mask=", Settings(live_video=room))
    assert other[0].acquisition.masks_px == ()


@pytest.mark.parametrize("codec", ["MJPG", "mp4v", "vp09"])
def test_grey_that_was_compressed_is_no_colour(tmp_path, codec):
    kind = "avi" if codec == "MJPG" else "mp4"
    path = videos.write(tmp_path / f"run.{kind}", SCREENS, codec)
    frames, status = read(path, "roi=100,30,340,270")
    assert status.frames_lost == 0
    # Strong compression leaves no difference between two pictures that differ by noise alone.
    assert len(frames) >= injection.FRAMES - injection.FIRST_CEMENT
    last = videos.fluoroscopy()[-1, 60:].astype(int)
    assert np.abs(frames[-1].pixels[60:] - last).mean() < 4


def test_a_picture_in_colour_is_refused_with_its_place_and_the_next_one_is_used(tmp_path):
    pictures = [*SCREENS[:3], videos.coloured(SCREENS[3]), *SCREENS[4:]]
    source = opened(videos.write(tmp_path / "run.mkv", pictures), videos.SPEC)
    source._wait = lambda seconds: False
    indices, said = [], ""
    for frame in source.frames():
        indices.append(frame.index)
        if frame.index == 4:
            said = source.status.text
    source.close()
    assert indices == [0, 1, 2, *range(4, 16)]
    assert source.status.frames_lost == 1
    assert "colour in 3.1% of the image, within 200,118,240,162: fluoroscopy is grey" in said


def test_colour_outside_of_the_region_or_under_a_mask_does_not_count(tmp_path):
    orange = [videos.coloured(videos.coloured(one), (20, 20)) for one in SCREENS[:4]]
    path = videos.write(tmp_path / "run.mkv", orange)
    frames, _ = read(path, "roi=100,30,340,270&mask=198,118,242,162")
    assert len(frames) == 4


def test_a_video_of_colour_only_is_an_error(tmp_path):
    path = videos.write(tmp_path / "run.mkv", [videos.coloured(one) for one in SCREENS[:4]])
    with pytest.raises(SourceEndedEarly, match=r"none of its 4 images can be used: colour"):
        read(path)


def test_pulses_that_are_repeated_count_once(tmp_path):
    repeated = [one for one in SCREENS for _ in range(4)]
    path = videos.write(tmp_path / "run.mkv", repeated, rate_hz=32.0)
    frames, _ = read(path, videos.SPEC)
    assert len(frames) == injection.FRAMES
    assert np.array_equal(frames[5].pixels[30:], videos.fluoroscopy()[5, 30:])
    assert frames[5].time_s == pytest.approx(5 * injection.FRAME_S, abs=0.001)


def test_a_picture_that_is_held_comes_again_now_and_then(tmp_path):
    path = videos.write(tmp_path / "run.mkv", [*SCREENS[:4], *[SCREENS[3]] * 8])
    frames, _ = read(path, videos.SPEC)
    # It stands for a second, and is given every 0.2 s, which is at every second picture.
    assert [round(8 * frame.time_s) for frame in frames[4:]] == [5, 7, 9, 11]
    assert all(frame.pixels is frames[3].pixels for frame in frames[4:])


def test_an_interlaced_video_is_told_and_one_field_is_whole(tmp_path):
    values = videos.fluoroscopy(2)
    torn = []
    for index in range(20):
        now, then = np.roll(values[0], 6 * index, 1), np.roll(values[0], 6 * index + 3, 1)
        picture = now.copy()
        picture[1::2] = then[1::2]
        torn.append(np.repeat(picture[..., None], 3, axis=2))
    path = videos.write(tmp_path / "run.mkv", torn)
    source = opened(path)
    source._wait = lambda seconds: False
    said = [source.status.text for _ in source.frames()]
    source.close()
    assert any("interlaced" in text for text in said)
    whole, status = read(path, "fields=one")
    assert "interlaced" not in status.text
    assert whole[1].pixels.shape == (240, 240)
    # The field's own lines stay what they are, up to the half line by which they are centred.
    error = whole[1].pixels[8:232].astype(int) - np.roll(values[0], 6, 1)[8:232]
    assert np.abs(error).mean() < 4


def test_a_file_without_a_picture_to_be_read(tmp_path):
    for name, content in (
        ("empty.mp4", b""),
        ("text.avi", b"no video at all\n" * 100),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n"),
        ("list.ffconcat", f"ffconcat version 1.0\nfile {tmp_path}/whole.mkv\n".encode()),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match="is not a readable video"):
            opened(tmp_path / name)


def test_a_file_that_is_cut_off_gives_what_is_whole_and_says_so(tmp_path):
    path = videos.write(tmp_path / "run.avi", videos.screens(80), "MJPG", 30.0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    source = opened(path, videos.SPEC)
    source._wait = lambda seconds: False
    frames = []
    with pytest.raises(SourceEndedEarly, match=r"ended early: \d+ of 80 images"):
        frames.extend(source.frames())
    assert source.status.link is Link.LOST
    source.close()


def test_close_ends_the_wait(video):
    source = opened(video)
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []
    assert source._capture.read() is None


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("nowhere.mp4", "there is no such file. Give a video file, or the number of a frame"),
        (".", "is not a file"),
        ("{file}?roi=1,2,3", "roi is '1,2,3'. Give LEFT,TOP,RIGHT,BOTTOM"),
        ("{file}?roi=9,0,9,5", "Right must be larger than left"),
        ("{file}?roi=0,0,70,70;0,0,80,80", "roi is one rectangle"),
        ("{file}?mask=0,0,1,1;x", "mask is 'x'"),
        ("{file}?roi=100,64,452,416&mask=110,70,120,80;0,0,170,40", "0,0,170,40 is outside"),
        ("{file}?bone=white", "Give bone=dark or bright"),
        ("{file}?fields=2", "Give fields=both or one"),
        ("{file}?speed=9", "Give a number from 0.125 to 8"),
        ("{file}?size=100x100", "option 'size' is not known"),
        ("0?speed=2", "option 'speed' is not known"),
        ("0?size=100", "Give COLUMNSxROWS"),
        ("0?fps=fast", "Give a number from 1 to 240"),
        ("0?codec=JPEG2000", "Give four letters"),
    ],
)
def test_options_that_make_no_sense_are_refused(video, rest, said):
    with pytest.raises(SourceError) as error:
        open_live(f"video:{rest.format(file=video)}", Settings())
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [("roi=0,0,401,300", "reaches over the border: correct roi"), ("roi=0,0,63,300", "too small")],
)
def test_a_region_that_does_not_fit(video, options, said):
    with pytest.raises(SourceEndedEarly, match=said):
        read(video, options)
