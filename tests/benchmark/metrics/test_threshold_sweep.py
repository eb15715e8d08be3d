"""Other thresholds over the same observations, and what a person who clears each STOP would see."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest

from leakwatch.alerting import rules
from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.metrics.threshold_sweep import (
    FACTORS,
    RESPONSE_S,
    ThresholdSweep,
    drop_short_tubes,
    scale_alarm,
    score_raised,
    sweep_distances,
)
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.results import Level, Observation, Snapshot, Tube
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold

SETTINGS = Settings()
FPS = 10.0


def truth(due: int | None = 60, right_from: int | None = 55) -> CaseTruth:
    return CaseTruth("near", FPS, 100, due, right_from)


def line(frame: int, distance_mm: float | None) -> FrameRecord:
    return FrameRecord(
        frame=frame,
        time_s=frame / FPS,
        level=Level.CLEAR,
        reasons=(),
        distance_mm=distance_mm,
        distance_sigma_mm=None,
        area_mm2=None,
        volume_ml=None,
        tubular_length_mm=None,
        shift_px=None,
        quality={},
        latency_ms=0.0,
    )


@pytest.fixture(scope="module")
def snapshots() -> list[Snapshot]:
    vision = stages.initial_state(SETTINGS, injection.MARKS, injection.CALIBRATION)
    return [*fold(injection.frames(), vision, rules.initial_state(SETTINGS))]


@pytest.fixture(scope="module")
def observations(snapshots: list[Snapshot]) -> list[Observation]:
    return [snapshot.observation for snapshot in snapshots]


def test_as_it_is_set_the_sweep_raises_when_the_program_does(snapshots: list[Snapshot]) -> None:
    sweep = ThresholdSweep(SETTINGS, truth(None, None))
    for snapshot in snapshots:
        sweep.add(snapshot.observation)
    first = next(s.frame.index for s in snapshots if s.alert.level is Level.STOP)
    assert dict(sweep.raised)[1.0][0] == first


def test_a_finer_alarm_is_never_later(observations: list[Observation]) -> None:
    sweep = ThresholdSweep(SETTINGS, truth(None, None))
    for observation in observations:
        sweep.add(observation)
    assert tuple(factor for factor, _ in sweep.raised) == FACTORS
    firsts = [raised[0] if raised else 10**6 for _, raised in sweep.raised]
    assert firsts == sorted(firsts, reverse=True)
    assert firsts[0] > firsts[-1]


def test_after_a_right_stop_the_injection_is_over(observations: list[Observation]) -> None:
    sweep = ThresholdSweep(SETTINGS, truth(due=0, right_from=0))
    for observation in observations:
        sweep.add(observation)
    assert max(len(raised) for _, raised in sweep.raised) == 1


def test_what_a_factor_changes() -> None:
    alarm, twice = SETTINGS.alerting, scale_alarm(SETTINGS, 2.0).alerting
    assert twice.margin_mm == 2.0 * alarm.margin_mm
    assert twice.outside_area_mm2 == alarm.outside_area_mm2 / 2.0
    assert twice.confirm_frames == alarm.confirm_frames


def test_short_tubes_are_not_confirmed(observations: list[Observation]) -> None:
    path = read_only(np.array([[0.0, 0.0], [40.0, 0.0]]))
    lengths_mm = (3.0, 10.0, None)
    tubes = tuple(Tube(path, 40.0, 8.0, length, 2.0, True) for length in lengths_mm)
    found = drop_short_tubes(replace(observations[-1], tubes=tubes), 5.0)
    # A length that is not known is none that is too short.
    assert [tube.confirmed for tube in found.tubes] == [False, True, True]


def test_a_detector_of_distances_is_cleared_and_asks_for_more() -> None:
    worse = SETTINGS.alerting.worse_by
    # Near at once, and cleared; then it stays; then it comes nearer by what asks for a new STOP.
    distances = [4.0] * 40 + [4.0 - 1.1 * worse] * 60
    records = [line(i, distance) for i, distance in enumerate(distances)]
    raised = dict(sweep_distances(records, SETTINGS, None))
    assert raised[1.0] == (0, 40)
    assert raised[0.25] == ()
    ended = dict(sweep_distances(records, SETTINGS, right_from=0))
    assert ended[1.0] == (0,)


def test_frames_without_a_distance_raise_nothing() -> None:
    raised = sweep_distances([line(i, None) for i in range(5)], SETTINGS, None)
    assert {frames for _, frames in raised} == {()}


JUST_SEEN = 60 - round(FPS * RESPONSE_S) + 1


@pytest.mark.parametrize(
    ("raised", "in_time", "false"),
    [
        ((), False, 0),
        ((60,), True, 0),
        ((55,), True, 0),  # early, but not false
        ((70,), True, 0),  # a second late
        ((71,), False, 0),
        ((10,), False, 1),
        ((10, 60), True, 1),
        ((JUST_SEEN,), True, 1),  # still before the eyes when it is due
        ((JUST_SEEN - 1,), False, 1),
    ],
)
def test_raised_stops_against_the_truth(raised: tuple[int, ...], in_time: bool, false: int) -> None:
    assert score_raised(truth(), raised) == (in_time, false)


def test_without_a_leak_all_are_false() -> None:
    assert score_raised(truth(None, None), (3, 50)) == (False, 2)
