"""Measurements of a session, for the trend and for new growth. No clock."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from leakwatch.config import WindowSettings
from leakwatch.core.recent_values import max_frames_in
from leakwatch.core.results import Alert, Observation
from leakwatch.display.trend_samples import (
    STEP_S,
    GapFinder,
    SampleRecord,
    TrendSample,
    sample_of,
)

# An observation older than requested by more than this share is not used.
TOO_OLD = 1.0


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
        self._case = SampleRecord()
        self._gaps, self._restarted = GapFinder(), False

    def append(self, seen: Observation, alert: Alert) -> None:
        """Add the next observation; if time goes back, discard the earlier ones."""
        if self._samples and seen.time_s < self._samples[-1].time_s:
            self.clear()
        self._seen.append(seen)
        keep_s = self._settings.growth_s * (1.0 + TOO_OLD)
        while seen.time_s - self._seen[0].time_s > keep_s:
            self._seen.popleft()
        gap = self._gaps.next(seen.time_s) or self._restarted
        self._restarted = False
        sample = replace(sample_of(seen, alert), after_gap=gap)
        self._case.append(sample)
        self._add_sample(sample)

    def restart(self) -> None:
        """Begin another baseline: nothing is compared across it, and no line is drawn."""
        self._seen.clear()
        self._restarted = True

    def clear(self) -> None:
        """Discard everything, as for another patient."""
        self._seen.clear()
        self._samples.clear()
        self._case.clear()
        self._gaps, self._restarted = GapFinder(), False

    @property
    def samples(self) -> tuple[TrendSample, ...]:
        """Points of the last minute, oldest first."""
        return tuple(self._samples)

    @property
    def case_samples(self) -> tuple[TrendSample, ...]:
        """Points of the whole case, oldest first."""
        return self._case.samples

    def before(self, time_s: float) -> Observation | None:
        """Return the observation ``growth_s`` before `time_s`, or of the last frame before that.

        None if there is none near enough, or if it was not assessed.
        """
        growth_s = self._settings.growth_s
        wanted_s = time_s - growth_s
        earlier = [one for one in self._seen if one.time_s <= wanted_s + 1e-6]
        return value_before(earlier[-1], wanted_s, growth_s) if earlier else None

    def _add_sample(self, sample: TrendSample) -> None:
        samples = self._samples
        if len(samples) > 1 and sample.time_s - samples[-2].time_s < STEP_S:
            # The last of a step is shown, with what was missing before any of them.
            before = samples.pop()
            gap = before.after_gap or before.assessed is not sample.assessed
            sample = replace(sample, after_gap=sample.after_gap or gap)
        samples.append(sample)
        while sample.time_s - samples[0].time_s > self._settings.trend_s:
            samples.popleft()
