"""A margin that the operator sets: truth is which distances it covers, and from which frame on."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest
from test_rules import observation

from leakwatch.alerting import rules
from leakwatch.alerting.margins import (
    MarginChange,
    alerting_with_margin,
    is_possible_margin,
    settings_in_force,
)
from leakwatch.config import Settings
from leakwatch.core.results import Alert, Level, Reason

SETTINGS = Settings()


def run(distances, *changes, start=None):
    state = start or rules.initial_state(SETTINGS)
    for change in changes:
        state = rules.change_margin(state, change)
    alerts = []
    for index, distance_mm in enumerate(distances):
        state, alert = rules.decide(state, observation(index, distance_mm, 0.1))
        alerts.append(alert)
    return state, alerts


def test_a_wider_margin_stops_cement_that_was_only_watched_from_its_frame_on():
    _, alerts = run([7.0] * 8, MarginChange(4, 8.0))
    assert [one.level for one in alerts[:4]] == [Level.WATCH] * 4
    assert [one.level for one in alerts[4:]] == [Level.STOP] * 4
    assert alerts[4].reasons == (Reason.POSTERIOR_MARGIN,)
    assert [one.margin_mm for one in alerts] == [None] * 4 + [8.0] * 4


def test_a_narrower_margin_clears_no_latched_stop_but_raises_none_again():
    state, alerts = run([4.5] * 6, MarginChange(3, 3.0))
    assert [one.level for one in alerts] == [Level.WATCH] + [Level.STOP] * 5
    assert alerts[-1].current_level is Level.WATCH
    _, fresh = run([4.5] * 6, MarginChange(0, 3.0))
    assert {one.level for one in fresh} == {Level.WATCH}
    assert state.latched == (Reason.POSTERIOR_MARGIN,)


def test_the_early_warning_moves_out_with_a_wider_margin_and_stays_with_a_narrower():
    alerting = SETTINGS.alerting
    assert alerting_with_margin(alerting, 9.0).watch_mm == alerting.watch_mm + 4.0
    assert alerting_with_margin(alerting, 2.0).watch_mm == alerting.watch_mm
    for margin_mm in (1.0, 5.0, 12.5, 20.0):
        # Every combination is one that a settings file could have.
        replaced = alerting_with_margin(alerting, margin_mm)
        found = msgspec.convert(msgspec.to_builtins(replaced), type(alerting))
        assert found.margin_mm == margin_mm <= found.watch_mm


@pytest.mark.parametrize("frame", [2, 3])
def test_a_new_baseline_and_its_undo_keep_the_margin(frame):
    before, _ = run([12.0] * 4)
    state, _ = run([12.0] * 4, MarginChange(frame, 8.0))
    again = rules.restart_baseline(state)
    assert again.alerting.margin_mm == 8.0
    assert rules.decide(again, observation(9, 7.0))[1].margin_mm == 8.0
    undone = rules.undo_restart(before, state)
    assert rules.decide(undone, observation(9, 7.0))[1].margin_mm == 8.0


def test_one_set_just_before_a_new_baseline_is_not_lost():
    state, _ = run([12.0] * 4, MarginChange(4, 8.0))
    for kept in (rules.restart_baseline(state), rules.undo_restart(run([12.0])[0], state)):
        assert rules.decide(kept, observation(4, 7.0))[1].margin_mm == 8.0


def test_the_prediction_is_for_the_margin_in_force():
    nearing = [12.0 - 0.05 * index for index in range(40)]
    _, plain = run(nearing)
    _, wider = run(nearing, MarginChange(0, 8.0))
    gained_s = plain[-1].time_to_margin_s - wider[-1].time_to_margin_s
    assert gained_s == pytest.approx(3.0 / (0.05 * 7.5), rel=1e-6)


@pytest.mark.parametrize("margin_mm", [math.nan, math.inf, -1.0, 0.0, 0.9, 20.5])
def test_what_no_settings_file_may_have_is_not_possible(margin_mm):
    assert not is_possible_margin(margin_mm, SETTINGS)


def test_a_margin_leaves_room_for_an_immediate_stop():
    strict = replace_alerting(clear_mm=3.0)
    assert not is_possible_margin(2.0, strict)
    assert is_possible_margin(3.0, strict)


def replace_alerting(**changes):
    alerting = msgspec.structs.replace(SETTINGS.alerting, **changes)
    return msgspec.structs.replace(SETTINGS, alerting=alerting)


def test_settings_in_force_are_those_given_until_the_operator_changed_them():
    alert = Alert(Level.CLEAR, (), False, Level.CLEAR)
    assert settings_in_force(SETTINGS, alert) is SETTINGS
    shown = settings_in_force(SETTINGS, replace(alert, margin_mm=7.0))
    assert (shown.alerting.margin_mm, shown.window) == (7.0, SETTINGS.window)
