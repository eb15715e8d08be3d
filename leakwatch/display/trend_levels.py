"""Periods of a level, for the strip below the trend. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from leakwatch.core.results import Level
from leakwatch.display.trend_samples import TrendSample


@dataclass(frozen=True, slots=True)
class LevelPeriod:
    """Time during which one level was shown, frame by frame.

    Parameters
    ----------
    start_s, end_s : float
    level : Level
    partly : bool
        UNKNOWN only because rules were not set up.
    acknowledged : bool
        WATCH that is an acknowledged STOP.
    """

    start_s: float
    end_s: float
    level: Level
    partly: bool
    acknowledged: bool = False

    @property
    def state(self) -> tuple[Level, bool, bool]:
        """State that neighbours of the same period have in common."""
        return self.level, self.partly, self.acknowledged


def level_periods(samples: Sequence[TrendSample]) -> tuple[LevelPeriod, ...]:
    """Return the periods of each level; between two with a gap, no level was assessed.

    Parameters
    ----------
    samples : sequence of TrendSample
        At least one. A frame lasts until the next one; before a gap and at the end, as long as the
        frames usually did.
    """
    steps = sorted(two.time_s - one.time_s for one, two in pairwise(samples))
    usual_s = steps[len(steps) // 2] if steps else 0.0
    found: list[LevelPeriod] = []
    for place, one in enumerate(samples):
        later = samples[place + 1] if place + 1 < len(samples) else None
        lasts = later is not None and not later.after_gap
        end_s = later.time_s if later is not None and lasts else one.time_s + usual_s
        partly = one.partly and one.level is Level.UNKNOWN
        last = found[-1] if found else None
        period = LevelPeriod(one.time_s, end_s, one.level, partly, one.acknowledged)
        if last and not one.after_gap and last.state == period.state:
            found[-1] = replace(last, end_s=end_s)
        else:
            found.append(period)
    return tuple(found)
