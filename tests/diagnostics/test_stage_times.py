"""Stages are measured for whoever asks, and what they find stays the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace

import injection
import numpy as np
import pytest

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.diagnostics.stage_times import begin_stage, current_stage, stage_times
from leakwatch.pipeline import stages as pipeline
from leakwatch.pipeline.fold import fold_frame

FEW = list(injection.frames())[:12]


class Ticks:
    """A clock that goes on by a millisecond each time that it is asked."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        self.now_s += 0.001
        return self.now_s


def test_each_stage_has_its_milliseconds_and_one_that_comes_again_has_both():
    with stage_times(Ticks()) as times:
        for stage in ("look", "motion", "look"):
            begin_stage(stage)
            assert current_stage() == stage
    assert times.ms == pytest.approx({"look": 2.0, "motion": 1.0})


def test_nobody_measures_unless_asked():
    begin_stage("look")
    assert current_stage() == ""


def test_a_stage_that_breaks_is_known_and_ends_the_measuring():
    with suppress(ZeroDivisionError), stage_times(Ticks()) as times:
        begin_stage("motion")
        raise ZeroDivisionError
    assert times.ms == pytest.approx({"motion": 1.0})
    assert current_stage() == ""


def run(measured):
    """All that is decided on a few frames, and the stages of each."""
    settings = Settings()
    vision = pipeline.initial_state(settings, injection.MARKS, injection.CALIBRATION)
    alerts = rules.initial_state(settings)
    snapshots, stages = [], []
    for frame in FEW:
        if measured:
            with stage_times() as times:
                vision, alerts, snapshot = fold_frame(vision, alerts, frame)
            stages.append(list(times.ms))
        else:
            vision, alerts, snapshot = fold_frame(vision, alerts, frame)
        snapshots.append(replace(snapshot, latency_ms=0.0))
    return snapshots, stages


def same(one, other):
    """Whether two results are alike to the last bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return one == other


def test_measured_or_not_the_results_are_the_same_to_the_last_bit():
    plain, _ = run(measured=False)
    timed, stages = run(measured=True)
    assert all(map(same, plain, timed))
    assert stages[-1][:2] == ["preprocessing", "registration"]
    assert {"baseline", "instruments", "cement", "vessels", "measurement"} <= set(stages[-1])
    assert stages[-1][-1] == "alerting"
