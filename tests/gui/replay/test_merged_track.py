"""The common timeline of two tracks: every frame once, in order of time, with the worse level."""

from __future__ import annotations

import pytest
from handmade import FRAME_S
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakwatch.core.results import Level
from leakwatch.gui.replay.merged_track import MergedTrack

STALE_S = 0.5


class Levels:
    """A track of given times and levels."""

    def __init__(self, times_s, levels, ended=True, partly=None):
        self.times_s, self._levels, self.ended = list(times_s), list(levels), ended
        self._partly = partly or [False] * len(self._levels)
        self.cleared = [False] * len(self._levels)
        self.completes = [False] * len(self._levels)

    def __len__(self):
        return len(self.times_s)

    def time_s(self, index):
        return self.times_s[index]

    def levels(self):
        return tuple(self._levels)

    def partly(self):
        return tuple(self._partly)

    def acknowledged(self):
        return tuple(self.cleared)

    def watches_all_but_wall(self):
        return tuple(self.completes)


def merged(first, second, offset_s=0.0):
    made = MergedTrack((first, second), offset_s, STALE_S)
    made.update()
    return made


def steady(count, level, start_s=0.0):
    return Levels([start_s + 0.1 * place for place in range(count)], [level] * count)


def test_the_worse_level_of_each_moment():
    first = Levels([0.0, 0.1, 0.2], [Level.CLEAR, Level.WATCH, Level.CLEAR])
    second = Levels([0.0, 0.1, 0.2], [Level.CLEAR, Level.CLEAR, Level.STOP])
    line = merged(first, second, 0.05)
    assert [line.time_s(step) for step in range(6)] == pytest.approx(
        [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]
    )
    assert line.levels() == (
        Level.UNKNOWN,  # the second plane has no frame yet
        Level.CLEAR,
        Level.WATCH,
        Level.WATCH,
        Level.CLEAR,
        Level.STOP,
    )
    assert line.ended


def test_the_timeline_begins_with_the_earlier_plane():
    line = merged(steady(3, Level.CLEAR), steady(3, Level.CLEAR), -1.0)
    assert line.offsets_s == (1.0, 0.0)
    assert line.time_s(0) == 0.0
    assert line.age_s(0, 0.5) is None
    assert line.age_s(1, 0.5) == pytest.approx(0.3, abs=0.01)


def test_a_plane_that_ended_is_unknown_and_its_stop_stays():
    calm = merged(steady(20, Level.CLEAR), steady(3, Level.CLEAR))
    assert (calm.levels()[0], calm.levels()[-1]) == (Level.CLEAR, Level.UNKNOWN)
    assert Level.CLEAR in calm.levels()
    assert merged(steady(20, Level.CLEAR), steady(3, Level.STOP)).levels()[-1] is Level.STOP


def test_partly_is_told_and_does_not_hide_watch():
    partly = Levels([0.0], [Level.UNKNOWN], partly=[True])
    line = merged(Levels([0.0], [Level.CLEAR]), partly)
    assert (line.levels()[-1], line.partly()[-1]) == (Level.UNKNOWN, True)
    line = merged(Levels([0.0], [Level.WATCH]), partly)
    assert (line.levels()[-1], line.partly()[-1]) == (Level.WATCH, False)
    line = merged(Levels([0.0], [Level.UNKNOWN]), partly)
    assert (line.levels()[-1], line.partly()[-1]) == (Level.UNKNOWN, False)


def test_an_ap_plane_that_lacks_only_the_wall_leaves_a_clear_lateral_clear():
    ap = Levels([0.0], [Level.UNKNOWN], partly=[True])
    ap.completes = [True]
    line = merged(Levels([0.0], [Level.CLEAR]), ap)
    assert (line.levels(), line.partly()) == ((Level.CLEAR,), (False,))
    line = merged(Levels([0.0], [Level.UNKNOWN], partly=[True]), ap)
    assert (line.levels(), line.partly()) == ((Level.UNKNOWN,), (True,))


def test_an_acknowledged_stop_of_either_plane_is_no_plain_watch():
    cleared = steady(2, Level.WATCH)
    cleared.cleared = [False, True]
    assert merged(steady(2, Level.CLEAR), cleared).acknowledged() == (False, True)
    assert merged(steady(2, Level.STOP), cleared).acknowledged()[-1] is False


def test_only_what_both_planes_have_is_on_the_timeline():
    behind = steady(2, Level.CLEAR)
    behind.ended = False
    line = merged(steady(10, Level.CLEAR), behind)
    assert (len(line), line.ended) == (2, False)
    behind.ended = True
    line.update()
    assert (len(line), line.ended) == (10, True)


def test_without_a_frame_in_one_plane_the_other_is_there():
    line = merged(steady(3, Level.CLEAR), Levels([], []))
    assert line.levels() == (Level.UNKNOWN,) * 3
    assert line.ended


TRACKS = st.lists(
    st.tuples(st.floats(0.01, 1.0), st.sampled_from(list(Level))), min_size=1, max_size=8
)


@given(TRACKS, TRACKS, st.floats(-3.0, 3.0))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_step_is_calmer_than_the_plane_whose_frame_it_is(one, other, offset_s):
    order = [Level.CLEAR, Level.WATCH, Level.UNKNOWN, Level.STOP]
    tracks = []
    for steps in (one, other):
        times_s, now_s = [], 0.0
        for step_s, _ in steps:
            times_s.append(now_s)
            now_s += step_s
        tracks.append(Levels(times_s, [level for _, level in steps]))
    line = merged(*tracks, offset_s)
    assert len(line) <= len(one) + len(other)
    assert line.ended
    times = [line.time_s(step) for step in range(len(line))]
    assert times == sorted(times)
    for plane, track in enumerate(tracks):
        for frame, level in enumerate(track.levels()):
            step = line.step_of(plane, frame)
            assert order.index(line.levels()[step]) >= order.index(level)


def test_an_acknowledgement_changes_the_timeline(track):
    """Both planes are the same run: STOP comes in its second half."""
    line = merged(track, track)
    stop = line.levels().index(Level.STOP)
    frame = line.step_of(0, track.levels().index(Level.STOP))
    assert stop <= frame
    assert track.acknowledge(len(track) - 1)
    line.forget_levels()
    assert line.levels()[-1] is not Level.STOP
    assert line.acknowledged()[-1] is (line.levels()[-1] is Level.WATCH)
    assert line.time_s(len(line) - 1) == pytest.approx((len(track) - 1) * FRAME_S)
