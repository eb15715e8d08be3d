"""Frame grabbers: none is there, one that is pulled out, hangs, or shows something else.

What a driver does is played by a stand-in for `Capture`; what cv2 says of a device that is none is
asked of cv2 itself.
"""

from __future__ import annotations

import threading
import time
from queue import Queue

import injection
import numpy as np
import pytest
import video_writing as videos
from live_watching import PATIENCE_S, watching

from leakwatch.config import LiveVideoSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import TimeSource
from leakwatch.core.marks import CaseFile
from leakwatch.core.protocols import Link
from leakwatch.core.results import Level
from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import DisplayState, displayed_status
from leakwatch.sources.live_sources import open_live
from leakwatch.sources.video.video_options import read_options
from leakwatch.sources.video.video_source import VideoDevice

QUICK = LiveVideoSettings(silent_s=0.3, retry_s=0.02)
SCREENS = videos.screens()
GONE, MISSING = object(), object()  # pulled out; a picture that cannot be had


class Grabber:
    """Gives what is fed, `GONE` for nothing; hangs where nothing is fed."""

    def __init__(self):
        self.fed: Queue = Queue()
        self.closed = threading.Event()
        self.pulled_out = False

    def read(self):
        if self.pulled_out:
            return None
        picture = self.fed.get()
        self.pulled_out = picture is GONE
        return None if picture is GONE or picture is MISSING else picture

    def close(self):
        self.closed.set()


class Socket:
    """Where a grabber may be plugged in, or not."""

    def __init__(self, *grabbers):
        self.grabbers = list(grabbers)

    def __call__(self):
        if not self.grabbers or self.grabbers[0] is None:
            del self.grabbers[:1]
            raise SourceError("video:0: there is no such device.")
        return self.grabbers.pop(0)


def device(*grabbers, options=videos.SPEC, settings=QUICK):
    return VideoDevice(read_options(f"0?{options}", settings), settings, 5.0, Socket(*grabbers))


def feed_slowly(watched, grabber, pictures):
    """One after another: pictures that come faster than they are looked at are left out."""
    for picture in pictures:
        before = len(watched.got)
        grabber.fed.put(picture)
        watched.frames(before + 1)


@pytest.mark.parametrize("number", ["77", "/dev/video77", "/dev/v4l/by-id/usb-none"])
def test_a_device_that_is_not_there(number):
    with pytest.raises(SourceError, match=f"video:{number}: there is no such device") as error:
        open_live(f"video:{number}", Settings())
    assert "plug the frame grabber in" in str(error.value) or "There are:" in str(error.value)


def test_a_device_that_is_no_frame_grabber():
    with pytest.raises(SourceError, match="cannot be opened as a frame grabber"):
        open_live("video:/dev/null", Settings())


def test_pictures_come_with_the_time_of_their_arrival():
    grabber = Grabber()
    with watching(device(grabber)) as watched:
        before_s = time.monotonic()
        feed_slowly(watched, grabber, SCREENS[:3])
        frames = watched.frames(3)
        assert [frame.index for frame in frames] == [0, 1, 2]
        assert before_s <= frames[0].received_s <= frames[2].received_s <= time.monotonic()
        for frame in frames:
            assert frame.time_s == pytest.approx(frame.received_s - frames[0].received_s)
        assert frames[0].acquisition.time_source is TimeSource.ARRIVAL
        assert (watched.status.link, watched.status.fluoroscopy_on) == (Link.OPEN, None)
        expected = videos.fluoroscopy()[2]
        expected[4:24, 4:80] = 0
        assert np.array_equal(frames[2].pixels, expected)
        grabber.fed.put(GONE)
    assert grabber.closed.is_set()


def test_a_device_that_is_pulled_out_and_plugged_in_again():
    first, second = Grabber(), Grabber()
    with watching(device(first, None, second)) as watched:
        feed_slowly(watched, first, SCREENS[:2])
        first.fed.put(GONE)
        watched.said("no such device. It is looked for every 0.02 s")
        assert watched.status.link is Link.LOST
        assert first.closed.is_set()
        feed_slowly(watched, second, SCREENS[2:4])
        frames = watched.frames(4)
        assert watched.status.link is Link.OPEN
        assert frames[3].acquisition is frames[0].acquisition
        assert frames[3].time_s > frames[1].time_s
        second.fed.put(GONE)


def test_a_damaged_picture_is_no_device_that_is_gone():
    grabber = Grabber()
    with watching(device(grabber)) as watched:
        feed_slowly(watched, grabber, SCREENS[:1])
        grabber.fed.put(MISSING)
        grabber.fed.put(MISSING)
        feed_slowly(watched, grabber, SCREENS[1:2])
        assert not grabber.closed.is_set()
        grabber.fed.put(GONE)


