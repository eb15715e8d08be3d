"""The three frames after a case are three frames, whatever happened in which of them."""

from __future__ import annotations

from itertools import product

import pytest

from leakwatch.config import TrainingSettings
from leakwatch.core.results import Level
from leakwatch.training.key_frames import key_frames
from leakwatch.training.scoring import (
    CaseCourse,
    DueStop,
    Instant,
    MonitorSample,
    TruthSource,
    course_of,
    score,
)

TIMES_S = tuple(0.125 * frame for frame in range(32))
FRAMES = (None, 0, 12, 13, 31)


def course(due, leakwatch, times_s=TIMES_S):
    at = None if due is None else Instant(due, times_s[due])
    stop = None if leakwatch is None else Instant(leakwatch, times_s[leakwatch])
    from_s = None if at is None else max(at.time_s - 0.3, 0.0)
    known = DueStop(TruthSource.TRUTH, at, from_s)
    return CaseCourse(times_s, (0.0,) * len(times_s), TruthSource.TRUTH, known, stop)


@pytest.mark.parametrize(("due", "own", "leakwatch"), list(product(FRAMES, repeat=3)))
def test_no_frame_is_shown_twice(due, own, leakwatch):
    one = course(due, leakwatch)
    presses = [] if own is None else [TIMES_S[own]]
    shown = key_frames(one, score(one, presses, TrainingSettings()))
    frames = [line.frame for line in shown if line.frame is not None]
    assert len(shown) == 3
    assert len(set(frames)) == len(frames)
    assert frames == sorted(frames)  # time runs to the right, as on the timeline below them
    # Nothing that happened is left out.
    assert {frame for frame in (due, own, leakwatch) if frame is not None} <= set(frames)


def test_without_a_truth_the_due_stop_is_that_of_leakwatch_and_told_once():
    seen = [MonitorSample(at, Level.STOP if at >= 2.0 else Level.CLEAR, 1.0) for at in TIMES_S]
    one = course_of(seen, None, TrainingSettings())
    shown = key_frames(one, score(one, [2.5], TrainingSettings()))
    assert [line.frame for line in shown] == [8, 16, 20]
    assert shown[0].title == "1 s before STOP was due"
    assert shown[1].title == "STOP due and LeakWatch's STOP"
    assert shown[2].title == "Your STOP"


@pytest.mark.parametrize(
    ("due", "own", "leakwatch", "title"),
    [
        (12, 12, 12, "STOP due, your STOP and LeakWatch's STOP"),
        (12, 12, 13, "STOP due and your STOP"),
        (12, 13, 12, "STOP due and LeakWatch's STOP"),
        (12, 13, 13, "Your STOP and LeakWatch's STOP"),
        (31, 0, 0, "Your first false STOP and LeakWatch's STOP"),
    ],
)
def test_what_happens_in_one_frame_is_told_in_one_sentence(due, own, leakwatch, title):
    one = course(due, leakwatch)
    shown = key_frames(one, score(one, [TIMES_S[own]], TrainingSettings()))
    assert title in [line.title for line in shown]


@pytest.mark.parametrize("count", [1, 2])
def test_case_of_too_few_frames_shows_those_that_it_has(count):
    one = course(0, 0, TIMES_S[:count])
    shown = key_frames(one, score(one, [0.0], TrainingSettings()))
    assert [line.frame for line in shown] == [0, 1, None][:count] + [None] * (3 - count)
