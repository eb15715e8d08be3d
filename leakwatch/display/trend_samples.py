"""Points of the trend, of a live session, a replay and a report alike. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from leakwatch.core.active_rules import Coverage, coverage_of
from leakwatch.core.results import Alert, Level, Observation, Reason
from leakwatch.display.level_styles import is_acknowledged

# A longer interval between two frames is a gap in the line, s ...
GAP_S = 1.0
# ... unless the source is that slow: a gap is longer than its last intervals by this factor.
GAP_INTERVALS = 2.5
_INTERVALS = 5
# Interval of the points of the last minute, s: a small plot cannot show more than ten per second.
STEP_S = 0.1
# Points of a whole case: no plot is wider in pixels.
MOST_SAMPLES = 2000
# A frame with such a reason is not assessed; other reasons make single rules inactive.
BLIND = frozenset({Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR})


@dataclass(frozen=True, slots=True)
class TrendSample:
    """Point of the trend; None if unknown.

    Parameters
    ----------
    time_s : float
    distance, sigma : float or None
        To the posterior wall, mm; px if not calibrated.
    area : float or None
        mm²; px if not calibrated.
    volume_ml : float or None
    amount : float or None
        Proportional to the volume by a factor that is unknown by itself.
    level : Level
        As shown.
    partly : bool
        Some rules are active, and the others were not set up.
    assessed : bool
        Whether the frame was compared with the baseline. If not, no line is drawn to or from it.
    margin_mm : float or None
        Margin that the operator set; None: that of the settings.
    after_gap : bool
        Whether frames are missing before it.
    acknowledged : bool
        The level is that of a STOP that was acknowledged.
    """

    time_s: float
    distance: float | None
    sigma: float | None = None
    area: float | None = None
    volume_ml: float | None = None
    amount: float | None = None
    level: Level = Level.UNKNOWN
    partly: bool = False
    assessed: bool = True
    margin_mm: float | None = None
    after_gap: bool = False
    acknowledged: bool = False


def sample_of(seen: Observation, alert: Alert) -> TrendSample:
    """Return the point of the trend for a frame."""
    wall, cement = seen.wall_distance, seen.cement
    in_mm = seen.calibration.mm_per_px is not None
    distance = sigma = area = volume_ml = amount = None
    if wall is not None:
        distance = wall.distance_mm if in_mm else wall.distance_px
        sigma = wall.sigma_mm if in_mm else wall.sigma_px
    if cement is not None:
        area, volume_ml = cement.area_mm2 if in_mm else cement.area_px, cement.volume_ml
        amount = cement.volume.amount_mm2
    partly = coverage_of(seen) is Coverage.PARTLY
    return TrendSample(
        seen.time_s,
        distance,
        sigma,
        area,
        volume_ml,
        amount,
        alert.level,
        partly,
        cement is not None and not BLIND & set(seen.unavailable),
        alert.margin_mm,
        acknowledged=is_acknowledged(alert.level, partly, alert.acknowledged),
    )


class GapFinder:
    """Decision, frame by frame, whether frames are missing before the next one."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)

    def next(self, time_s: float) -> bool:
        """Return whether there is a gap before the frame of `time_s`."""
        last_s, self._last_s = self._last_s, time_s
        if last_s is None:
            return False
        interval_s, known = time_s - last_s, sorted(self._intervals)
        usual_s = known[len(known) // 2] if known else 0.0
        self._intervals.append(interval_s)
        return interval_s > max(GAP_S, GAP_INTERVALS * usual_s)


def with_gaps(samples: Iterable[TrendSample]) -> tuple[TrendSample, ...]:
    """Return samples of successive frames, each with whether frames are missing before it."""
    finder = GapFinder()
    return tuple(
        replace(one, after_gap=True) if finder.next(one.time_s) else one for one in samples
    )


class SampleRecord:
    """Samples of a whole case, no more than `MOST_SAMPLES`, however long it lasts.

    Of samples that share a place, the one nearest to the wall is kept, and gaps remain gaps.
    """

    def __init__(self) -> None:
        self._kept: list[TrendSample] = []
        self._step_s = 0.0

    def append(self, sample: TrendSample) -> None:
        """Add the next sample, which is later than all others."""
        kept = self._kept
        if len(kept) > 1 and sample.time_s - kept[-2].time_s < self._step_s:
            sample = _nearer(kept.pop(), sample)
        kept.append(sample)
        if len(kept) > MOST_SAMPLES:
            self._thin()

    def clear(self) -> None:
        """Discard everything, as for another patient."""
        self._kept, self._step_s = [], 0.0

    @property
    def samples(self) -> tuple[TrendSample, ...]:
        """All samples, oldest first."""
        return tuple(self._kept)

    def _thin(self) -> None:
        kept, self._kept = self._kept, []
        span_s = kept[-1].time_s - kept[0].time_s
        self._step_s = max(2.0 * self._step_s, 2.0 * span_s / MOST_SAMPLES)
        for first, second in zip(kept[::2], kept[1::2], strict=False):
            self._kept.append(_nearer(first, second))
        if len(kept) % 2:
            self._kept.append(kept[-1])


def _nearer(first: TrendSample, second: TrendSample) -> TrendSample:
    """Return the sample that is nearer to the wall, with the gap before either."""
    near = second
    if first.distance is not None and (second.distance is None or first.distance < second.distance):
        near = first
    # What was not assessed must not vanish in what was.
    gap = first.after_gap or second.after_gap or first.assessed is not second.assessed
    return replace(near, after_gap=True) if gap and not near.after_gap else near
