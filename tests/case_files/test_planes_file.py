"""The second plane of a recorded session, and the result of both planes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.case_files.planes_file import (
    PLANES_NAME,
    PlaneSummary,
    find_second_plane,
    worse_plane,
    worse_text,
    write_planes,
)
from leakwatch.core.errors import CaseError
from leakwatch.core.results import Level

WEIGHT = {None: 0, Level.CLEAR: 1, Level.UNKNOWN: 2, Level.WATCH: 3, Level.STOP: 4}
PLANES = st.builds(
    PlaneSummary,
    st.sampled_from(["A", "B"]),
    st.sampled_from([None, *Level]),
    st.none(),
    st.none() | st.floats(0.0, 1e4),
)


@pytest.fixture
def session(tmp_path):
    """A folder whose second plane was recorded."""
    (tmp_path / "plane-b").mkdir()
    (tmp_path / "plane-b" / "session.json").write_text("{}")
    return tmp_path


def test_the_offset_is_read_as_it_was_written(session):
    write_planes(session, -0.67951)
    second = find_second_plane(session)
    assert (second.folder, second.offset_s) == (session / "plane-b", -0.6795)


def test_without_the_file_the_offset_is_unknown(session):
    assert find_second_plane(session).offset_s is None


def test_a_session_of_one_plane_has_no_second(tmp_path):
    write_planes(tmp_path, 1.0)
    assert find_second_plane(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"schema": "leakwatch.planes/2", "second": "plane-b", "offset_s": 0.0}',
        '{"schema": "leakwatch.planes/1", "second": "/etc", "offset_s": 0.0}',
        '{"schema": "leakwatch.planes/1", "second": "plane-b", "offset_s": NaN}',
        '{"schema": "leakwatch.planes/1", "second": "plane-b", "offset_s": 0, "more": 1}',
    ],
)
def test_a_damaged_file_is_named(session, content):
    (session / PLANES_NAME).write_text(content)
    with pytest.raises(CaseError, match=PLANES_NAME):
        find_second_plane(session)


@given(PLANES, PLANES)
def test_the_worse_plane_is_calmer_than_neither(one, other):
    worse = worse_plane((one, other))
    assert worse in (one, other)
    assert WEIGHT[worse.worst] == max(WEIGHT[one.worst], WEIGHT[other.worst])


def test_of_two_stops_the_earlier_is_named():
    planes = [
        PlaneSummary("A lateral", Level.STOP, None, 12.5),
        PlaneSummary("B AP", Level.STOP, None, 7.25),
    ]
    assert worse_text(planes) == "STOP in B AP, first at 7.25 s"
    assert worse_text([PlaneSummary("A", None, None, None)] * 2) == "no frame in either plane"
