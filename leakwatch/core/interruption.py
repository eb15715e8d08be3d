"""What a person or a machine ends the program with, and when it must not listen.

A shell that starts a program in its background lets it ignore Ctrl-C, which is meant for what runs
in front of it, and ``nohup`` lets it ignore the end of the terminal. What is ignored when a program
begins stays ignored, also in the processes that it starts.
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
    """Whether the program was begun, or told, not to listen to a signal."""
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
def heard(handler: Handler, *names: str) -> Iterator[None]:
    """Let `handler` deal with signals, but for those that are ignored.

    Parameters
    ----------
    handler : callable
    *names : str
        ``SIGINT`` and the like; a system need not have all of them.
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
    """Let Ctrl-C end a process that helps another at once, where that one listens to it."""
    if not is_ignored(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
