"""Frame rates declared by several elements, and their contradictions."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from leakwatch.core.messages import text

# Two rates are one where they differ by no more than this share: clocks are rounded.
_AGREE = 0.05
# Some elements are integers: 7.5 frames/s are 7 or 8; 0.1 more for the digits of the other.
_ROUNDED_PER_S = 0.6
# A step further from the median than by this share is a pause, or a frame that is missing.
_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class DeclaredRate:
    """Rate declared by one element.

    Parameters
    ----------
    keyword : str
        Of the tag.
    interval_s : float
        Interval between frames without pauses; 0 for a single frame.
    rounded : bool
        The element is an integer number of frames per second.
    length_s : float or None
        From the first frame to the last, pauses included; None where the tag knows of no pause.
    """

    keyword: str
    interval_s: float
    rounded: bool = False
    length_s: float | None = None

    @property
    def per_s(self) -> float:
        """Frames per second; 0 if unknown."""
        return 1 / self.interval_s if self.interval_s > 0 else 0.0


def steps_of(seconds: Sequence[float]) -> list[float]:
    """Return the seconds from each frame to the next."""
    return [after - before for before, after in itertools.pairwise(seconds)]


def usual_interval_s(steps_s: Sequence[float]) -> float:
    """Return the interval of a run, without its pauses; 0 for a single frame.

    Parameters
    ----------
    steps_s : sequence of float
        Seconds from each frame to the next.
    """
    if not steps_s:
        return 0.0
    middle = statistics.median_low(steps_s)  # an actual value, also for an even number
    return statistics.fmean(step for step in steps_s if abs(step - middle) <= _USUAL * abs(middle))


def contradictions(followed: DeclaredRate, others: Sequence[DeclaredRate]) -> tuple[str, ...]:
    """Return a sentence for each element that declares another rate than the one used.

    Parameters
    ----------
    followed : DeclaredRate
    others : sequence of DeclaredRate
    """
    return tuple(
        text(
            "{keyword} says {per_s:.3g} frames/s and {followed} {followed_per_s:.3g}; {followed} "
            "is followed",
            keyword=other.keyword,
            per_s=other.per_s,
            followed=followed.keyword,
            followed_per_s=followed.per_s,
        )
        for other in others
        if _differ(followed, other)
    )


def unseen_pauses(
    followed: DeclaredRate, others: Sequence[DeclaredRate], frames: int
) -> tuple[str, ...]:
    """Return a sentence for each element that declares pauses which the one used does not.

    Parameters
    ----------
    followed : DeclaredRate
    others : sequence of DeclaredRate
    frames : int
        Of the run.
    """
    even_s = followed.interval_s * (frames - 1)
    return tuple(
        text(
            "by {keyword} the sequence has pauses and takes {length_s:.3g} s, by {followed} "
            "{followed_s:.3g} s; {followed} is followed",
            keyword=other.keyword,
            length_s=other.length_s,
            followed=followed.keyword,
            followed_s=even_s,
        )
        for other in others
        if followed.length_s is None
        and other.length_s is not None
        and not _differ(followed, other)
        and abs(other.length_s - even_s) > followed.interval_s + _AGREE * even_s
    )


def _differ(one: DeclaredRate, other: DeclaredRate) -> bool:
    if one.per_s == 0.0 or other.per_s == 0.0:
        return False
    allowed = _AGREE * max(one.per_s, other.per_s)
    if one.rounded or other.rounded:
        allowed = max(allowed, _ROUNDED_PER_S)
    return abs(one.per_s - other.per_s) > allowed
