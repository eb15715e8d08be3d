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
def handle_signals(handler: Handler, *names: str) -> Iterator[None]:
    """Handle signals with `handler` in this context, except for those that are ignored.

    Parameters
    ----------
    handler : callable
    *names : str
        ``SIGINT`` and the like; names that the system lacks are skipped.
    """
    if current_thread() is not main_thread():
        yield
        return
    known = known_signals(*names)
    before = {one: signal.signal(one, handler) for one in known if not is_ignored(one)}
    try:
        yield
    finally:
        for one, earlier in before.items():
            signal.signal(one, earlier)


def end_quietly_on_ctrl_c() -> None:
    """Let Ctrl-C end this worker process at once, without a traceback, unless it is ignored."""
    if not is_ignored(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
