"""Nothing in the fold grows with time, size or number without a bound, and no stage fails.

What a frame costs is counted in bytes that it takes, arrays of OpenCV included, and not by a clock.
"""

from __future__ import annotations

from functools import lru_cache

import pytest
from bounded_fold import Cost, fold, marks_for, pictures, scale_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.results import Level, Reason, Snapshot

SIDE, STEP_S, MB = 192, 0.133, 1 << 20
DAY_S = 86_400.0
# Cement comes in the fifth picture, grows, and leaps to the wall in the last three.
RADII_MM = (0.0, 0.0, 0.0, 0.0, 2.0, 3.0, 4.0, 5.0, 13.0, 13.0, 13.0)
# Once, when the cement-free picture stands, a body is looked for in a fixed number of places.
SEARCH = 64 * MB
# Of the working grid, which is square at most: 28 pictures of float32 at once.
PER_PX = 28 * 4

sides = st.one_of(st.integers(64, 130), st.integers(600, 830), st.sampled_from([1023, 4095]))
scales = st.one_of(st.none(), st.sampled_from([0.02, 2.0]), st.floats(0.02, 2.0))


@lru_cache(maxsize=1)
def shown() -> list:
    return pictures(SIDE, SIDE, RADII_MM)


def folded(steps_s: list[float]) -> tuple[list[Snapshot], Cost]:
    times_s = [0.0]
    for step_s in steps_s:
        times_s.append(times_s[-1] + step_s)
    return fold(shown(), times_s, marks_for(SIDE, SIDE), scale_of(SIDE, SIDE))


@lru_cache(maxsize=1)
def steady() -> tuple[list[Snapshot], Cost]:
    return folded([STEP_S] * (len(RADII_MM) - 1))


def broken(told: list[Snapshot]) -> list[tuple[int, list[str]]]:
    return [
        (one.frame.index, [event.text for event in one.alert.events])
        for one in told
        if Reason.STAGE_ERROR in one.observation.unavailable
    ]


pauses = st.dictionaries(
    st.integers(0, len(RADII_MM) - 2), st.floats(0.0, DAY_S), min_size=1, max_size=3
)


@settings(max_examples=8, deadline=None)
@given(pauses)
@example({7: 300.0})
@example({7: 1800.0})
@example({7: DAY_S, 8: DAY_S})
def test_a_pause_costs_nothing_and_what_came_in_it_is_found(pauses_s: dict[int, float]) -> None:
    told, cost = folded([pauses_s.get(at, STEP_S) for at in range(len(RADII_MM) - 1)])
    without, usual = steady()
    assert not broken(told)
    assert cost.peak <= 1.1 * usual.peak + MB
    assert cost.kept <= 1.1 * usual.kept + MB
    # The leap to the wall is a STOP in the frame that shows it, or the one after.
    assert without[9].alert.level is Level.STOP
    assert told[7].alert.level is not Level.STOP
    assert told[9].alert.level is Level.STOP


@settings(max_examples=10, deadline=None)
@given(sides, sides, scales)
@example(64, 64, None)
@example(640, 640, None)
@example(768, 768, None)
@example(799, 631, 0.02)
@example(352, 353, 2.0)
@example(4096, 4096, None)
@example(4096, 4096, 2.0)
@example(4096, 64, 0.5)
@example(64, 4096, None)
def test_frames_of_any_size_and_scale_are_folded(
    rows: int, columns: int, mm_per_px: float | None
) -> None:
    radii_mm = (0.0, 0.0, 0.0, 0.0, 3.0, 9.0, 9.0)
    times_s = [STEP_S * index for index in range(len(radii_mm))]
    frames = pictures(rows, columns, radii_mm)
    told, cost = fold(frames, times_s, marks_for(rows, columns), scale_of(rows, columns, mm_per_px))
    assert not broken(told)
    grid = WorkingGrid.for_frame(rows, columns, 448)
    assert cost.peak <= SEARCH + PER_PX * max(grid.rows, grid.columns) ** 2
    assert cost.kept <= MB + frames[0].nbytes + PER_PX * grid.rows * grid.columns


@pytest.mark.parametrize("size", [(640, 640), (700, 700), (768, 768)])
def test_a_cannula_is_followed_in_the_sizes_whose_profile_was_too_long(
    size: tuple[int, int],
) -> None:
    frames = pictures(*size, (*[0.0] * 4, 3.0, 5.0, 13.0, 13.0))
    times_s = [STEP_S * index for index in range(len(frames))]
    told, _ = fold(frames, times_s, marks_for(*size), scale_of(*size))
    assert not broken(told)
    assert told[-1].alert.level is Level.STOP


@settings(max_examples=2, deadline=None)
@given(st.lists(st.sampled_from([0.0, -5.0, STEP_S, 1.0, DAY_S]), min_size=60, max_size=60))
@example([0.0] * 60)
@example([-STEP_S] * 60)
def test_nothing_grows_with_the_number_of_frames(steps_s: list[float]) -> None:
    few, usual = steady()
    told, cost = folded(steps_s)
    assert len(told) > 5 * len(few)
    assert not broken(told)
    assert cost.peak <= 1.1 * usual.peak + MB
    assert cost.kept <= 1.1 * usual.kept + MB
    # Lengths, distances and breaths of the last moments, each of which has a bound.
    assert cost.items <= usual.items + 1500


def test_fifteen_hundred_frames_leave_no_more_than_three_hundred() -> None:
    frames = pictures(64, 65, RADII_MM)
    costs = [
        fold(frames, [STEP_S * at for at in range(count)], marks_for(64, 65), scale_of(64, 65))[1]
        for count in (300, 1500)
    ]
    # A block of noise is full in one and half full in the other.
    assert costs[1].kept <= 1.1 * costs[0].kept
    assert costs[1].items <= costs[0].items + 20
    assert costs[1].peak <= 1.1 * costs[0].peak + MB
