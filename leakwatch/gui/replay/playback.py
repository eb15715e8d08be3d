"""The clock of a replay: which frame to show at a moment of wall time. No Qt, no threads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Playback:
    """Position, speed and play or pause, over frame times that may still grow in number.

    The position never runs past the last frame that is there: where the fold is slower than
    playback, playback waits, and `starved_s` tells how long no new frame came.

    Parameters
    ----------
    count : callable
        How many frames are there by now.
    time_s : callable
        Time of a frame, by its place, seconds from the first.
    complete : callable
        Whether no more frames will come.
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
        """Seconds of the run in a second of wall time."""
        return SPEEDS[self._speed_index]

    @property
    def position_s(self) -> float:
        """Where we are, seconds of the run; between two frames too."""
        return self._position_s

    @property
    def index(self) -> int | None:
        """Place of the frame to show; None before there is one."""
        count = self._count()
        if count == 0:
            return None
        after = bisect_right(range(count), self._position_s, key=self._time_s)
        return max(after - 1, 0)

    @property
    def at_end(self) -> bool:
        """Whether the last frame of a complete run is shown."""
        return self._complete() and self.index in (None, self._count() - 1)

    def advance(self, elapsed_s: float) -> None:
        """Let `elapsed_s` of wall time pass."""
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
        """Play or pause; play from the start again where the end was reached."""
        if not self.playing and self.at_end:
            self._position_s = 0.0
        self.playing = not self.playing

    def seek(self, index: int) -> None:
        """Go to a frame, the nearest that is there; pauses."""
        self.playing = False
        count = self._count()
        if count:
            self._position_s = self._time_s(min(max(index, 0), count - 1))

    def seek_end(self) -> None:
        """Go to the last frame that is there; pauses."""
        self.seek(self._count() - 1)

    def step(self, frames: int) -> None:
        """Go forward or back by a number of frames; pauses."""
        self.seek((self.index or 0) + frames)

    def faster(self) -> None:
        """Next higher speed, as far as there is one."""
        self._speed_index = min(self._speed_index + 1, len(SPEEDS) - 1)

    def slower(self) -> None:
        """Next lower speed, as far as there is one."""
        self._speed_index = max(self._speed_index - 1, 0)
