"""STOPs at other alarm thresholds, evaluated in the same pass.

Only the decision is repeated, on the same observations, so that ten thresholds take little time.
See docs/reference/metrics.md for the meaning of a factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from leakwatch.alerting import rules
from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.metrics.metrics import IN_TIME_S
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.config import Settings
from leakwatch.core.results import Level, Observation

# 1 is the configured alarm; the range extends from almost silent to unacceptably sensitive.
FACTORS = (0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0, 3.0)

# Response time after which the operator acknowledges a STOP.
RESPONSE_S = 2.4

# Time to the margin never raises a STOP, so that its fit is disabled.
_NO_PREDICTION = 1_000_000_000

# Factor, and the frames in which it raised a STOP.
Raised = tuple[tuple[float, tuple[int, ...]], ...]


class ThresholdSweep:
    """STOPs at each of `FACTORS`, from the observations of one case.

    At factor f a STOP requires cement within ``margin_mm * f`` of the wall, a tubular filling of
    ``tubular.min_length_mm / f``, or ``outside_area_mm2 / f`` outside the body. The operator
    acknowledges it after `RESPONSE_S`, and the injection continues until a STOP is not false.

    Parameters
    ----------
    settings : Settings
    truth : CaseTruth
    """

    def __init__(self, settings: Settings, truth: CaseTruth) -> None:
        self._alarms = [_Alarm(settings, factor, truth.right_from) for factor in FACTORS]

    def add(self, observation: Observation) -> None:
        """Add the next frame."""
        for alarm in self._alarms:
            alarm.add(observation)

    @property
    def raised(self) -> Raised:
        """Frames with a new STOP, by factor, the least sensitive alarm first."""
        return tuple((alarm.factor, tuple(alarm.raised)) for alarm in self._alarms)


class _Alarm:
    def __init__(self, settings: Settings, factor: float, right_from: int | None) -> None:
        self.factor = factor
        self.raised: list[int] = []
        self._right_from = right_from
        self._least_mm = settings.tubular.min_length_mm / factor
        self._state = rules.initial_state(scale_alarm(settings, factor))
        self._clear_at_s: float | None = None

    def add(self, observation: Observation) -> None:
        if self.raised and self._right_from is not None and self.raised[-1] >= self._right_from:
            return
        seen = drop_short_tubes(observation, self._least_mm)
        self._state, alert = rules.decide(self._state, seen)
        if self._clear_at_s is None and alert.level is Level.STOP:
            self.raised.append(seen.frame)
            self._clear_at_s = seen.time_s + RESPONSE_S
        elif self._clear_at_s is not None and seen.time_s >= self._clear_at_s:
            self._state, _ = rules.acknowledge(self._state, seen)
            self._clear_at_s = None


def scale_alarm(settings: Settings, factor: float) -> Settings:
    """Return settings with an alarm that is `factor` times as sensitive."""
    alarm = msgspec.structs.replace(
        settings.alerting,
        margin_mm=settings.alerting.margin_mm * factor,
        outside_area_mm2=settings.alerting.outside_area_mm2 / factor,
        speed_min_frames=_NO_PREDICTION,
    )
    return msgspec.structs.replace(settings, alerting=alarm)


def drop_short_tubes(observation: Observation, least_mm: float) -> Observation:
    """Return an observation without confirmed tubes shorter than `least_mm`."""
    short = [tube.length_mm is not None and tube.length_mm < least_mm for tube in observation.tubes]
    if not any(short):
        return observation
    tubes = tuple(
        replace(tube, confirmed=tube.confirmed and not is_short)
        for tube, is_short in zip(observation.tubes, short, strict=True)
    )
    return replace(observation, tubes=tubes)


def sweep_distances(
    records: Sequence[FrameRecord], settings: Settings, right_from: int | None
) -> Raised:
    """Return STOPs by factor for a detector with the distance rule only: ``margin_mm * f``.

    After acknowledgement a new STOP requires a distance smaller by ``worse_by``, as in LeakWatch.
    """
    margin_mm, worse_by = settings.alerting.margin_mm, settings.alerting.worse_by
    found = []
    for factor in FACTORS:
        raised: list[int] = []
        limit_mm, clear_at_s, nearest_mm = margin_mm * factor, float("-inf"), float("inf")
        for record in records:
            distance_mm, time_s = record.distance_mm, record.time_s
            if distance_mm is None:
                continue
            if time_s >= clear_at_s and distance_mm <= limit_mm:
                raised.append(record.frame)
                clear_at_s = time_s + RESPONSE_S
            if time_s <= clear_at_s:
                nearest_mm = min(nearest_mm, distance_mm)
                limit_mm = min(limit_mm, nearest_mm - worse_by)
            if raised and right_from is not None and raised[-1] >= right_from:
                break
        found.append((factor, tuple(raised)))
    return tuple(found)


def score_raised(truth: CaseTruth, raised: Sequence[int]) -> tuple[bool, int]:
    """Return whether a due STOP was given in time, and the number of false STOPs.

    A STOP counts as given if it is not false, or is still displayed when it is due.
    """
    right = truth.frames if truth.right_from is None else truth.right_from
    false = sum(frame < right for frame in raised)
    due = truth.due_frame
    if due is None:
        return False, false
    given = any(
        (frame - due) / truth.fps <= IN_TIME_S
        and (frame >= right or (due - frame) / truth.fps < RESPONSE_S)
        for frame in raised
    )
    return given, false