def test_a_device_that_hangs_is_told_and_holds_nobody_up():
    grabber = Grabber()
    source = device(grabber)
    with watching(source) as watched:
        feed_slowly(watched, grabber, SCREENS[:1])
        watched.said("has sent no image for")
        assert watched.status.link is Link.LOST
        begun_s = time.monotonic()
        source.close()
        assert watched.ends()
        assert time.monotonic() - begun_s < PATIENCE_S / 2
    grabber.fed.put(GONE)


def test_a_blue_screen_is_no_fluoroscopy_and_the_next_picture_is():
    grabber = Grabber()
    blue = np.zeros((videos.ROWS, videos.COLUMNS, 3), np.uint8)
    blue[..., 0] = 200
    with watching(device(grabber)) as watched:
        feed_slowly(watched, grabber, SCREENS[:1])
        grabber.fed.put(blue)
        watched.said("colour in")
        assert watched.status.link is Link.LOST
        feed_slowly(watched, grabber, SCREENS[1:2])
        frames = watched.frames(2)
        assert [frame.index for frame in frames] == [0, 2]
        assert watched.status.frames_lost == 1
        grabber.fed.put(GONE)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((300, 400), np.uint16),
        np.zeros((30, 40, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros(7, np.uint8),
    ],
    ids=["16 bits", "small", "empty", "a line"],
)
def test_what_is_no_picture_is_told(picture):
    grabber = Grabber()
    with watching(device(grabber, options="text=no")) as watched:
        grabber.fed.put(picture)
        watched.until(lambda: watched.status.link is Link.LOST, "told")
        feed_slowly(watched, grabber, SCREENS[:1])
        grabber.fed.put(GONE)


def test_another_size_is_another_acquisition():
    grabber = Grabber()
    with watching(device(grabber, options="text=no")) as watched:
        feed_slowly(watched, grabber, [SCREENS[0], SCREENS[1][:-20, :-40]])
        first, second = watched.frames(2)
        assert (second.acquisition.rows, second.acquisition.columns) == (280, 360)
        assert first.acquisition.rows == 300
        grabber.fed.put(GONE)


def test_pictures_of_one_channel_are_taken_as_they_are():
    grabber = Grabber()
    with watching(device(grabber, options="text=no")) as watched:
        feed_slowly(watched, grabber, [SCREENS[0][..., 0].copy()])
        assert np.array_equal(watched.frames(1)[0].pixels, SCREENS[0][..., 0])
        grabber.fed.put(GONE)


class Watched:
    """A session over a stand-in grabber, on the true clock."""

    def __init__(self):
        self.grabber = Grabber()
        marks = injection.MARKS
        case = CaseFile("", marks, injection.MM_PER_PX, 0.005)
        self.settings = Settings(live_video=QUICK)
        self.session = LiveSession(device(self.grabber, None), Setup(self.settings, case))
        self.session.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.grabber.fed.put(GONE)
        self.session.close()

    def shown(self):
        return displayed_status(self.session.status, self.session.now_s, self.settings)

    def feed(self, picture):
        before = self.session.status.frames
        self.grabber.fed.put(picture)
        self.until(lambda: self.session.status.frames > before)

    def until(self, holds):
        end_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end_s, self.session.status
            time.sleep(0.002)


@pytest.fixture
def clear():
    with Watched() as room:
        for picture in SCREENS[:5]:
            room.feed(picture)
        room.until(lambda: room.session.status.decision.snapshot.alert.level is Level.CLEAR)
        yield room


def test_last_level_of_a_device_that_is_pulled_out(clear):
    clear.grabber.fed.put(GONE)
    clear.until(lambda: clear.shown().state is DisplayState.LOST)
    time.sleep(0.1)
    assert clear.shown().level is Level.UNKNOWN


def test_last_level_of_a_device_that_hangs(clear):
    clear.until(lambda: "has sent no image" in clear.session.status.link.text)
    assert (clear.shown().level, clear.shown().state) == (Level.UNKNOWN, DisplayState.LOST)


def test_last_level_of_colour(clear):
    clear.grabber.fed.put(videos.coloured(SCREENS[5]))
    clear.until(lambda: clear.shown().level is Level.UNKNOWN)
    assert "colour" in clear.shown().banner.reasons[0]


def test_last_level_of_a_picture_that_is_held_through_a_link_with_noise(clear):
    rng = np.random.default_rng(1)
    held = SCREENS[4]
    end_s = time.monotonic() + PATIENCE_S
    while clear.shown().state is not DisplayState.FROZEN:
        assert time.monotonic() < end_s, clear.session.status
        noise = rng.random((*held.shape[:2], 1)) < 0.05
        clear.grabber.fed.put(np.where(noise, np.minimum(held, 254) + 1, held).astype(np.uint8))
        time.sleep(0.03)
    assert clear.shown().level is Level.UNKNOWN


def test_last_level_of_a_leak(clear):
    for picture in SCREENS[5:]:
        clear.feed(picture)
    assert clear.shown().level is Level.STOP
