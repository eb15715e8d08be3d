"""CLEAR and WATCH only while every condition is shown to hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from handmade import make_observation
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.results import Condition, Evidence, Level, Reason
from leakwatch.pipeline.conditions import (
    CONDITION_OF,
    TABLE,
    condition_failed,
    condition_met,
    evaluate_conditions,
    unavailable,
)

ALL = tuple(condition_met(condition) for condition in Condition)
REASONS = st.sampled_from(sorted(CONDITION_OF))
EVIDENCE = st.one_of(
    st.builds(condition_met, st.sampled_from(list(Condition))),
    st.builds(condition_failed, st.sampled_from(list(Condition)), REASONS, st.text(max_size=5)),
)


def test_one_row_for_each_condition_and_each_reason_in_some_row() -> None:
    assert [row.condition for row in TABLE] == list(Condition)
    assert set(CONDITION_OF.values()) <= set(Condition)
    assert {reason for row in TABLE for reason in row.reasons} == set(CONDITION_OF)


def test_all_that_hold_leave_nothing_unavailable() -> None:
    assert unavailable(evaluate_conditions(ALL)) == ()


@pytest.mark.parametrize("missing", list(Condition))
def test_what_was_not_examined_does_not_hold(missing: Condition) -> None:
    found = evaluate_conditions([one for one in ALL if one.condition is not missing])
    (one,) = (one for one in found if one.condition is missing)
    assert not one.holds
    assert unavailable(found) == (Reason.STAGE_ERROR,)


@given(st.lists(EVIDENCE, max_size=12))
def test_a_failure_outweighs_whatever_else_was_found(found: list[Evidence]) -> None:
    told = evaluate_conditions(found)
    assert [one.condition for one in told] == list(Condition)
    for one in told:
        of_it = [other for other in found if other.condition is one.condition]
        assert one.holds == (bool(of_it) and all(other.holds for other in of_it))
    assert (unavailable(told) == ()) == all(one.holds for one in told)


@given(st.lists(EVIDENCE, max_size=12))
def test_no_level_but_unknown_while_a_condition_does_not_hold(found: list[Evidence]) -> None:
    conditions = evaluate_conditions(found)
    seen = replace(make_observation(), unavailable=unavailable(conditions), conditions=conditions)
    _, alert = rules.decide(rules.initial_state(Settings()), seen)
    if not all(one.holds for one in conditions):
        assert alert.level in (Level.UNKNOWN, Level.STOP)
