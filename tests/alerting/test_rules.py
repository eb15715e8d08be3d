"""The rules of alerting: truth is the sequence of observations, made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.results import (
    Alert,
    Cement,
    EventKind,
    Level,
    Observation,
    Quality,
    Reason,
    Tube,
    WallDistance,
)
from leakwatch.core.spacing import Calibration, SpacingRung

CALIBRATED = Calibration(0.25, 0.0025, SpacingRung.CASE, "case")
FRAME_S = 1 / 7.5


def observation(
    index: int,
    distance_mm: float | None = None,
    sigma_mm: float = 0.4,
    tube_mm: float | None = None,
    outside_mm2: float = 0.0,
    unavailable: tuple[Reason, ...] = (),
) -> Observation:
    wall = None
    if distance_mm is not None:
        wall = WallDistance(distance_mm / 0.25, distance_mm, sigma_mm, (50.0, 60.0), (40.0, 60.0))
    path = np.array([[0.0, 0.0], [10.0, 0.0]])
    tubes = () if tube_mm is None else (Tube(path, tube_mm / 0.25, 8.0, tube_mm, 2.0, True),)
    cement = Cement((), 100.0, 6.25, 0.1, outside_mm2 / 0.25**2, (70.0, 80.0))
    return Observation(
        index,
        index * FRAME_S,
        (0.0, 0.0),
        None,
        None,
        wall,
        cement,
        tubes,
        unavailable,
        CALIBRATED,
        Quality(),
    )


def run(observations: list[Observation]) -> list[Alert]:
    state = rules.initial_state(Settings())
    alerts = []
    for one in observations:
        state, alert = rules.decide(state, one)
        alerts.append(alert)
    return alerts


def stopped(**seen: float) -> tuple[rules.AlertState, Alert]:
    """The state after three frames that show the same, and raise STOP."""
    state = rules.initial_state(Settings())
    for i in range(3):
        state, alert = rules.decide(state, observation(i, **seen))
    assert alert.level is Level.STOP
    return state, alert


def test_nothing_seen_is_clear_with_one_event() -> None:
    alerts = run([observation(i) for i in range(5)])
    assert [alert.level for alert in alerts] == [Level.CLEAR] * 5
    assert [event.level for alert in alerts for event in alert.events] == [Level.CLEAR]


def test_stop_takes_sigma_to_the_safe_side() -> None:
    # 5.3 mm away but only sure to 0.4 mm: it may be 4.9.
    near = run([observation(i, 5.3, 0.4) for i in range(3)])
    sure = run([observation(i, 5.3, 0.2) for i in range(3)])
    assert near[-1].level is Level.STOP
    assert near[-1].reasons == (Reason.POSTERIOR_MARGIN,)
    assert sure[-1].level is Level.WATCH


def test_behind_the_wall_is_stop() -> None:
    assert run([observation(i, -8.0) for i in range(2)])[-1].level is Level.STOP


def test_one_frame_at_the_margin_does_not_stop_and_two_do() -> None:
    flicker = [observation(i, 4.9 if i == 2 else 12.0) for i in range(8)]
    assert Level.STOP not in {alert.level for alert in run(flicker)}
    held = [observation(i, 4.9 if i >= 2 else 12.0) for i in range(4)]
    assert [alert.level for alert in run(held)][-1] is Level.STOP


def test_a_clear_breach_needs_no_second_frame() -> None:
    assert run([observation(0, 12.0), observation(1, 3.9)])[-1].level is Level.STOP
    assert run([observation(0, 12.0), observation(1, -6.0)])[-1].level is Level.STOP


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("tube_mm", Reason.TUBULAR_FILLING), ("outside_mm2", Reason.OUTSIDE_BODY)],
)
def test_vein_and_outside_stop_without_a_distance(kind: str, reason: Reason) -> None:
    alerts = run([observation(i, **{kind: 9.0}) for i in range(2)])
    assert {alert.level for alert in alerts} == {Level.STOP}
    assert alerts[-1].reasons == (reason,)
    assert alerts[0].events[-1].at_px is not None


def test_a_little_outside_needs_a_second_frame() -> None:
    alerts = run([observation(i, outside_mm2=2.5) for i in range(2)])
    assert [alert.level for alert in alerts] == [Level.WATCH, Level.STOP]


def test_outside_the_lateral_view_the_wall_rule_is_off_and_said_so() -> None:
    alerts = run([observation(i, 1.0, unavailable=(Reason.VIEW,)) for i in range(4)])
    assert {alert.level for alert in alerts} == {Level.UNKNOWN}
    assert alerts[-1].reasons == (Reason.VIEW,)
    assert alerts[0].events[0].kind is EventKind.TECHNICAL


def test_a_vein_stops_even_without_millimetres_or_wall() -> None:
    blind = (Reason.NO_WALL, Reason.NO_CALIBRATION)
    alerts = run([observation(i, tube_mm=9.0, unavailable=blind) for i in range(3)])
    assert alerts[-1].level is Level.STOP
    assert alerts[-1].reasons == (Reason.TUBULAR_FILLING, *blind)


def test_stop_latches_when_cement_seems_gone_and_through_blindness() -> None:
    frames = [observation(i, 3.0) for i in range(3)]
    frames += [observation(i) for i in range(3, 20)]
    frames += [observation(i, unavailable=(Reason.MOTION,)) for i in range(20, 25)]
    alerts = run(frames)
    assert {alert.level for alert in alerts[2:]} == {Level.STOP}
    assert alerts[-1].latched
    assert alerts[-1].current_level is Level.UNKNOWN
    assert alerts[-1].reasons == (Reason.POSTERIOR_MARGIN, Reason.MOTION)


def test_unknown_is_never_a_stale_clear_and_returns_by_itself() -> None:
    frames = [observation(0), observation(1, unavailable=(Reason.MOTION,)), observation(2)]
    assert [alert.level for alert in run(frames)] == [Level.CLEAR, Level.UNKNOWN, Level.CLEAR]


def test_acknowledged_stop_becomes_watch_and_comes_back_when_worse() -> None:
    state = rules.initial_state(Settings())
    for i in range(3):
        state, _ = rules.decide(state, observation(i, 4.0))
    state, alert = rules.acknowledge(state, observation(2, 4.0))
    assert alert.level is Level.WATCH
    assert alert.events[0].kind is EventKind.ACKNOWLEDGE
    for i in range(3, 8):
        state, alert = rules.decide(state, observation(i, 3.9))
        assert alert.level is Level.WATCH
    for i in range(8, 11):
        state, alert = rules.decide(state, observation(i, 3.2))
    assert alert.level is Level.STOP


def test_acknowledging_one_reason_does_not_silence_another() -> None:
    state = rules.initial_state(Settings())
    for i in range(3):
        state, _ = rules.decide(state, observation(i, 4.0))
    state, _ = rules.acknowledge(state, observation(2, 4.0))
    for i in range(3, 6):
        state, alert = rules.decide(state, observation(i, 4.0, tube_mm=8.0))
    assert alert.level is Level.STOP
    assert alert.reasons == (Reason.TUBULAR_FILLING,)


def test_acknowledging_what_latched_and_not_what_is_seen_then() -> None:
    state, _ = stopped(tube_mm=9.0)
    state, alert = rules.acknowledge(state, observation(3, unavailable=(Reason.STALE,)))
    assert (alert.level, alert.acknowledged) == (Level.UNKNOWN, (Reason.TUBULAR_FILLING,))
    for i in range(4, 9):
        state, alert = rules.decide(state, observation(i, tube_mm=9.2))
        assert (alert.level, alert.acknowledged) == (Level.WATCH, (Reason.TUBULAR_FILLING,))
    for i in range(9, 11):
        state, alert = rules.decide(state, observation(i, tube_mm=9.8))
    assert (alert.level, alert.acknowledged) == (Level.STOP, ())


def test_an_acknowledged_tube_that_flickers_stays_acknowledged() -> None:
    rng = np.random.default_rng(31)
    state, _ = stopped(tube_mm=16.0)
    state, _ = rules.acknowledge(state, observation(3))
    for i, present in enumerate(rng.permutation([True] * 31 + [False] * 18), start=4):
        state, alert = rules.decide(state, observation(i, tube_mm=16.0 if present else None))
        assert (alert.level, alert.reasons) == (Level.WATCH, (Reason.TUBULAR_FILLING,))


def test_an_acknowledged_tube_that_flickers_and_grows_is_a_stop_again() -> None:
    state, _ = stopped(tube_mm=16.0)
    state, _ = rules.acknowledge(state, observation(3))
    lengths = [None, 17.0, None, 17.2]
    for i, tube_mm in enumerate(lengths, start=4):
        state, alert = rules.decide(state, observation(i, tube_mm=tube_mm))
    assert alert.level is Level.STOP


def test_the_worst_while_latched_is_acknowledged_and_one_frame_is_none() -> None:
    state = rules.initial_state(Settings())
    for i, distance_mm in enumerate([4.0, 4.0, 3.0, 3.1, -9.0, 4.0]):
        state, _ = rules.decide(state, observation(i, distance_mm))
    state, _ = rules.acknowledge(state, observation(6))
    assert state.acknowledged == ((Reason.POSTERIOR_MARGIN, -3.1),)
    for i, distance_mm in enumerate([2.7, 2.7, 1.0, 2.7], start=6):
        state, alert = rules.decide(state, observation(i, distance_mm))
        assert alert.level is Level.WATCH
    for i in range(10, 12):
        state, alert = rules.decide(state, observation(i, 2.5))
    assert alert.level is Level.STOP


def test_what_was_seen_last_is_acknowledged_though_it_was_seen_once() -> None:
    state, _ = stopped(distance_mm=4.0)
    state, _ = rules.decide(state, observation(3, 1.0, outside_mm2=40.0))
    state, _ = rules.acknowledge(state, observation(3, 1.0, outside_mm2=40.0))
    for i in range(4, 20):
        state, alert = rules.decide(state, observation(i, 1.0, outside_mm2=43.0))
        assert alert.level is Level.WATCH
    for i in range(20, 22):
        state, alert = rules.decide(state, observation(i, 1.0, outside_mm2=55.0))
    assert (alert.level, alert.reasons) == (Level.STOP, (Reason.OUTSIDE_BODY,))


def test_what_is_not_latched_is_not_acknowledged_with_the_rest() -> None:
    state, _ = stopped(distance_mm=4.0)
    state, _ = rules.decide(state, observation(3, 4.0, outside_mm2=2.5))
    state, _ = rules.acknowledge(state, observation(3, 4.0, outside_mm2=2.5))
    _, alert = rules.decide(state, observation(4, 4.0, outside_mm2=2.5))
    assert (alert.level, alert.reasons) == (Level.STOP, (Reason.OUTSIDE_BODY,))


def test_an_acknowledged_stop_is_never_clear_though_nothing_is_seen_any_more() -> None:
    state, _ = stopped(distance_mm=2.6)
    state, _ = rules.acknowledge(state, observation(3, 2.6))
    for i in range(4, 60):
        state, alert = rules.decide(state, observation(i))
        assert (alert.level, alert.reasons) == (Level.WATCH, (Reason.POSTERIOR_MARGIN,))


def test_beginning_anew_forgets_what_was_acknowledged_and_keeps_what_is_latched() -> None:
    state, _ = stopped(distance_mm=2.6)
    kept = rules.restart_baseline(state)
    _, alert = rules.decide(kept, observation(4))
    assert (alert.level, alert.reasons) == (Level.STOP, (Reason.POSTERIOR_MARGIN,))
    # Acknowledged only now, what is new is no better known for the worse that was forgotten.
    fresh, _ = rules.acknowledge(kept, observation(4))
    for i in range(5, 7):
        fresh, alert = rules.decide(fresh, observation(i, 4.5))
    assert alert.level is Level.STOP
    seen, _ = rules.acknowledge(state, observation(3, 2.6))
    anew = rules.restart_baseline(seen)
    anew, alert = rules.decide(anew, observation(4))
    assert alert.level is Level.CLEAR


def test_what_was_begun_anew_is_taken_back_with_all_that_was_known() -> None:
    state, _ = stopped(distance_mm=2.6)
    seen, _ = rules.acknowledge(state, observation(3, 2.6))
    now, _ = rules.decide(rules.restart_baseline(seen), observation(4))
    _, alert = rules.decide(rules.undo_restart(seen, now), observation(5, 2.6))
    assert (alert.level, alert.acknowledged) == (Level.WATCH, (Reason.POSTERIOR_MARGIN,))
    for i in range(6, 8):
        now, _ = rules.decide(now, observation(i, tube_mm=9.0))
    _, alert = rules.decide(rules.undo_restart(seen, now), observation(8, 2.6))
    assert (alert.level, alert.latched) == (Level.STOP, True)
    assert alert.acknowledged == (Reason.POSTERIOR_MARGIN,)


def test_a_stop_that_was_seen_before_it_was_taken_back_is_acknowledged() -> None:
    state, _ = stopped(distance_mm=2.6)
    anew, _ = rules.acknowledge(rules.restart_baseline(state), observation(3))
    _, alert = rules.decide(rules.undo_restart(state, anew), observation(4, 2.6))
    assert (alert.level, alert.acknowledged) == (Level.WATCH, (Reason.POSTERIOR_MARGIN,))


def test_approaching_front_predicts_the_breach_in_seconds() -> None:
    # 1 mm/s towards the wall: from 9 mm it takes 4 s to the 5 mm margin.
    frames = [observation(i, 14.0 - i * FRAME_S) for i in range(38)]
    alert = run(frames)[-1]
    left = 14.0 - 37 * FRAME_S - 5.0
    assert alert.level is Level.WATCH
    assert Reason.PREDICTED_BREACH in alert.reasons
    assert alert.time_to_margin_s == pytest.approx(left, rel=1e-6)


def test_creeping_front_predicts_nothing() -> None:
    frames = [observation(i, 12.0 - 0.04 * i * FRAME_S) for i in range(60)]
    assert run(frames)[-1].time_to_margin_s is None


def test_a_front_that_came_to_rest_predicts_nothing() -> None:
    moving = [observation(i, 14.0 - i * FRAME_S) for i in range(38)]
    resting = [observation(38 + i, 14.0 - 37 * FRAME_S) for i in range(12)]
    alerts = run(moving + resting)
    assert alerts[37].time_to_margin_s is not None
    assert alerts[-1].time_to_margin_s is None


def test_watch_does_not_flicker() -> None:
    frames = [observation(i, 8.3 if i % 2 else 8.5, 0.4) for i in range(30)]
    levels = [alert.level for alert in run(frames)]
    assert levels[1:] == [Level.WATCH] * 29


NOMINAL_MM = 0.5  # a pixel is taken for so many mm where there are none
UNCALIBRATED = Calibration(None, None, SpacingRung.NONE, "no spacing in the tags")


def in_pixels(
    index: int, distance_px: float | None = None, sigma_px: float = 2.0, outside_px: float = 0.0
) -> Observation:
    """As `observation`, of a run without millimetres."""
    wall = None
    if distance_px is not None:
        wall = WallDistance(distance_px, None, None, (50.0, 60.0), (40.0, 60.0), sigma_px)
    return replace(
        observation(index, unavailable=(Reason.NO_CALIBRATION,)),
        wall_distance=wall,
        cement=Cement((), 100.0, None, None, outside_px, (70.0, 80.0)),
        calibration=UNCALIBRATED,
        nominal_mm_per_px=NOMINAL_MM,
    )


@pytest.mark.parametrize(
    ("distance_px", "stops"), [(-28.0, True), (0.0, True), (1.9, True), (2.1, False), (8.0, False)]
)
def test_without_millimetres_cement_at_the_wall_or_behind_it_is_stop(
    distance_px: float, stops: bool
) -> None:
    alert = run([in_pixels(i, distance_px) for i in range(3)])[-1]
    assert alert.level is (Level.STOP if stops else Level.UNKNOWN)
    blind = (Reason.NO_CALIBRATION,)
    assert alert.reasons == ((Reason.POSTERIOR_MARGIN, *blind) if stops else blind)


def test_without_millimetres_one_frame_at_the_wall_is_noise_and_far_behind_it_is_not() -> None:
    flicker = [in_pixels(i, 1.0 if i == 2 else 30.0) for i in range(6)]
    assert Level.STOP not in {alert.level for alert in run(flicker)}
    # 1 mm of rim growth is 2 px here.
    assert run([in_pixels(0, 30.0), in_pixels(1, -2.0)])[-1].level is Level.STOP


def test_without_millimetres_cement_clearly_outside_is_stop() -> None:
    # 2 mm2 are 8 px2 here.
    assert run([in_pixels(i, outside_px=8.0) for i in range(2)])[-1].level is Level.STOP
    assert run([in_pixels(i, outside_px=7.0) for i in range(2)])[-1].level is Level.UNKNOWN


def test_in_another_view_the_sign_tells_nothing() -> None:
    other_view = replace(in_pixels(0, -20.0), unavailable=(Reason.VIEW, Reason.NO_CALIBRATION))
    assert run([other_view] * 3)[-1].level is Level.UNKNOWN


def test_a_place_is_that_of_the_vein_that_alarms() -> None:
    inside = Tube(np.array([[5.0, 5.0], [9.0, 9.0]]), 200.0, 8.0, 50.0, 2.0, False)
    both = observation(0, tube_mm=9.0)
    alert = run([replace(both, tubes=(inside, *both.tubes))])[-1]
    assert alert.events[0].at_px == (10.0, 0.0)


# What is missing by set-up, and each rule that does not need it.
SET_UP = (Reason.VIEW, Reason.NO_WALL, Reason.NO_CALIBRATION)


@given(
    st.lists(st.sampled_from(SET_UP), max_size=3, unique=True).map(tuple),
    st.sampled_from(["wall", "tube", "outside"]),
    st.floats(0.0, 30.0),
    st.integers(0, 5),
)
def test_a_rule_that_works_stops_whatever_else_is_not_set_up(
    missing: tuple[Reason, ...], rule: str, more: float, before: int
) -> None:
    calm = [replace(observation(i), unavailable=missing) for i in range(before)]
    bad = replace(
        observation(
            before,
            tube_mm=6.0 + more if rule == "tube" else None,
            outside_mm2=2.0 + more if rule == "outside" else 0.0,
        ),
        unavailable=missing,
    )
    if rule == "wall":
        distance_px = -more / NOMINAL_MM
        mm = None if Reason.NO_CALIBRATION in missing else -more
        sigma_mm = None if mm is None else 0.4
        wall = WallDistance(distance_px, mm, sigma_mm, (50.0, 60.0), (40.0, 60.0), 1.0)
        bad = replace(bad, wall_distance=None if Reason.NO_WALL in missing else wall)
    if Reason.NO_CALIBRATION in missing:
        bad = replace(bad, calibration=UNCALIBRATED, nominal_mm_per_px=0.25)
    works = rule != "wall" or not {Reason.VIEW, Reason.NO_WALL} & set(missing)
    again = replace(bad, frame=before + 1, time_s=(before + 1) * FRAME_S)
    alert = run([*calm, bad, again])[-1]
    if works:
        assert alert.level is Level.STOP
        assert set(missing) < set(alert.reasons)
    else:
        assert alert.level is Level.UNKNOWN


seen = st.builds(
    lambda distance, tube, outside, unavailable: (distance, tube, outside, unavailable),
    st.none() | st.floats(-20, 40),
    st.none() | st.floats(1, 40),
    st.floats(0, 50),
    st.lists(
        st.sampled_from([Reason.VIEW, Reason.NO_WALL, Reason.MOTION, Reason.EXPOSURE]),
        max_size=2,
        unique=True,
    ).map(tuple),
)


@given(st.lists(seen, min_size=1, max_size=40))
def test_whatever_comes_stop_stays_and_blindness_is_never_clear(
    frames: list[tuple[float | None, float | None, float, tuple[Reason, ...]]],
) -> None:
    observations = [
        observation(i, distance, 0.4, tube, outside, unavailable)
        for i, (distance, tube, outside, unavailable) in enumerate(frames)
    ]
    alerts = run(observations)
    levels = [alert.level for alert in alerts]
    if Level.STOP in levels:
        assert set(levels[levels.index(Level.STOP) :]) == {Level.STOP}
    for one, alert in zip(observations, alerts, strict=True):
        if one.unavailable:
            assert alert.level in (Level.UNKNOWN, Level.STOP)
            assert set(one.unavailable) <= set(alert.reasons)
        if alert.level is Level.CLEAR:
            assert alert.reasons == ()
        else:
            assert alert.reasons


@given(st.lists(seen, min_size=1, max_size=20))
def test_events_tell_every_change_and_nothing_else(
    frames: list[tuple[float | None, float | None, float, tuple[Reason, ...]]],
) -> None:
    alerts = run(
        [
            observation(i, distance, 0.4, tube, outside, unavailable)
            for i, (distance, tube, outside, unavailable) in enumerate(frames)
        ]
    )
    before: Alert | None = None
    for alert in alerts:
        changed = before is None or before.level is not alert.level
        new = [r for r in alert.reasons if changed or r not in before.reasons]
        assert len(alert.events) == (max(len(new), 1) if changed else len(new))
        assert all(event.level is alert.level for event in alert.events)
        before = alert


def badness(one: Observation, reason: Reason) -> float | None:
    """How bad the condition of `reason` is in an observation; None where none is shown."""
    if reason is Reason.POSTERIOR_MARGIN:
        wall = one.wall_distance
        return None if wall is None or wall.distance_mm is None else -wall.distance_mm
    if reason is Reason.TUBULAR_FILLING:
        return max((tube.length_mm or 0.0 for tube in one.tubes), default=None)
    assert one.cement is not None
    return one.cement.outside_px * 0.25**2


@given(st.lists(st.tuples(seen, st.booleans()), min_size=1, max_size=60))
def test_whatever_comes_an_acknowledgement_holds_until_it_gets_worse(
    steps: list[tuple[tuple[float | None, float | None, float, tuple[Reason, ...]], bool]],
) -> None:
    settings = Settings().alerting
    state = rules.initial_state(Settings())
    latched: set[Reason] = set()
    acknowledged: dict[Reason, float] = {}
    shown: dict[Reason, list[float]] = {}
    for i, ((distance, tube, outside, unavailable), acknowledges) in enumerate(steps):
        one = observation(i, distance, 0.4, tube, outside, unavailable)
        state, alert = rules.decide(state, one)
        for reason in (Reason.POSTERIOR_MARGIN, Reason.TUBULAR_FILLING, Reason.OUTSIDE_BODY):
            bad = badness(one, reason)
            held = reason in {held for held, _ in rules._stop_conditions(one, settings)}
            if held and bad is not None:
                shown.setdefault(reason, []).append(bad)
        # A STOP that is latched goes by nobody but a person.
        assert latched <= set(state.latched)
        assert (alert.level is Level.STOP) is bool(state.latched)
        for reason in set(state.latched) - latched:
            if reason in acknowledged:
                now, then = shown[reason][-1], acknowledged[reason]
                if reason is Reason.OUTSIDE_BODY:
                    now, then = (now / np.pi) ** 0.5, (then / np.pi) ** 0.5
                assert now > then + settings.worse_by
        # Whether its condition holds, is absent, or cannot be seen: no CLEAR.
        if acknowledged:
            assert alert.level is not Level.CLEAR
            assert set(alert.acknowledged) == set(acknowledged) - set(state.latched)
        latched = set(state.latched)
        if acknowledges and latched:
            acknowledged |= {reason: shown[reason][-1] for reason in latched}
            latched = set()
            state, alert = rules.acknowledge(state, one)
            assert alert.level not in (Level.STOP, Level.CLEAR)
            assert not alert.latched


def test_same_observations_same_alerts() -> None:
    frames = [observation(i, 12.0 - 0.3 * i) for i in range(30)]
    assert run(frames) == run([replace(one) for one in frames])
