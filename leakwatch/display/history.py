"""What was measured in the last minute: for the trend, and for what is new. No clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from leakwatch.config import WindowSettings
from leakwatch.core.recent_values import max_frames_in
from leakwatch.core.results import Observation

# A point of the trend stands for this long, s: ten a second are more than a small plot can show.
STEP_S = 0.1
# An observation this much older than asked for is not "then" any more, as a share.
TOO_OLD = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One point of the trend; None where it is not known.

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


def moment_of(seen: Observation) -> Moment:
    """What an observation gives to the trend."""
    wall, cement = seen.wall_distance, seen.cement
    return Moment(
        seen.time_s,
        None if wall is None else wall.distance_mm,
        None if wall is None else wall.sigma_mm,
        None if cement is None else cement.area_mm2,
    )


def thinned(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """No more points than a plot can show; the last is always there."""
    kept: list[Moment] = []
    for one in moments:
        if len(kept) > 1 and one.time_s - kept[-2].time_s < STEP_S:
            kept.pop()
        kept.append(one)
    return tuple(kept)


def then_of(found: Observation, wanted_s: float, growth_s: float) -> Observation | None:
    """`found`, the last that is old enough; None where it is too old, or was not compared."""
    too_old = wanted_s - found.time_s > TOO_OLD * growth_s
    return None if too_old or found.cement is None else found


class History:
    """Keeps what `WindowSettings` ask for; used on one thread.

    Parameters
    ----------
    settings : WindowSettings
    """

    def __init__(self, settings: WindowSettings) -> None:
        self._settings = settings
        self._seen: deque[Observation] = deque(
            maxlen=max_frames_in(settings.growth_s * (1.0 + TOO_OLD))
        )
        self._moments: deque[Moment] = deque()

    def append(self, seen: Observation) -> None:
        """Take the next observation; where time goes back, what was before is forgotten."""
        if self._seen and seen.time_s < self._seen[-1].time_s:
            self.clear()
        self._seen.append(seen)
        keep_s = self._settings.growth_s * (1.0 + TOO_OLD)
        while seen.time_s - self._seen[0].time_s > keep_s:
            self._seen.popleft()
        self._add_moment(seen)

    def clear(self) -> None:
        """Forget everything: another baseline, another patient."""
        self._seen.clear()
        self._moments.clear()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The trend, oldest first."""
        return tuple(self._moments)

    def before(self, time_s: float) -> Observation | None:
        """The observation of ``growth_s`` before `time_s`, or of the last frame before that.

        None where there is none that is near enough, or where it could not be compared.
        """
        growth_s = self._settings.growth_s
        wanted_s = time_s - growth_s
        earlier = [one for one in self._seen if one.time_s <= wanted_s + 1e-6]
        return then_of(earlier[-1], wanted_s, growth_s) if earlier else None

    def _add_moment(self, seen: Observation) -> None:
        if len(self._moments) > 1 and seen.time_s - self._moments[-2].time_s < STEP_S:
            self._moments.pop()
        self._moments.append(moment_of(seen))
        while seen.time_s - self._moments[0].time_s > self._settings.trend_s:
            self._moments.popleft()
