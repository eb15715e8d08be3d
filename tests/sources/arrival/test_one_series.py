"""One of several series is followed: examples, and every order of two of them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from leakwatch.sources.arrival.one_series import Choice, OneSeries

QUIET_S = 1.0


@dataclass(frozen=True)
class Object:
    series: str
    received_s: float


def offered(one: OneSeries[Object], series: str, at_s: float) -> Choice[Object]:
    return one.offer(Object(series, at_s), at_s)


def test_another_series_waits_until_the_first_is_quiet():
    one: OneSeries[Object] = OneSeries(QUIET_S)
    assert len(offered(one, "a", 10.0).shown) == 1
    assert offered(one, "b", 10.4) == Choice()
    assert one.release_idle(10.9) == Choice()
    assert one.release_idle(11.1) == Choice((Object("b", 10.4),))
    assert offered(one, "a", 11.2) == Choice()


def test_what_waits_is_refused_when_the_first_goes_on():
    one: OneSeries[Object] = OneSeries(QUIET_S)
    offered(one, "a", 10.0)
    offered(one, "b", 10.1)
    assert offered(one, "a", 10.9).refused == ()
    assert offered(one, "a", 11.2).refused == (Object("b", 10.1),)


def test_a_series_after_a_pause_is_followed_at_once():
    one: OneSeries[Object] = OneSeries(QUIET_S)
    offered(one, "a", 10.0)
    assert len(offered(one, "b", 20.0).shown) == 1


def test_what_was_held_up_on_its_way_still_came_at_the_same_time():
    one: OneSeries[Object] = OneSeries(QUIET_S)
    one.offer(Object("a", 10.0), 15.0)
    assert one.offer(Object("b", 10.1), 15.0) == Choice()
    assert one.release_idle(15.5) == Choice()
    assert len(one.release_idle(16.1).shown) == 1


def test_memory_is_bounded():
    one: OneSeries[Object] = OneSeries(1e6)
    offered(one, "a", 0.0)
    refused = sum(len(offered(one, "b", 0.001 * at).refused) for at in range(1000))
    assert 900 < refused < 1000


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 3.0)), max_size=60))
def test_nothing_is_mixed_and_nothing_vanishes(steps):
    one: OneSeries[Object] = OneSeries(QUIET_S)
    now_s, shown, refused = 100.0, [], []
    for series, step_s in steps:
        choice = one.release_idle(now_s + 0.9 * step_s)
        shown, refused = shown + list(choice.shown), refused + list(choice.refused)
        now_s += step_s
        choice = offered(one, series, now_s)
        shown, refused = shown + list(choice.shown), refused + list(choice.refused)
    for _ in range(3):  # what waits for two others comes after them
        now_s += 2 * QUIET_S
        shown += one.release_idle(now_s).shown
    assert len(shown) + len(refused) == len(steps)
    for series in "abc":
        times = [item.received_s for item in shown if item.series == series]
        assert times == sorted(times)
