"""Clock of a replay: the frame to show at a wall time. No Qt, no threads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Playback:
    """Position, speed and play or pause, over frame times that may still grow in number.

    The position never passes the last available frame: if the analysis is slower than playback,
    playback waits, and `starved_s` is the time without a new frame.

    Parameters
    ----------
    count : callable
        Returns the number of available frames.
    time_s : callable
        Returns the time of a frame by its index, seconds from the first.
    complete : callable
        Returns whether all frames are available.
    """

    def __init__(
        self,
        count: Callable[[], int],
        time_s: Callable[[int], float],
        complete: Callable[[], bool],
    ) -> None:
        self._count, self._time_s, self._complete = count, time_s, complete
        self._position_s = 0.0
        self._speed_index = SPEEDS.index(1.0)
        self.playing = False
        self.starved_s = 0.0

    @property
    def speed(self) -> float:
        """Seconds of the sequence per second of wall time."""
        return SPEEDS[self._speed_index]

    @property
    def position_s(self) -> float:
        """Position, seconds of the sequence, also between two frames."""
        return self._position_s

    @property
    def index(self) -> int | None:
        """Index of the frame to show; None before the first."""
        count = self._count()
        if count == 0:
            return None
        after = bisect_right(range(count), self._position_s, key=self._time_s)
        return max(after - 1, 0)

    @property
    def at_end(self) -> bool:
        """Return whether the last frame of a complete sequence is shown."""
        return self._complete() and self.index in (None, self._count() - 1)

    def advance(self, elapsed_s: float) -> None:
        """Advance by `elapsed_s` of wall time."""
        if not self.playing:
            self.starved_s = 0.0
            return
        count = self._count()
        wanted_s = self._position_s + elapsed_s * self.speed
        last_s = self._time_s(count - 1) if count else 0.0
        if wanted_s <= last_s:
            self._position_s, self.starved_s = wanted_s, 0.0
        elif self._complete():
            self._position_s, self.starved_s = last_s, 0.0
            self.playing = False
        else:
            waited_s = (wanted_s - last_s) / self.speed
            earlier_s = 0.0 if last_s > self._position_s else self.starved_s
            self._position_s, self.starved_s = last_s, earlier_s + waited_s

    def toggle(self) -> None:
        """Play or pause; at the end, play from the start."""
        if not self.playing and self.at_end:
            self._position_s = 0.0
        self.playing = not self.playing

    def seek(self, index: int) -> None:
        """Go to a frame, or to the nearest one available, and pause."""
        self.playing = False
        count = self._count()
        if count:
            self._position_s = self._time_s(min(max(index, 0), count - 1))

    def seek_time(self, time_s: float) -> None:
        """Go to a time, also between two frames, and pause."""
        self.playing, self._position_s = False, max(time_s, 0.0)

    def seek_end(self) -> None:
        """Go to the last available frame, and pause."""
        self.seek(self._count() - 1)

    def step(self, frames: int) -> None:
        """Go forward or back by a number of frames, and pause."""
        self.seek((self.index or 0) + frames)

    def faster(self) -> None:
        """Select the next higher speed, if any."""
        self._speed_index = min(self._speed_index + 1, len(SPEEDS) - 1)

    def slower(self) -> None:
        """Select the next lower speed, if any."""
        self._speed_index = max(self._speed_index - 1, 0)
