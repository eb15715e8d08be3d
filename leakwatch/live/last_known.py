"""Results that a session keeps: the last assessed image, and detected cement. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leakwatch.core.messages import text
from leakwatch.core.results import Observation, Reason, Snapshot
from leakwatch.display.banner import age_text, cement_text

# A frame with such a reason is not assessed; other reasons make single rules inactive.
_BLIND = frozenset(
    {Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR}
)


@dataclass(frozen=True, slots=True)
class Present:
    """A decision of a session, with its times.

    Parameters
    ----------
    snapshot : Snapshot
    detail : str
        Why the frame is not assessed, if the session has a more specific text than a `Reason`.
    received_s, decided_s : float
        ``time.monotonic()`` of the frame.
    """

    snapshot: Snapshot
    detail: str
    received_s: float
    decided_s: float

    def age_s(self, now_s: float) -> float:
        """Return the time since its frame was received, s."""
        return max(now_s - self.received_s, 0.0)


@dataclass(frozen=True, slots=True)
class Known:
    """Results that are kept after their frame.

    Parameters
    ----------
    newest : Present or None
        Decision on the last frame with a new image.
    judged : Present or None
        Decision on the last assessed frame.
    cement : Present or None
        Decision on the last assessed frame with cement, since the start of the baseline.
    forgotten : Present or None
        The same before the baseline was restarted.
    """

    newest: Present | None = None
    judged: Present | None = None
    cement: Present | None = None
    forgotten: Present | None = None

    def seen(self, present: Present) -> Known:
        """Return the history after a decision on a new frame."""
        seen = present.snapshot.observation
        if present.snapshot.fault is not None or Reason.STALE in seen.unavailable:
            return self
        if not is_judged(seen):
            return replace(self, newest=present)
        has_cement = seen.cement is not None and seen.cement.area_px > 0.0
        return replace(
            self, newest=present, judged=present, cement=present if has_cement else self.cement
        )

    def started_anew(self) -> Known:
        """Return the history after a new baseline: the current image is taken as cement-free."""
        return Known(forgotten=self.cement or self.forgotten)

    def held(self, follows_s: float) -> Present | None:
        """Return the image that stays on the screen when no new one arrives.

        Parameters
        ----------
        follows_s : float
            An unassessed frame does not replace the last assessed one if it follows within this
            time.
        """
        newest, judged = self.newest, self.judged
        if newest is None or judged is None:
            return newest
        return judged if newest.received_s - judged.received_s <= follows_s else newest

    def forgets(self, now_s: float) -> str:
        """Return what a new baseline would discard, as text; empty if no cement was detected."""
        if self.cement is not None:
            return text("discards {cement}", cement=_words(self.cement, now_s))
        if self.forgotten is not None:
            cement = _words(self.forgotten, now_s)
            return text("keeps {cement} in the baseline", cement=cement)
        return ""

    def forgotten_words(self, now_s: float) -> str:
        """Return the cement that is not monitored since the new baseline, as text; or empty."""
        if self.forgotten is None:
            return ""
        cement = _words(self.forgotten, now_s)
        return text("Included in the baseline: {cement} (Shift B undoes it)", cement=cement)


def is_judged(seen: Observation) -> bool:
    """Return whether a frame was compared with the baseline."""
    return seen.cement is not None and not _BLIND & set(seen.unavailable)


def _words(present: Present, now_s: float) -> str:
    age = age_text(present.age_s(now_s))
    cement = cement_text(present.snapshot.observation)
    return text("{cement}, {age} ago", cement=cement, age=age)
