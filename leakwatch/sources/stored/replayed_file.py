"""A stored sequence replayed as live: each frame at its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs

from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.protocols import FrameSource, Link, LinkStatus
from leakwatch.sources.stored.opening import open_source

# As the window's own: slower is a series of stills, faster is past what analysis follows.
SLOWEST, FASTEST = 0.125, 8.0
# The pedal is up where a file has no frame for longer, s: 7.5 frames/s is the slowest run.
PEDAL_UP_S = 0.5


def open_replay(rest: str) -> ReplayedFile:
    """Open what ``replay:`` names.

    Parameters
    ----------
    rest : str
        ``FILE`` or ``FILE?speed=2``.

    Raises
    ------
    SourceError
        It cannot be read, or its speed is none.
    """
    name, mark, query = _parts(rest)
    return ReplayedFile(open_source(Path(name)), Path(name).name, _speed(query) if mark else 1.0)


def named_path(rest: str) -> Path:
    """Return the path in a ``replay:`` specification, without the speed."""
    return Path(_parts(rest)[0])


def _parts(rest: str) -> tuple[str, str, str]:
    return rest.rpartition("?") if "?speed=" in rest else (rest, "", "")


def _speed(query: str) -> float:
    written = parse_qs(query).get("speed", [""])[0]
    with suppress(ValueError):
        speed = float(written)
        if SLOWEST <= speed <= FASTEST:
            return speed
    raise SourceError(
        text(
            "replay: speed is {written!r}. Give a number from {slowest:g} to {fastest:g}.",
            written=written,
            slowest=SLOWEST,
            fastest=FASTEST,
        )
    )


class ReplayedFile:
    """Frames of a stored source at their times; a `leakwatch.core.protocols.LiveSource`.

    Each frame is decoded before it is due, so that its time is true. Frames keep the times of the
    file at any speed: what is found does not depend on it.

    Parameters
    ----------
    source : FrameSource
        Closed with this one.
    name : str
        Name for messages.
    speed : float
        Seconds of the file that pass in a second.
    clock, wait : callable
        Monotonic seconds; wait for some seconds, and return whether `close` was called. Replaced in
        tests.
    """

    def __init__(
        self,
        source: FrameSource,
        name: str,
        speed: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._source, self._clock, self._speed = source, clock, speed
        self._closed = Event()
        self._wait = self._closed.wait if wait is None else wait
        self._at_speed = "" if speed == 1.0 else f" at {speed:g} times its speed"
        self._name = name
        self._status = self._say(Link.WAITING, f"replay of {name}{self._at_speed}")

    @property
    def number_of_frames(self) -> int | None:
        """Number of frames stated by the file."""
        return self._source.number_of_frames

    @property
    def status(self) -> LinkStatus:
        """Status of the link; fluoroscopy is off if the file has a pause."""
        return self._status

    def frames(self) -> Iterator[Frame]:
        """Yield each frame when it is due; those that are late follow at once.

        Raises
        ------
        SourceError
            The file cannot be read any further.
        """
        name = self._status.text
        start_s: float | None = None
        before_s = 0.0
        try:
            for frame in self._source.frames():
                due_s = frame.time_s / self._speed
                start_s = self._clock() - due_s if start_s is None else start_s
                pause = frame.time_s - before_s > PEDAL_UP_S
                self._status = self._say(Link.OPEN, name, not pause)
                left_s = start_s + due_s - self._clock()
                if self._closed.is_set() or (left_s > 0.0 and self._wait(left_s)):
                    return
                before_s = frame.time_s
                self._status = self._say(Link.OPEN, name, True)
                yield replace(frame, received_s=self._clock())
        except SourceError as error:
            self._status = self._say(Link.LOST, str(error), False)
            raise
        self._status = self._say(
            Link.OPEN, text("replay of {name} is over", name=self._name), False
        )

    def close(self) -> None:
        """End `frames` and release the file."""
        self._closed.set()
        self._source.close()

    def _say(self, link: Link, text: str, on: bool | None = None) -> LinkStatus:
        return LinkStatus(link, text, fluoroscopy_on=on, speed=self._speed)
