"""Timeline of two analysed tracks: the frames of both in order of time. No Qt."""

from __future__ import annotations

import math
from bisect import bisect_right

from leakwatch.core.results import Level
from leakwatch.gui.replay.track import Track
from leakwatch.live.planes import combine

# Frames of two planes that are closer are of one moment: 1/60 s is the fastest run.
SAME_TIME_S = 0.001


class MergedTrack:
    """Times and levels of two tracks, over the time that both have been analysed.

    A frame of either is a step of the timeline, or one of each at the same time. Its level is the
    worse of both planes; a plane whose last frame is too old, or that has none yet, is UNKNOWN.

    Parameters
    ----------
    tracks : tuple of Track
        Filled by other threads.
    offset_s : float
        By how many seconds the first frame of the second track is later than that of the first.
    stale_after_s : float
        After a longer time without a frame a plane is UNKNOWN.
    """

    def __init__(self, tracks: tuple[Track, Track], offset_s: float, stale_after_s: float) -> None:
        self._tracks, self._stale_s = tracks, stale_after_s
        # The timeline begins with the earlier plane.
        start_s = min(offset_s, 0.0)
        self.offsets_s = (-start_s, offset_s - start_s)
        self._taken = [0, 0]
        self._times: list[float] = []
        self._places: list[tuple[int, int]] = []
        self._levels: list[Level] = []
        self._partly: list[bool] = []
        self._acknowledged: list[bool] = []

    def update(self) -> None:
        """Take the frames that were analysed meanwhile."""
        end_s = self._analysed_s()
        counts = [len(track) for track in self._tracks]
        while True:
            next_s = [self._next_s(plane, counts[plane]) for plane in (0, 1)]
            first_s = min(next_s)
            if first_s > end_s or math.isinf(first_s):
                break
            for plane in (0, 1):
                # Frames of one moment are one step, or a step back would not leave them.
                self._taken[plane] += next_s[plane] - first_s < SAME_TIME_S
            self._times.append(first_s)
            self._places.append((self._taken[0] - 1, self._taken[1] - 1))
        self._find_levels()

    def forget_levels(self) -> None:
        """Find all levels again, as after an acknowledgement."""
        self._levels.clear()
        self._partly.clear()
        self._acknowledged.clear()
        self._find_levels()

    def __len__(self) -> int:
        return len(self._times)

    def time_s(self, index: int) -> float:
        """Return the time of a step, seconds from the first frame of either plane."""
        return self._times[index]

    @property
    def ended(self) -> bool:
        """Return whether the analysis of both has ended, and all frames were taken."""
        if not all(track.ended for track in self._tracks):
            return False
        return self._taken == [len(track) for track in self._tracks]

    def step_of(self, plane: int, frame: int) -> int | None:
        """Return the step of a frame of a plane; None if there is no such frame."""
        places = (place for place, both in enumerate(self._places) if both[plane] == frame)
        return next(places, None)

    def levels(self) -> tuple[Level, ...]:
        """Return the worse level of each step."""
        return tuple(self._levels)

    def partly(self) -> tuple[bool, ...]:
        """Return whether each step is UNKNOWN only because rules were not set up."""
        return tuple(self._partly)

    def acknowledged(self) -> tuple[bool, ...]:
        """Return whether each step is WATCH with an acknowledged STOP, as in the common banner."""
        return tuple(self._acknowledged)

    def age_s(self, plane: int, time_s: float) -> float | None:
        """Return the age of the frame of a plane at a time; None before its first frame."""
        track, at_s = self._tracks[plane], self.local_s(plane, time_s)
        place = bisect_right(range(len(track)), at_s, key=track.time_s) - 1
        return None if place < 0 else at_s - track.time_s(place)

    def local_s(self, plane: int, time_s: float) -> float:
        """Return a time of the timeline in seconds from the first frame of a plane."""
        return time_s - self.offsets_s[plane] + SAME_TIME_S

    def _next_s(self, plane: int, count: int) -> float:
        place = self._taken[plane]
        if place >= count:
            return math.inf
        return self._tracks[plane].time_s(place) + self.offsets_s[plane]

    def _analysed_s(self) -> float:
        """Return until when both planes are known."""
        ends = [math.inf]
        for track, offset_s in zip(self._tracks, self.offsets_s, strict=True):
            if not track.ended:
                ends.append(track.time_s(len(track) - 1) + offset_s if len(track) else -math.inf)
        return min(ends)

    def _find_levels(self) -> None:
        if len(self._levels) == len(self._times):
            return
        levels = [track.levels() for track in self._tracks]
        partly = [track.partly() for track in self._tracks]
        acknowledged = [track.acknowledged() for track in self._tracks]
        completes = [track.watches_all_but_wall() for track in self._tracks]
        for step in range(len(self._levels), len(self._times)):
            now: list[Level] = []
            part: list[bool] = []
            cleared: list[bool] = []
            for plane, place in enumerate(self._places[step]):
                level = Level.UNKNOWN if place < 0 else levels[plane][place]
                age_s = math.inf if place < 0 else self._age_of(plane, place, step)
                if age_s > self._stale_s and level is not Level.STOP:
                    level = Level.UNKNOWN
                now.append(level)
                part.append(place >= 0 and age_s <= self._stale_s and partly[plane][place])
                stands = level is Level.WATCH or part[-1]
                cleared.append(stands and acknowledged[plane][place])
            if Level.CLEAR in now:  # the other plane watches the wall
                for plane, place in enumerate(self._places[step]):
                    if part[plane] and completes[plane][place]:
                        now[plane], part[plane] = Level.CLEAR, False
            self._take_level(now, part)
            stands = self._levels[-1] is Level.WATCH or self._partly[-1]
            self._acknowledged.append(stands and any(cleared))

    def _take_level(self, levels: list[Level], partly: list[bool]) -> None:
        """Take the level of a step: PARTLY weighs less than WATCH, as in the common banner."""
        blind = any(
            level is Level.UNKNOWN and not part for level, part in zip(levels, partly, strict=True)
        )
        seen = [one for one in levels if one is not Level.UNKNOWN or blind]
        watched = Level.WATCH in seen or Level.STOP in seen or blind
        self._levels.append(combine(*seen) if watched or not any(partly) else Level.UNKNOWN)
        self._partly.append(not watched and any(partly))

    def _age_of(self, plane: int, place: int, step: int) -> float:
        return self._times[step] - self.offsets_s[plane] - self._tracks[plane].time_s(place)
