"""Measurements of the last minute, for the trend and for new growth. No clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from leakwatch.config import WindowSettings
from leakwatch.core.recent_values import max_frames_in
from leakwatch.core.results import Observation

# Interval of the points of the trend, s: a small plot cannot show more than ten per second.
STEP_S = 0.1
# An observation older than requested by more than this share is not used.
TOO_OLD = 1.0


@dataclass(frozen=True, slots=True)
class TrendSample:
    """Point of the trend; None if unknown.

    Parameters
    ----------
    time_s : float
    distance_mm, sigma_mm : float or None
    area_mm2 : float or None
    """

    time_s: float
    distance_mm: float | None
    sigma_mm: float | None
    area_mm2: float | None


def sample_of(seen: Observation) -> TrendSample:
    """Return the point of the trend for an observation."""
    wall, cement = seen.wall_distance, seen.cement
    return TrendSample(
        seen.time_s,
        None if wall is None else wall.distance_mm,
        None if wall is None else wall.sigma_mm,
        None if cement is None else cement.area_mm2,
    )


def thin_samples(samples: Iterable[TrendSample]) -> tuple[TrendSample, ...]:
    """Return no more points than a plot can show, always including the last."""
    kept: list[TrendSample] = []
    for one in samples:
        if len(kept) > 1 and one.time_s - kept[-2].time_s < STEP_S:
            kept.pop()
        kept.append(one)
    return tuple(kept)


def value_before(found: Observation, wanted_s: float, growth_s: float) -> Observation | None:
    """Return `found`, the last that is old enough; None if too old or not assessed."""
    too_old = wanted_s - found.time_s > TOO_OLD * growth_s
    return None if too_old or found.cement is None else found


class History:
    """Observations and trend for as long as `WindowSettings` say; used on one thread.

    Parameters
    ----------
    settings : WindowSettings
    """

    def __init__(self, settings: WindowSettings) -> None:
        self._settings = settings
        self._seen: deque[Observation] = deque(
            maxlen=max_frames_in(settings.growth_s * (1.0 + TOO_OLD))
        )
        self._samples: deque[TrendSample] = deque()

    def append(self, seen: Observation) -> None:
        """Add the next observation; if time goes back, discard the earlier ones."""
        if self._seen and seen.time_s < self._seen[-1].time_s:
            self.clear()
        self._seen.append(seen)
        keep_s = self._settings.growth_s * (1.0 + TOO_OLD)
        while seen.time_s - self._seen[0].time_s > keep_s:
            self._seen.popleft()
        self._add_moment(seen)

    def clear(self) -> None:
        """Discard everything, as for another baseline or another patient."""
        self._seen.clear()
        self._samples.clear()

    @property
    def samples(self) -> tuple[TrendSample, ...]:
        """Points of the trend, oldest first."""
        return tuple(self._samples)

    def before(self, time_s: float) -> Observation | None:
        """Return the observation ``growth_s`` before `time_s`, or of the last frame before that.

        None if there is none near enough, or if it was not assessed.
        """
        growth_s = self._settings.growth_s
        wanted_s = time_s - growth_s
        earlier = [one for one in self._seen if one.time_s <= wanted_s + 1e-6]
        return value_before(earlier[-1], wanted_s, growth_s) if earlier else None

    def _add_moment(self, seen: Observation) -> None:
        if len(self._samples) > 1 and seen.time_s - self._samples[-2].time_s < STEP_S:
            self._samples.pop()
        self._samples.append(sample_of(seen))
        while seen.time_s - self._samples[0].time_s > self._settings.trend_s:
            self._samples.popleft()
