"""Reference pictures of a replay: found in the analysed track, up to the displayed frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leakwatch.core.errors import SourceError
from leakwatch.core.results import Snapshot
from leakwatch.display.references import (
    LEAD_S,
    MOST_KEPT,
    Reference,
    ReferenceKind,
    has_cement,
    is_compared,
)
from leakwatch.gui.replay.track import Track


class TrackReferences:
    """Reference pictures at a frame of a track.

    Parameters
    ----------
    track : Track

    Attributes
    ----------
    index : int
        The displayed frame.
    """

    def __init__(self, track: Track) -> None:
        self._track = track
        self.index = 0
        self._kept: tuple[Reference, ...] = ()
        self._first_cement: int | None = None
        self._looked_at = 0
        self._made: dict[ReferenceKind, Reference] = {}

    @property
    def kept(self) -> Sequence[Reference]:
        """Kept images, oldest first."""
        return self._kept

    def keep(self, snapshot: Snapshot) -> Reference:
        """Keep an image, as the newest of the kept ones."""
        number = self._kept[-1].number + 1 if self._kept else 1
        kept = Reference(ReferenceKind.KEPT, snapshot, None, number)
        self._kept = (*self._kept, kept)[-MOST_KEPT:]
        return kept

    def reference(self, kind: ReferenceKind, number: int = 0) -> Reference | None:
        """Return the reference of a kind; None if there is none, or it cannot be read again."""
        if kind is ReferenceKind.KEPT:
            return next((one for one in self._kept if one.number == number), None)
        place = self._before_cement() if kind is ReferenceKind.BEFORE_CEMENT else self._last_stop()
        return None if place is None else self._at(kind, place)

    def _at(self, kind: ReferenceKind, place: int) -> Reference | None:
        known = self._made.get(kind)
        frame = self._track.snapshot(place).frame.index
        if known is not None and known.snapshot.frame.index == frame:
            return known
        try:
            snapshot = self._track.snapshot_with_pixels(place)
        except SourceError:
            return None
        self._made[kind] = made = Reference(kind, snapshot, None)
        return made

    def _before_cement(self) -> int | None:
        """Return the last frame that is surely before cement."""
        cement = self._cement_until()
        if cement is None:
            return self._last_clean(self.index)
        safe = self._last_clean(cement - 1, self._track.time_s(cement) - LEAD_S)
        return self._last_clean(cement - 1) if safe is None else safe

    def _cement_until(self) -> int | None:
        """Return the first frame with cement up to the displayed one; each is looked at once."""
        while self._first_cement is None and self._looked_at <= self.index:
            if has_cement(self._track.snapshot(self._looked_at).observation):
                self._first_cement = self._looked_at
            self._looked_at += 1
        first = self._first_cement
        return None if first is None or first > self.index else first

    def _last_clean(self, last: int, latest_s: float = math.inf) -> int | None:
        """Return the last compared frame up to a frame and a time."""
        for place in range(last, -1, -1):
            seen = self._track.snapshot(place)
            clean = is_compared(seen.observation) and not seen.alert.latched
            if clean and seen.frame.time_s <= latest_s:
                return place
        return None

    def _last_stop(self) -> int | None:
        """Return the frame of the last STOP up to the displayed one."""
        later = False
        for place in range(self.index, -1, -1):
            latched = self._track.alert(place).latched
            if later and not latched:
                return place + 1
            later = latched
        return 0 if later else None
