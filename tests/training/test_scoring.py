"""Scores of a trainee: truth small enough to be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import TrainingSettings
from leakwatch.core.errors import CaseError
from leakwatch.core.results import Level
from leakwatch.core.truth import Truth, TruthFrame
from leakwatch.training.scoring import (
    Instant,
    MonitorSample,
    Outcome,
    TruthSource,
    Verdict,
    course_of,
    score,
    verdict,
)
from leakwatch.training.training_words import leakwatch_text

SETTINGS = TrainingSettings(same_press_s=0.5, early_s=1.0)

# A frame each 0.5 s; from 2.0 s on 0.2 mL/s flow. At 3.0 s (frame 6) cement comes within 6.5 mm,
# at 4.0 s (frame 8) within 5 mm: then a STOP is due. The case ends at 6.0 s with 0.8 mL.
DISTANCES_MM = (None, None, None, None, 9.0, 7.5, 6.4, 5.6, 4.9, 4.0, 3.5, 3.0, 3.0)
TIMES_S = tuple(0.5 * i for i in range(13))
ML = tuple(max(0.0, 0.2 * (time_s - 2.0)) for time_s in TIMES_S)


def truth(breach: int | None = 8, distances_mm=DISTANCES_MM) -> Truth:
    frames = tuple(
        TruthFrame(ml, 0.0, 0.0, distance, 0.0, 10.0)
        for ml, distance in zip(ML, distances_mm, strict=True)
    )
    return Truth(2.0, 0.25, "near", breach, None, frames)


def seen(stop: int | None = 9, unknown: tuple[int, ...] = (0, 1)) -> list[MonitorSample]:
    """What LeakWatch showed: UNKNOWN while it learns, then CLEAR, and STOP from frame `stop` on."""
    levels = [Level.UNKNOWN if i in unknown else Level.CLEAR for i in range(13)]
    if stop is not None:
        levels[stop:] = [Level.STOP] * (13 - stop)
    return [
        MonitorSample(time_s, level, None if level is Level.UNKNOWN else 1.1 * ml)
        for time_s, level, ml in zip(TIMES_S, levels, ML, strict=True)
    ]


DUE = course_of(seen(), truth(), SETTINGS)
CONTAINED = course_of(seen(stop=None), truth(None, (None,) * 4 + (9.0,) * 9), SETTINGS)
NEAR = course_of(seen(stop=None), truth(None, (None,) * 4 + (9.0, 8.0) + (6.0,) * 7), SETTINGS)


def test_the_course_has_the_moments_of_the_truth():
    assert DUE.due is not None
    assert (DUE.due.by, DUE.due.at, DUE.due.tolerated_from_s) == (
        TruthSource.TRUTH,
        Instant(8, 4.0),
        3.0,
    )
    assert DUE.leakwatch == Instant(9, 4.5)
    assert DUE.injected_ml == ML
    assert DUE.ml_by is TruthSource.TRUTH


def test_a_stop_after_it_was_due():
    found = score(DUE, [4.75], SETTINGS)
    assert (found.outcome, found.false_stops) == (Outcome.STOPPED, 0)
    assert found.stop == Instant(9, 4.75)  # the frame that was on the screen
    assert found.reaction_s == pytest.approx(0.75)
    assert found.past_ml == pytest.approx(0.15)  # 0.2 mL/s for 0.75 s


def test_a_stop_in_the_due_frame():
    found = score(DUE, [4.0], SETTINGS)
    assert (found.outcome, found.reaction_s, found.past_ml) == (Outcome.STOPPED, 0.0, 0.0)


def test_a_stop_shortly_before_it_is_due_is_early_and_not_false():
    found = score(DUE, [3.2], SETTINGS)
    assert (found.outcome, found.false_stops, found.past_ml) == (Outcome.STOPPED, 0, 0.0)
    assert found.reaction_s == pytest.approx(-0.8)


def test_stops_before_it_can_be_right_are_false_and_the_injection_goes_on():
    found = score(DUE, [1.0, 2.9, 4.5], SETTINGS)
    assert (found.outcome, found.false_stops) == (Outcome.STOPPED, 2)
    assert found.false_at_s == (1.0, 2.9)
    assert found.reaction_s == pytest.approx(0.5)


def test_presses_after_the_right_one_count_nothing():
    assert score(DUE, [4.5, 4.6, 5.9], SETTINGS) == score(DUE, [4.5], SETTINGS)


def test_two_presses_of_a_nervous_hand_are_one_false_stop():
    assert score(DUE, [1.0, 1.3, 1.7], SETTINGS).false_at_s == (1.0, 1.7)


def test_a_false_press_never_swallows_the_right_one_after_it():
    found = score(DUE, [2.9, 3.1], SETTINGS)
    assert (found.false_stops, found.stop) == (1, Instant(6, 3.1))


def test_a_trainee_who_never_stops_has_missed_it():
    found = score(DUE, [], SETTINGS)
    assert (found.outcome, found.stop, found.reaction_s) == (Outcome.MISSED, None, None)
    assert found.past_ml == pytest.approx(0.4)  # all that came after 4.0 s
    assert found.false_stops == 0


def test_a_trainee_who_stops_too_soon_only_has_missed_it_too():
    found = score(DUE, [2.5], SETTINGS)
    assert (found.outcome, found.false_stops) == (Outcome.MISSED, 1)


def test_where_none_is_due_quiet_is_right_and_every_stop_is_false():
    quiet, loud = score(CONTAINED, [], SETTINGS), score(CONTAINED, [3.0, 5.0], SETTINGS)
    assert (quiet.outcome, quiet.false_stops) == (Outcome.NOT_DUE, 0)
    assert (loud.outcome, loud.false_stops) == (Outcome.NOT_DUE, 2)
    assert (quiet.reaction_s, quiet.past_ml, loud.stop) == (None, None, None)


def test_where_cement_comes_near_and_none_is_due_a_stop_is_cautious():
    found = score(NEAR, [4.0], SETTINGS)
    assert (found.outcome, found.stop, found.reaction_s) == (
        Outcome.CAUTIOUS,
        Instant(8, 4.0),
        None,
    )
    assert found.false_stops == 0


def test_a_session_that_broke_off_is_kept_with_its_presses_and_has_no_reaction():
    found = score(DUE, [1.0], SETTINGS, broken_off_s=2.0)
    assert (found.outcome, found.presses_s) == (Outcome.BROKEN_OFF, (1.0,))
    assert (found.reaction_s, found.past_ml, found.false_stops) == (None, None, 1)
    assert "2.0 s" in found.why


def test_without_a_truth_it_is_judged_by_leakwatch_and_says_so():
    course = course_of(seen(stop=9), None, SETTINGS)
    assert course.due is not None
    assert (course.due.by, course.due.at) == (TruthSource.LEAKWATCH, Instant(9, 4.5))
    assert course.due.tolerated_from_s == 3.5  # a trainee may be quicker
    found = score(course, [5.0], SETTINGS)
    assert (found.outcome, found.reaction_s) == (Outcome.STOPPED, pytest.approx(0.5))
    assert found.past_ml == pytest.approx(0.11)  # of the estimate
    assert course.ml_by is TruthSource.LEAKWATCH
    assert score(course, [3.4], SETTINGS).false_stops == 1
    assert score(course, [3.6], SETTINGS).outcome is Outcome.STOPPED


def test_without_a_truth_and_a_stop_of_leakwatch_nothing_was_due():
    course = course_of(seen(stop=None), None, SETTINGS)
    assert course.due is not None
    assert (course.due.by, course.due.at) == (TruthSource.LEAKWATCH, None)
    assert score(course, [3.0], SETTINGS).false_stops == 1


@pytest.mark.parametrize("unknown", [(0, 1, 7), tuple(range(13))])
def test_where_leakwatch_could_not_see_and_there_is_no_truth_nobody_can_score(unknown):
    course = course_of(seen(stop=None, unknown=unknown), None, SETTINGS)
    assert course.due is None
    found = score(course, [3.0], SETTINGS)
    assert (found.outcome, found.presses_s) == (Outcome.UNSCORED, (3.0,))
    assert (found.reaction_s, found.past_ml, found.false_stops) == (None, None, None)
    assert "no truth" in found.why
    assert verdict(course, [], 3.0, SETTINGS) is Verdict.NOTED


def test_volumes_that_nobody_knows_are_none():
    bare = [replace(one, volume_ml=None) for one in seen(stop=9)]
    found = score(course_of(bare, None, SETTINGS), [5.0], SETTINGS)
    assert (found.outcome, found.past_ml) == (Outcome.STOPPED, None)


def test_verdicts_while_it_runs():
    assert verdict(DUE, [], 2.0, SETTINGS) is Verdict.FALSE
    assert verdict(DUE, [2.0], 2.4, SETTINGS) is Verdict.SAME
    assert verdict(DUE, [2.0], 2.6, SETTINGS) is Verdict.FALSE
    assert verdict(DUE, [2.9], 3.0, SETTINGS) is Verdict.RIGHT
    assert verdict(CONTAINED, [], 5.0, SETTINGS) is Verdict.FALSE


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (DUE, "4.50 s, frame 9: 0.50 s after it was due"),
        (course_of(seen(stop=5), truth(), SETTINGS), "2.50 s, frame 5: false"),
        (course_of(seen(stop=7), truth(), SETTINGS), "3.50 s, frame 7: 0.50 s before it was due"),
        (course_of(seen(stop=9), truth(None, (9.0,) * 13), SETTINGS), "4.50 s, frame 9: false"),
        (
            course_of(seen(stop=9), truth(None, (6.0,) * 13), SETTINGS),
            "4.50 s, frame 9: not due, but cement was near",
        ),
        (CONTAINED, "none"),
        (course_of(seen(stop=9), None, SETTINGS), "4.50 s, frame 9"),
    ],
)
def test_leakwatch_is_judged_in_the_same_words(course, words):
    assert leakwatch_text(course) == words


def test_a_truth_of_another_sequence_is_refused():
    with pytest.raises(CaseError, match="13 frames, and the sequence has 12"):
        course_of(seen()[:12], truth(), SETTINGS)


@given(st.lists(st.floats(0.0, 6.0), max_size=8))
def test_the_running_verdicts_and_the_score_agree(presses):
    presses = sorted(presses)
    taken, verdicts = [], []
    for press_s in presses:
        found = verdict(DUE, taken, press_s, SETTINGS)
        verdicts.append(found)
        taken.append(press_s)
        if found is Verdict.RIGHT:
            break
    scored = score(DUE, presses, SETTINGS)
    assert scored.false_stops == verdicts.count(Verdict.FALSE)
    assert (scored.outcome is Outcome.STOPPED) == (Verdict.RIGHT in verdicts)
    assert scored.past_ml is not None
    assert 0.0 <= scored.past_ml <= 0.4 + 1e-9
