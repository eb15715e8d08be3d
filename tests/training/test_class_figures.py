"""Figures of a class, and its sessions as CSV from one computer to another."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import TrainingSettings
from leakwatch.core.errors import LibraryError
from leakwatch.training.class_figures import class_figures, figures, trainee_rows
from leakwatch.training.session_import import parse_sessions
from leakwatch.training.training_records import TrainingRecords, TrainingSession, sessions_csv

STOPPED = TrainingSession(
    1, "anna", "2026-03-01T08:00:00+00:00", "case", "0.2.0", "stopped", "", "[1.5]", "truth",
    8, 1.0, 12, 1.5, 0.5, 0.05, 0, 9, 1.1,
)  # fmt: skip
MISSED = replace(STOPPED, outcome="missed", reaction_s=None, past_ml=0.4, false_stops=2)
BROKEN = replace(STOPPED, outcome="broken_off", reaction_s=None, past_ml=None, false_stops=None)


def at(session, trainee, minute, **changes):
    begun = f"2026-03-01T08:{minute:02d}:00+00:00"
    return replace(session, trainee=trainee, begun_at=begun, **changes)


def test_figures_leave_out_what_was_not_scored():
    seen = figures([STOPPED, replace(STOPPED, reaction_s=1.5, past_ml=0.15), MISSED, BROKEN])
    assert (seen.sessions, seen.scored, seen.missed) == (4, 3, 1)
    assert seen.reaction_s == pytest.approx(1.0)
    assert seen.past_ml == pytest.approx(0.15)
    assert seen.false_stops == pytest.approx(2.0 / 3.0)
    assert figures([BROKEN]).reaction_s is None


def test_target_is_told_by_the_last_five_scored_sessions():
    bad = [at(MISSED, "anna", minute) for minute in range(3)]
    good = [at(STOPPED, "anna", 10 + minute) for minute in range(5)]
    few = [at(STOPPED, "Ben", minute) for minute in range(4)]
    slow = [at(STOPPED, "cleo", minute, reaction_s=2.0) for minute in range(5)]
    rows = trainee_rows([*bad, *few, *good, *slow], TrainingSettings())
    assert [(row.trainee, row.on_target) for row in rows] == [
        ("anna", True),
        ("Ben", None),
        ("cleo", False),
    ]
    assert rows[0].all.missed == 3


def test_class_is_everybody_else():
    sessions = [STOPPED, at(STOPPED, "ben", 1, reaction_s=2.0), at(STOPPED, "cleo", 2)]
    assert class_figures(sessions, "anna").reaction_s == pytest.approx(1.25)
    assert class_figures([STOPPED], "anna") is None


def test_csv_of_one_computer_is_read_on_another(tmp_path):
    odd = at(STOPPED, "ben", 1, case_name="=1+1", why="'quoted', \"twice\"\nand a line")
    with TrainingRecords(tmp_path / "one") as one:
        assert one.add([STOPPED, odd, BROKEN]) == 3
        written = sessions_csv(one.sessions())
    with TrainingRecords(tmp_path / "other") as other:
        own = other.begin("dora", "case")
        assert other.add(parse_sessions(written.encode())) == 3
        assert other.add(parse_sessions(written.encode())) == 0  # a second time, nothing is new
        found = [session for session in other.sessions() if session.id != own]
    assert [astuple(session)[1:] for session in found] == [
        astuple(session)[1:] for session in (STOPPED, odd, BROKEN)
    ]


HEAD, LINE = sessions_csv([STOPPED]).splitlines()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "first line"),
        ("a,b\n1,2\n", "first line"),
        (f"{HEAD}\n1,2\n", "line 2"),
        (f"{HEAD}\n{LINE.replace('anna', '=evil')}\n", "line 2"),
        (f"{HEAD}\n{LINE}\n{LINE.replace('stopped', 'won')}\n", "line 3"),
        (f"{HEAD}\n{LINE.replace(',0.5,', ',nan,')}\n", "line 2"),
        (f"{HEAD}\n{LINE.replace('+00:00', '')}\n", "time zone"),
        (f"{HEAD}\n{LINE.replace('[1.5]', '{}')}\n", "list of times"),
    ],
)
def test_wrong_table_is_refused_with_its_line(data, why):
    with pytest.raises(LibraryError, match=why):
        parse_sessions(data.encode())


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_refused(data):
    with pytest.raises(LibraryError):
        parse_sessions(data)
