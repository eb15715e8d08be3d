"""The curve of a trainee: which sessions stand in it, and how."""

from __future__ import annotations

from leakwatch.training.learning_curve import curve, curve_figure, curve_title
from leakwatch.training.training_records import TrainingSession


def session(number, outcome="stopped", reaction_s=None, past_ml=None, false=0, by="truth"):
    return TrainingSession(
        id=number,
        trainee="anna",
        begun_at="2026-01-01T00:00:00+00:00",
        case_name=f"case {number}",
        version="1",
        outcome=outcome,
        why="",
        presses_s="[]",
        due_by=by,
        due_frame=None,
        due_s=None,
        stop_frame=None,
        stop_s=None,
        reaction_s=reaction_s,
        past_ml=past_ml,
        false_stops=false,
        leakwatch_frame=None,
        leakwatch_s=None,
    )


SESSIONS = (
    session(3, reaction_s=2.0, past_ml=0.4, false=2),
    session(5, "broken_off"),
    session(6, "missed", past_ml=1.1),
    session(8, "begun"),
    session(9, "not_due", false=1),
    session(12, reaction_s=0.6, past_ml=0.1, by="leakwatch"),
)


def test_scored_sessions_are_numbered_from_one_and_others_left_out():
    points = curve(SESSIONS)
    assert [point.number for point in points] == [1, 2, 3, 4]
    assert [point.case_name for point in points] == ["case 3", "case 6", "case 9", "case 12"]
    assert [point.reaction_s for point in points] == [2.0, None, None, 0.6]
    assert [point.false_stops for point in points] == [2, 0, 1, 0]
    assert [point.missed for point in points] == [False, True, False, False]
    assert [point.by_leakwatch for point in points] == [False, False, False, True]
    assert curve_title(SESSIONS, points) == "anna: 4 scored sessions; 2 not scored"


def test_the_figure_has_every_known_value_where_it_belongs():
    reaction, past, false = curve_figure(SESSIONS).axes
    assert reaction.lines[0].get_xydata().tolist() == [[1, 2.0], [4, 0.6]]
    assert past.lines[0].get_xydata().tolist() == [[1, 0.4], [2, 1.1], [4, 0.1]]
    assert [bar.get_height() for bar in false.patches] == [2, 0, 1, 0]
    crosses = next(one for one in reaction.collections if one.get_label() == "missed")
    assert crosses.get_offsets()[:, 0].tolist() == [2]
    hollow = next(one for one in reaction.collections if "LeakWatch" in one.get_label())
    assert hollow.get_offsets().tolist() == [[4, 0.6]]
    assert "not a medical device" in reaction.get_title()


def test_a_trainee_without_a_scored_session_has_an_empty_curve():
    only = (session(1, "broken_off"),)
    assert curve(only) == ()
    assert len(curve_figure(only).axes) == 3
