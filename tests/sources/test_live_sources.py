"""Specifications of live sources, and a stored file that arrives at its own timing."""

from __future__ import annotations

from dataclasses import replace

import injection
import pytest

from leakwatch.config import Settings
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.protocols import Link
from leakwatch.sources.live_sources import SOURCE_TYPES, SourceType, open_live
from leakwatch.sources.stored.replayed_file import ReplayedFile


class Clock:
    """Time that passes only when somebody waits; `closes_at` closes the source then."""

    def __init__(self, now_s: float = 100.0, closes_at: float = float("inf")) -> None:
        self.now_s, self.closes_at = now_s, closes_at
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now_s += seconds
        return self.now_s >= self.closes_at


class Stored:
    """Frames from a list, and then perhaps an error."""

    def __init__(self, frames, error=None):
        self.stored, self.error, self.closed = list(frames), error, False
        self.number_of_frames = len(self.stored)

    def frames(self, first=0):
        yield from self.stored[first:]
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed = True


def replayed(stored, clock, speed=1.0):
    return ReplayedFile(stored, "a.dcm", speed, clock, clock.wait)


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.25])
def test_frames_come_at_their_own_times(speed):
    clock = Clock()
    source = replayed(Stored(injection.frames(4)), clock, speed)
    assert source.status.link is Link.WAITING
    frames = list(source.frames())
    step_s = injection.FRAME_S / speed
    assert [frame.received_s for frame in frames] == pytest.approx(
        [100.0 + step_s * index for index in range(4)]
    )
    assert [frame.time_s for frame in frames] == [injection.FRAME_S * at for at in range(4)]
    assert source.status.speed == speed


def test_a_slow_reader_gets_late_frames_at_once():
    clock = Clock()
    source = replayed(Stored(injection.frames(4)), clock)
    frames = source.frames()
    next(frames)
    clock.now_s += 10.0
    rest = list(frames)
    assert clock.waits == []
    assert {frame.received_s for frame in rest} == {110.0}


def test_a_pause_in_the_file_is_the_pedal():
    first, second = injection.frames(2)
    clock, seen = Clock(), []
    source = replayed(Stored([first, replace(second, time_s=3.0)]), clock)

    def wait(seconds):
        seen.append((seconds, source.status.fluoroscopy_on))
        return False

    source._wait = wait
    frames = source.frames()
    next(frames)
    assert source.status.fluoroscopy_on is True
    next(frames)
    assert seen == [(3.0, False)]
    assert source.status.fluoroscopy_on is True


def test_close_ends_the_wait_and_the_file():
    clock, stored = Clock(closes_at=100.2), Stored(injection.frames(4))
    source = replayed(stored, clock)
    assert len(list(source.frames())) == 2  # those due at 100.0 and 100.125
    source.close()
    assert stored.closed
    assert list(source.frames()) == []


def test_an_end_and_a_fault_are_told_apart():
    source = replayed(Stored(injection.frames(2)), Clock())
    list(source.frames())
    assert (source.status.link, source.status.fluoroscopy_on) == (Link.OPEN, False)
    assert "is over" in source.status.text

    broken = replayed(Stored(injection.frames(2), SourceEndedEarly("ended early")), Clock())
    with pytest.raises(SourceEndedEarly):
        list(broken.frames())
    assert (broken.status.link, broken.status.text) == (Link.LOST, "ended early")


def test_a_real_file_by_its_specification(tmp_path):
    path = tmp_path / "run?1.dcm"
    injection.write_dicom(path)
    source = open_live(f"replay:{path}?speed=8", Settings())
    try:
        assert source.number_of_frames == injection.FRAMES
        assert source.status.text == "replay of run?1.dcm at 8 times its speed"
        assert next(source.frames()).received_s is not None
    finally:
        source.close()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("carrier-pigeon:7", "unknown source type. Write one of: replay:FILE"),
        ("replay", "unknown source type"),
        ("replay:", "source address missing. Write replay:FILE"),
        ("replay:nowhere.dcm", "there is no such file"),
        ("replay:{file}?speed=0", "speed is '0'. Give a number from 0.125 to 8"),
        ("replay:{file}?speed=fast", "speed is 'fast'"),
        ("replay:{file}?speed=nan", "speed is 'nan'"),
        ("{file}", "For this file write replay:"),
    ],
)
def test_a_specification_that_says_nothing_is_refused(spec, said, tmp_path):
    file = tmp_path / "a.dcm"
    injection.write_dicom(file)
    with pytest.raises(SourceError) as error:
        open_live(spec.format(file=file), Settings())
    assert said in str(error.value)


def test_a_missing_extra_is_named(monkeypatch):
    def needs(rest, settings):
        raise ModuleNotFoundError("No module named 'x'", name="x")

    monkeypatch.setitem(SOURCE_TYPES, "far", SourceType("far:X", "far away", needs, "net"))
    with pytest.raises(SourceError, match=r"requires x, .*leakwatch-fluoro\[net\]"):
        open_live("far:away", Settings())
