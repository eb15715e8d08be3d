"""When a STOP would have come had the alarm been set finer or coarser, in the same pass.

Only the decision is taken again, over the same observations, so that ten thresholds cost next to
nothing beside the vision. What a factor changes is told in docs/reference/metrics.md.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from leakwatch import alerting
from leakwatch.config import Settings
from leakwatch.model import Level, Observation

# 1 is the alarm as it is set. Below: as good as silent; above: far more than anybody would bear.
FACTORS = (0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0, 3.0)

# Seconds to the margin never raise a STOP: not worth a fit a frame and factor.
_NO_PREDICTION = 1_000_000_000


class ThresholdSweep:
    """First STOP at each of `FACTORS`, over the observations of one run.

    At factor f a STOP asks for cement within ``margin_mm * f`` of the wall, for a confirmed tube of
    ``tubular.min_length_mm / f``, or for ``outside_area_mm2 / f`` outside the body.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._least_mm = {f: settings.tubular.min_length_mm / f for f in FACTORS}
        self._states = {f: alerting.initial_state(scaled(settings, f)) for f in FACTORS}
        self._stops: dict[float, int | None] = dict.fromkeys(FACTORS)

    def add(self, observation: Observation) -> None:
        """Take the next frame."""
        for factor in FACTORS:
            if self._stops[factor] is not None:
                continue
            seen = with_long_tubes(observation, self._least_mm[factor])
            self._states[factor], alert = alerting.decide(self._states[factor], seen)
            if alert.level is Level.STOP:
                self._stops[factor] = observation.frame

    @property
    def stops(self) -> tuple[tuple[float, int | None], ...]:
        """Factor and first frame of STOP, finest last."""
        return tuple(self._stops.items())


def scaled(settings: Settings, factor: float) -> Settings:
    """Settings whose alarm is `factor` times as easily raised."""
    alarm = msgspec.structs.replace(
        settings.alerting,
        margin_mm=settings.alerting.margin_mm * factor,
        outside_area_mm2=settings.alerting.outside_area_mm2 / factor,
        speed_min_frames=_NO_PREDICTION,
    )
    return msgspec.structs.replace(settings, alerting=alarm)


def with_long_tubes(observation: Observation, least_mm: float) -> Observation:
    """The same frame, in which no tube shorter than `least_mm` is confirmed."""
    short = [tube.length_mm is not None and tube.length_mm < least_mm for tube in observation.tubes]
    if not any(short):
        return observation
    tubes = tuple(
        replace(tube, confirmed=tube.confirmed and not is_short)
        for tube, is_short in zip(observation.tubes, short, strict=True)
    )
    return replace(observation, tubes=tubes)


def sweep_distances(
    distances_mm: list[float | None], margin_mm: float
) -> tuple[tuple[float, int | None], ...]:
    """The same for a detector whose only rule is the distance: within ``margin_mm * f``."""
    near = {
        factor: (
            index
            for index, distance in enumerate(distances_mm)
            if distance is not None and distance <= margin_mm * factor
        )
        for factor in FACTORS
    }
    return tuple((factor, next(frames, None)) for factor, frames in near.items())
