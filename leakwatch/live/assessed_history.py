"""Results that a session keeps: the last assessed image, and detected cement. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leakwatch.core.messages import text
from leakwatch.core.results import Observation, Reason, Snapshot
from leakwatch.display.last_assessed import age_text, cement_text
from leakwatch.display.trend_samples import BLIND


@dataclass(frozen=True, slots=True)
class TimedDecision:
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
class AssessedHistory:
    """Results that are kept after their frame.

    Parameters
    ----------
    newest : TimedDecision or None
        Decision on the last frame with a new image.
    assessed : TimedDecision or None
        Decision on the last assessed frame.
    cement : TimedDecision or None
        Decision on the last assessed frame with cement, since the start of the baseline.
    discarded : TimedDecision or None
        The same before the baseline was restarted.
    """

    newest: TimedDecision | None = None
    assessed: TimedDecision | None = None
    cement: TimedDecision | None = None
    discarded: TimedDecision | None = None

    def update(self, decision: TimedDecision) -> AssessedHistory:
        """Return the history after a decision on a new frame."""
        observation = decision.snapshot.observation
        if decision.snapshot.fault is not None or Reason.STALE in observation.unavailable:
            return self
        if not is_assessed(observation):
            return replace(self, newest=decision)
        has_cement = observation.cement is not None and observation.cement.area_px > 0.0
        return replace(
            self, newest=decision, assessed=decision, cement=decision if has_cement else self.cement
        )

    def after_new_baseline(self) -> AssessedHistory:
        """Return the history after a new baseline: the current image is taken as cement-free."""
        return AssessedHistory(discarded=self.cement or self.discarded)

    def decision_to_show(self, follows_s: float) -> TimedDecision | None:
        """Return the image that stays on the screen when no new one arrives.

        Parameters
        ----------
        follows_s : float
            An unassessed frame does not replace the last assessed one if it follows within this
            time.
        """
        newest, assessed = self.newest, self.assessed
        if newest is None or assessed is None:
            return newest
        return assessed if newest.received_s - assessed.received_s <= follows_s else newest

    def image_kept(self, decision: TimedDecision, follows_s: float) -> TimedDecision | None:
        """Return the image on the screen where it is not that of the last decision.

        Parameters
        ----------
        decision : TimedDecision
            The last one.
        follows_s : float
            As for `decision_to_show`.
        """
        latest = decision.snapshot
        past = latest.fault is not None or Reason.STALE in latest.observation.unavailable
        return self.decision_to_show(follows_s) if past else None

    def known_position(self, kept: TimedDecision) -> Snapshot | None:
        """Return a kept image if the position of the marks in it is known."""
        return kept.snapshot if kept is self.assessed else None

    def discards_text(self, now_s: float) -> str:
        """Return what a new baseline would discard, as text; empty if no cement was detected."""
        if self.cement is not None:
            return text("discards {cement}", cement=_cement_text(self.cement, now_s))
        if self.discarded is not None:
            cement = _cement_text(self.discarded, now_s)
            return text("keeps {cement} in the baseline", cement=cement)
        return ""

    def discarded_text(self, now_s: float) -> str:
        """Return the cement that is not monitored since the new baseline, as text; or empty."""
        if self.discarded is None:
            return ""
        cement = _cement_text(self.discarded, now_s)
        return text("Included in the baseline: {cement} (Shift B undoes it)", cement=cement)


def is_assessed(observation: Observation) -> bool:
    """Return whether a frame was compared with the baseline."""
    return observation.cement is not None and not BLIND & set(observation.unavailable)


def _cement_text(decision: TimedDecision, now_s: float) -> str:
    age = age_text(decision.age_s(now_s))
    cement = cement_text(decision.snapshot.observation)
    return text("{cement}, {age} ago", cement=cement, age=age)
