"""What a session knows of the past: the last judged picture, and cement that was seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leakwatch.core.results import Observation, Reason, Snapshot
from leakwatch.display.banner import age_text, cement_text

# Of such a frame nothing was judged; other reasons switch single rules off.
_BLIND = frozenset(
    {Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR}
)


@dataclass(frozen=True, slots=True)
class Present:
    """A decision of a session, with its moments.

    Parameters
    ----------
    snapshot : Snapshot
    detail : str
        Why the frame is not judged, where the session knows it better than a `Reason` says.
    received_s, decided_s : float
        ``time.monotonic()`` of the frame.
    """

    snapshot: Snapshot
    detail: str
    received_s: float
    decided_s: float

    def age_s(self, now_s: float) -> float:
        """How long ago its frame was received."""
        return max(now_s - self.received_s, 0.0)


@dataclass(frozen=True, slots=True)
class Known:
    """What outlasts the frame that showed it.

    Parameters
    ----------
    newest : Present or None
        Of the last frame that showed a picture of its own.
    judged : Present or None
        Of the last frame that was judged.
    cement : Present or None
        Of the last judged frame in which cement was seen, since the baseline began.
    forgotten : Present or None
        The same before that, where the person began anew over it.
    """

    newest: Present | None = None
    judged: Present | None = None
    cement: Present | None = None
    forgotten: Present | None = None

    def seen(self, present: Present) -> Known:
        """Take a decision on a frame that came."""
        seen = present.snapshot.observation
        if present.snapshot.fault is not None or Reason.STALE in seen.unavailable:
            return self
        if not is_judged(seen):
            return replace(self, newest=present)
        has_cement = seen.cement is not None and seen.cement.area_px > 0.0
        return replace(
            self, newest=present, judged=present, cement=present if has_cement else self.cement
        )

    def restart_baseline(self) -> Known:
        """What is seen now counts as anatomy."""
        return Known(forgotten=self.cement or self.forgotten)

    def held(self, follows_s: float) -> Present | None:
        """The picture that stays on the screen when no other comes.

        Parameters
        ----------
        follows_s : float
            A frame that was not judged may follow the last judged one by so long, and is not
            shown in its place.
        """
        newest, judged = self.newest, self.judged
        if newest is None or judged is None:
            return newest
        return judged if newest.received_s - judged.received_s <= follows_s else newest

    def forgets(self, now_s: float) -> str:
        """What a new baseline would forget, in words; empty where no cement was ever seen."""
        if self.cement is not None:
            return f"forgets {_words(self.cement, now_s)}"
        if self.forgotten is not None:
            return f"keeps {_words(self.forgotten, now_s)} forgotten"
        return ""

    def forgotten_words(self, now_s: float) -> str:
        """What is not watched since the person began anew; empty where nothing is."""
        if self.forgotten is None:
            return ""
        return f"Counts as anatomy: {_words(self.forgotten, now_s)} (Shift B takes it back)"


def is_judged(seen: Observation) -> bool:
    """Whether a frame was compared with the baseline, so that what it shows is known."""
    return seen.cement is not None and not _BLIND & set(seen.unavailable)


def _words(present: Present, now_s: float) -> str:
    age = age_text(present.age_s(now_s))
    return f"{cement_text(present.snapshot.observation)}, seen {age} ago"
