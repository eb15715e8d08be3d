"""Signals that end the program, and those that it must keep ignoring.

A shell starts background jobs with Ctrl-C ignored, since it is meant for the job in the foreground;
``nohup`` does the same with the end of the terminal. A signal that is ignored when the program
starts stays ignored, also in its child processes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]
# Ctrl-C this many times ends even what must not be interrupted, in case it hangs.
INSISTENT = 3


class Interruptions:
    """Times at which Ctrl-C may interrupt the program: never after its results are written.

    Python raises KeyboardInterrupt wherever the main thread is: between two files that must both be
    completed, or after the last one, where it would turn a success into a traceback. From `hold`
    on, an interruption is only remembered; `release` raises it. Both do nothing before `hear`, so
    that a program that uses LeakWatch as a library keeps its own handler.
    """

    def __init__(self) -> None:
        self._heard = self._held = self._answered = False
        self._count = 0
        self.came_late = False
        self.told = False

    def hear(self) -> None:
        """Handle Ctrl-C from now until the process ends, unless it is ignored."""
        self._heard = True
        if not is_ignored(signal.SIGINT):
            signal.signal(signal.SIGINT, self.handle)

    @property
    def is_heard(self) -> bool:
        """Return whether this process has called `hear`."""
        return self._heard

    def handle(self, number: int, stack: FrameType | None) -> None:
        """Raise KeyboardInterrupt, or remember it while interruptions are held; a handler."""
        self._count += 1
        if self._held and self._count < INSISTENT:
            self.came_late = not self._answered
            return
        self._answered = True
        raise KeyboardInterrupt

    def hold(self) -> None:
        """Only remember interruptions from now on."""
        self._held = self._heard

    def release(self) -> None:
        """Let interruptions raise again, also one that came meanwhile."""
        self._held = False
        if self.came_late:
            self.came_late, self._answered = False, True
            raise KeyboardInterrupt

    def run_until(self, work: Callable[[], None]) -> None:
        """Do work that an interruption ends normally, as it does a session; hold others after it.

        Parameters
        ----------
        work : callable
            Not called if an interruption came while they were held.
        """
        try:
            self.release()
            work()
        except KeyboardInterrupt:
            pass
        finally:
            self.hold()

    def mark_late(self) -> None:
        """Remember an interruption that was raised and found nothing left to interrupt."""
        self.came_late = self._heard


INTERRUPTIONS = Interruptions()


def is_ignored(number: signal.Signals) -> bool:
    """Return whether a signal is ignored, since the start or by choice."""
    return signal.getsignal(number) is signal.SIG_IGN


def known_signals(*names: str) -> list[signal.Signals]:
    """Return those of the named signals that this system has: Windows has no hang-up.

    Parameters
    ----------
    *names : str
        ``SIGINT`` and the like.
    """
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def handle_signals(handler: Handler, *names: str, lasting: bool = False) -> Iterator[None]:
    """Handle signals with `handler` in this context, except for those that are ignored.

    Parameters
    ----------
    handler : callable
    *names : str
        ``SIGINT`` and the like; names that the system lacks are skipped.
    lasting : bool
        Keep the handler when the context ends.
    """
    if current_thread() is not main_thread():
        yield
        return
    known = known_signals(*names)
    before = {one: signal.signal(one, handler) for one in known if not is_ignored(one)}
    try:
        yield
    finally:
        for one, earlier in ({} if lasting else before).items():
            signal.signal(one, earlier)


def end_quietly_on_ctrl_c() -> None:
    """Let Ctrl-C end this worker process at once, without a traceback, unless it is ignored."""
    if not is_ignored(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
