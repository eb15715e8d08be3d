"""Frames that are decoded ahead: the same, in order, and never more than a few of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from handmade import make_frame

from leakwatch.core.errors import SourceEndedEarly
from leakwatch.core.frame import Frame
from leakwatch.sources.stored.read_ahead import FRAMES_AHEAD, read_ahead


def test_frames_come_in_order_and_are_the_same() -> None:
    frames = [make_frame(index) for index in range(3 * FRAMES_AHEAD)]
    assert [id(frame) for frame in read_ahead(iter(frames))] == [id(frame) for frame in frames]


@pytest.mark.parametrize("count", [0, 1, FRAMES_AHEAD, FRAMES_AHEAD + 1])
def test_short_runs_are_whole(count: int) -> None:
    assert len(list(read_ahead(make_frame(index) for index in range(count)))) == count


def test_error_comes_behind_the_frames_that_were_whole() -> None:
    def broken() -> Iterator[Frame]:
        yield make_frame(0)
        yield make_frame(1)
        raise SourceEndedEarly("2 of 3 frames are complete")

    ahead = read_ahead(broken())
    assert [next(ahead).index, next(ahead).index] == [0, 1]
    with pytest.raises(SourceEndedEarly, match="2 of 3"):
        next(ahead)


def test_no_more_than_a_few_are_decoded_before_they_are_asked_for() -> None:
    decoded: list[int] = []

    def counted() -> Iterator[Frame]:
        for index in range(100):
            decoded.append(index)
            yield make_frame(index)

    ahead = read_ahead(counted())
    asked = [next(ahead).index for _ in range(5)]
    ahead.close()  # waits for what is being decoded
    assert asked == list(range(5))
    assert len(decoded) <= 5 + FRAMES_AHEAD


def test_decoding_is_on_one_thread_that_ends_with_it() -> None:
    names: list[str] = []

    def named() -> Iterator[Frame]:
        for index in range(6):
            names.append(threading.current_thread().name)
            yield make_frame(index)

    ahead = read_ahead(named())
    next(ahead)
    ahead.close()
    assert len(set(names)) == 1
    assert names[0] != threading.current_thread().name
    assert names[0] not in {thread.name for thread in threading.enumerate()}
