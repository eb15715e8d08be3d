"""The newest frames wait for the fold, and nobody waits for it."""

from __future__ import annotations

import injection
import pytest

from leakwatch.live.inbox import Arrival, Inbox
from leakwatch.live.latency_ledger import RENEW_FRAMES, Ledger

FEW = [Arrival(frame, float(at), at + 0.5) for at, frame in enumerate(injection.frames(6))]


def indexes(inbox):
    found = []
    while (arrival := inbox.take(0.0).arrival) is not None:
        found.append(arrival.frame.index)
    return found


@pytest.mark.parametrize(("capacity", "kept"), [(1, [5]), (3, [3, 4, 5]), (6, [0, 1, 2, 3, 4, 5])])
def test_the_newest_wins_and_the_others_are_counted(capacity, kept):
    inbox = Inbox(capacity)
    for arrival in FEW:
        inbox.put(arrival)
    assert inbox.dropped == 6 - capacity
    assert inbox.counts[0] == 5.0
    assert indexes(inbox) == kept


def test_a_smaller_capacity_holds_from_the_next_frame_on():
    inbox = Inbox(6)
    for arrival in FEW[:5]:
        inbox.put(arrival)
    inbox.capacity = 2
    inbox.put(FEW[5])
    assert (indexes(inbox), inbox.dropped) == ([4, 5], 4)


@pytest.mark.parametrize(
    ("share", "kept"), [(0.5, [5]), (1.0, [5]), (2.5, [4, 5]), (9.0, [2, 3, 4, 5])]
)
def test_large_frames_wait_in_smaller_numbers(share, kept):
    """The newest waits, however large it is."""
    inbox = Inbox(4, round(share * FEW[0].frame.pixels.nbytes))
    for arrival in FEW:
        inbox.put(arrival)
    assert inbox.dropped == 6 - len(kept)
    assert indexes(inbox) == kept


def test_actions_are_kept_and_an_end_comes_after_the_frames():
    inbox = Inbox(1)
    inbox.put(FEW[0])
    inbox.end()
    inbox.post("a")
    inbox.post("b")
    first, second = inbox.take(0.0), inbox.take(0.0)
    assert (first.arrival, first.actions, first.ended) == (FEW[0], ("a", "b"), False)
    assert (second.arrival, second.actions, second.ended) == (None, (), True)
    inbox.close()
    assert inbox.take(0.0).closed


def test_nothing_is_nothing():
    delivery = Inbox(1).take(0.0)
    assert (delivery.arrival, delivery.ended, delivery.closed) == (None, False, False)


def test_latency_is_that_of_the_last_frames():
    ledger = Ledger(10)
    assert ledger.latency().decided is None
    for at in range(100):
        arrival = Arrival(FEW[0].frame, at, at + 0.001)
        ledger.decided(arrival, at + (1.0 if at < 90 else 0.001 * (at - 89)))
    latency = ledger.latency(exact=True)
    assert latency.decoded.p99_ms == pytest.approx(1.0)
    assert latency.decided.frames == 10
    # 1, 2 ... 10 ms: the median lies between 5 and 6.
    assert latency.decided.p50_ms == pytest.approx(5.5)
    assert latency.decided.p95_ms == pytest.approx(9.55)
    assert latency.drawn is None
    ledger.drawn(7.0, 7.02)
    assert ledger.latency(exact=True).drawn.p50_ms == pytest.approx(20.0)


def test_latency_is_taken_again_when_enough_is_new():
    ledger = Ledger(100)
    for at in range(2 * RENEW_FRAMES):
        ledger.decided(FEW[0], 0.5 + at)
        assert ledger.latency().decided.frames > at - RENEW_FRAMES
