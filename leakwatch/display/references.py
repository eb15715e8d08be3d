"""Reference pictures: images of the same case to compare the current one with. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.messages import text
from leakwatch.core.results import Level, Observation, Snapshot
from leakwatch.display.level_styles import level_word

# Cement too thin to be detected may be in the last frames before it is: the reference is older by
# this, s. At 5 mm/s, a fast flow, 2.5 mm of cement come in this time.
LEAD_S = 0.5
# Spacing of the candidates for it, s: a few are kept, not every frame.
CANDIDATE_S = 0.25
# Images that the operator keeps in one case; each takes 2 MB at 1024 x 1024.
MOST_KEPT = 24


class ReferenceKind(StrEnum):
    """Choice of the reference picture."""

    BEFORE_CEMENT = "before cement"
    STOP = "stop"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """An image to compare with.

    Parameters
    ----------
    kind : ReferenceKind
    snapshot : Snapshot
        With its pixels.
    baseline : object
        Identity of the baseline that its shift refers to: those of two references, or of a
        reference and the current image, can be compared only if they have the same.
    number : int
        Of a kept image, from 1; 0 for the others.
    """

    kind: ReferenceKind
    snapshot: Snapshot
    baseline: object
    number: int = 0

    @property
    def title(self) -> str:
        """Title with the kind of image and its time; windows count frames from 1."""
        frame = self.snapshot.frame.index + 1
        time = time_text(self.snapshot.frame.time_s)
        if self.kind is ReferenceKind.BEFORE_CEMENT:
            return text("Before cement: {time}, frame {frame}", time=time, frame=frame)
        if self.kind is ReferenceKind.STOP:
            return text("Last STOP: {time}, frame {frame}", time=time, frame=frame)
        return text(
            "Kept image {number}: {time}, frame {frame}",
            number=self.number,
            time=time,
            frame=frame,
        )


def missing_text(kind: ReferenceKind) -> str:
    """Return why there is no reference of a kind."""
    if kind is ReferenceKind.BEFORE_CEMENT:
        return text("No image before cement yet: the baseline is being acquired")
    if kind is ReferenceKind.STOP:
        return text("There was no STOP yet")
    return text("No kept image yet: K keeps the current one")


def key_image_title(number: int, time_s: float, frame: int, level: Level) -> str:
    """Return number, time, frame and level of a key image."""
    return text(
        "Key image {number}: {time}, frame {frame}, {level}",
        number=number,
        time=time_text(time_s),
        frame=frame,
        level=level_word(level, False),
    )


def time_text(time_s: float) -> str:
    """Return a time of the sequence as minutes and seconds."""
    minutes, seconds = divmod(max(time_s, 0.0), 60.0)
    # Rounded down: 59.97 s is not 60.
    return f"{int(minutes):02d}:{int(seconds * 10.0) / 10.0:04.1f}"


def is_compared(observation: Observation) -> bool:
    """Return whether the position of the anatomy and the cement in a frame are known."""
    return observation.shift_px is not None and observation.cement is not None


def has_cement(observation: Observation) -> bool:
    """Return whether cement was detected."""
    return observation.cement is not None and observation.cement.area_px > 0.0


class References:
    """Reference pictures of a live case, from the snapshots as they are shown."""

    def __init__(self) -> None:
        self._subject: str | None = None
        self._forget()

    def _forget(self) -> None:
        self._baseline: object = None
        self._candidates: tuple[Reference, ...] = ()
        self._before: Reference | None = None
        self._stop: Reference | None = None
        self._kept: tuple[Reference, ...] = ()
        self._latched = False

    def add(self, snapshot: Snapshot, baseline: object) -> None:
        """Follow the next snapshot; images of another patient are forgotten."""
        subject = snapshot.frame.acquisition.subject
        if self._subject is not None and subject != self._subject:
            self._forget()
        self._subject = subject
        if baseline != self._baseline:
            self._baseline, self._candidates, self._before = baseline, (), None
        if snapshot.fault is not None:
            return
        if snapshot.alert.latched and not self._latched:
            self._stop = Reference(ReferenceKind.STOP, snapshot, baseline)
        self._latched = snapshot.alert.latched
        if self._before is None:
            self._follow_candidates(snapshot, baseline)

    def keep(self, snapshot: Snapshot, baseline: object) -> Reference:
        """Keep an image, as the newest of the kept ones."""
        number = self._kept[-1].number + 1 if self._kept else 1
        kept = Reference(ReferenceKind.KEPT, snapshot, baseline, number)
        self._kept = (*self._kept, kept)[-MOST_KEPT:]
        return kept

    @property
    def kept(self) -> tuple[Reference, ...]:
        """Kept images, oldest first."""
        return self._kept

    def reference(self, kind: ReferenceKind, number: int = 0) -> Reference | None:
        """Return the reference of a kind, the kept one by its number; None if there is none."""
        if kind is ReferenceKind.BEFORE_CEMENT:
            return self._before or self._oldest_safe()
        if kind is ReferenceKind.STOP:
            return self._stop
        return next((one for one in self._kept if one.number == number), None)

    def _follow_candidates(self, snapshot: Snapshot, baseline: object) -> None:
        seen = snapshot.observation
        if has_cement(seen):
            # Without an older candidate the newest is better than none.
            self._before = self._oldest_safe(seen.time_s)
            self._candidates = ()
            return
        if not is_compared(seen) or snapshot.alert.latched:
            return
        known = self._candidates
        if known and seen.time_s - known[-1].snapshot.frame.time_s < CANDIDATE_S:
            return
        made = Reference(ReferenceKind.BEFORE_CEMENT, snapshot, baseline)
        most = round(LEAD_S / CANDIDATE_S) + 2
        self._candidates = (*known, made)[-most:]

    def _oldest_safe(self, now_s: float | None = None) -> Reference | None:
        """Return the newest candidate that is old enough, else the oldest."""
        known = self._candidates
        if now_s is None or not known:
            return known[-1] if known else None
        safe = [one for one in known if now_s - one.snapshot.frame.time_s >= LEAD_S]
        return safe[-1] if safe else known[0]
