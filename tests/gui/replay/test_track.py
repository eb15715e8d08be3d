"""What the fold found, kept for scrubbing; acknowledgements; bounded pixels; the fold's thread."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from handmade import make_frame

import leakwatch.gui.replay.track
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.results import EventKind, Level
from leakwatch.display.grey_mapping import grey_mapping
from leakwatch.gui.replay.track import (
    GREY_FRAMES,
    REREAD_FRAMES,
    FoldThread,
    FramesAgain,
    PixelStore,
    Track,
)


def first_stop(track):
    return track.levels().index(Level.STOP)


def test_decisions_are_those_of_the_fold(track, fold_of):
    folded = list(fold_of(40))
    assert [track.alert(index) for index in range(40)] == [snap.alert for snap in folded]
    assert Level.STOP in track.levels()


def test_grey_and_snapshot_are_of_one_frame(track):
    greys = grey_mapping([make_frame(index) for index in range(GREY_FRAMES)])
    assert np.array_equal(track.grey(7), greys.apply(make_frame(7).pixels))
    assert track.snapshot(7).frame.index == 7


def test_pixels_beyond_the_budget_are_not_kept(settings, fold_of, monkeypatch):
    """Neither the pixels nor a view of them, which would keep the whole of them."""
    kept = 3
    monkeypatch.setattr(
        leakwatch.gui.replay.track, "PIXEL_BUDGET_BYTES", kept * make_frame(0).pixels.nbytes
    )
    track, alive = Track(settings, FramesAgain(Again())), []
    for snapshot in fold_of(GREY_FRAMES + 20):
        # Slots of a frozen frame take no weak reference; the array that holds the bytes does.
        alive.append(weakref.ref(snapshot.frame.pixels.base))
        track.append(snapshot)
    track.finish()
    del snapshot
    gc.collect()
    assert sum(reference() is not None for reference in alive) == kept
    assert track.grey(GREY_FRAMES + 10).shape == make_frame(0).pixels.shape
    track.close()


def test_acknowledging_changes_that_frame_and_those_after_it(track):
    stop = first_stop(track)
    before = track.levels()
    assert track.acknowledge(stop + 1)
    after = track.levels()
    assert after[: stop + 1] == before[: stop + 1]
    assert after[stop + 1] is Level.WATCH
    kinds = [event.kind for event in track.alert(stop + 1).events]
    assert EventKind.ACKNOWLEDGE in kinds
    assert Level.STOP in after[stop + 2 :], "cement that comes nearer raises STOP again"


def test_acknowledging_ahead_of_the_fold_holds_for_frames_to_come(settings, fold_of):
    track = Track(settings)
    snapshots = fold_of(60, step_px=0.7)
    while Level.STOP not in track.levels():
        track.append(next(snapshots))
    stop = first_stop(track)
    track.acknowledge(stop)
    track.append(next(snapshots))
    assert track.levels()[stop:] == (Level.WATCH, Level.WATCH)


def test_nothing_to_acknowledge_changes_nothing(track):
    before = track.levels()
    assert not track.acknowledge(0)
    assert track.levels() == before


class Again:
    """A sequence that counts how often it was opened and closed, and tells what was read."""

    number_of_frames = REREAD_FRAMES + 10

    def __init__(self):
        self.opened, self.read, self.closed = 0, [], 0

    def __call__(self):
        self.opened += 1
        return self

    def frames(self, first=0):
        for index in range(first, self.number_of_frames):
            self.read.append(index)
            yield make_frame(index)

    def close(self):
        self.closed += 1


def test_pixels_beyond_the_budget_are_read_again():
    source = Again()
    store = PixelStore(FramesAgain(source), budget_bytes=2 * make_frame(0).pixels.nbytes)
    for index in range(source.number_of_frames):
        store.append(make_frame(index).pixels)
    for index in (0, 1):
        assert np.array_equal(store.pixels(index), make_frame(index).pixels)
    assert source.opened == 0
    for index in (30, 31, 4, 5, 3, 31, 2):
        assert np.array_equal(store.pixels(index), make_frame(index).pixels)
    assert (source.opened, source.read) == (1, [30, 31, 4, 5, 3, 2])
    store.close()
    assert source.closed == 1


def test_few_frames_are_kept_of_those_that_are_read_again():
    source = Again()
    again = FramesAgain(source)
    for index in range(REREAD_FRAMES + 1):
        again.pixels(index)
    again.pixels(1)
    assert source.read == list(range(REREAD_FRAMES + 1))
    again.pixels(0)
    assert source.read[-1] == 0
    again.close()
    again.close()
    assert (source.opened, source.closed) == (1, 1)


def test_frame_that_is_not_there_any_more():
    with pytest.raises(SourceError, match="frame 99 cannot be read again"):
        FramesAgain(Again()).pixels(99)


def test_all_pixels_are_kept_where_they_cannot_be_read_again():
    store = PixelStore(None, budget_bytes=0)
    store.append(make_frame(0).pixels)
    assert np.array_equal(store.pixels(0), make_frame(0).pixels)


def test_thread_fills_the_track_and_closes_the_source(settings, fold_of):
    track, closed = Track(settings), []
    thread = FoldThread(fold_of(12), track, lambda: closed.append(True))
    thread.start()
    thread.join()
    assert (len(track), track.ended, track.failure, closed) == (12, True, None, [True])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SourceEndedEarly("5 of 12 frames came"), "5 of 12 frames came"),
        (RuntimeError("oh"), "Analysis failed: RuntimeError: oh"),
    ],
)
def test_thread_that_fails_says_so_and_keeps_what_came(settings, fold_of, error, words):
    def failing():
        yield from fold_of(5)
        raise error

    track, closed = Track(settings), []
    thread = FoldThread(failing(), track, lambda: closed.append(True))
    thread.start()
    thread.join()
    assert (len(track), track.ended, track.failure, closed) == (5, True, words, [True])


def test_thread_can_be_stopped(settings, fold_of):
    track, go_on = Track(settings), threading.Event()

    def endless():
        snapshots = fold_of(10**6, step_px=0.0)
        for snapshot in snapshots:
            yield snapshot
            go_on.set()

    thread = FoldThread(endless(), track, lambda: None)
    thread.start()
    assert go_on.wait(5.0)
    thread.stop()
    assert not thread.is_alive()
    assert track.ended
