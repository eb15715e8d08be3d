"""What is remembered: never more than a window holds, whatever the clock does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.recent_values import MAX_FRAMES_PER_S, keep_last, max_frames_in


@given(st.lists(st.floats(-10.0, 86400.0), max_size=50), st.floats(0.0, 10.0))
def test_all_of_the_window_and_nothing_else(steps_s: list[float], window_s: float) -> None:
    kept: tuple[tuple[float, float], ...] = ()
    time_s = 0.0
    for step_s in steps_s:
        time_s += step_s
        kept = (*keep_last(kept, time_s, window_s), (time_s, 1.0))
        assert all(0.0 <= time_s - at_s <= window_s for at_s, _ in kept)


def test_a_clock_that_stands_still_leaves_no_more_than_a_window_can_hold() -> None:
    kept: tuple[tuple[float, float], ...] = ()
    for count in range(2 * MAX_FRAMES_PER_S):
        kept = (*keep_last(kept, 5.0, 1.0), (5.0, float(count)))
        assert len(kept) == min(count + 1, max_frames_in(1.0))
    assert kept[-1] == (5.0, 2.0 * MAX_FRAMES_PER_S - 1.0)
    assert keep_last(kept, 5.5, 0.0) == ()
