"""Timer for the updates of a window, which leaves the processor to the analysis.

The analysis shares the interpreter with the window. On a computer that is slow for its screen, a
window that is drawn as often as possible would delay the alarm itself. And an update costs least
right after a decision, while the analysis waits for the next frame: so a window may say whether it
has news.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from weakref import WeakMethod

from PySide6.QtCore import QObject, Qt, QTimer, Signal

# Shortest and longest time between updates, ms: a screen shows 60 images a second, and what
# happened must be seen within a tenth of a second.
SHORTEST_MS, LONGEST_MS = 16, 100
# Share of the time of its thread that a window may take, as long as `LONGEST_MS` allows.
SHARE = 0.25
# How often a window is asked for news, and the longest time without an update if it has none, ms:
# the hand of its clock moves ten times a second.
ASK_MS, WITHOUT_NEWS_MS = 4, 50


def pause_ms(used_ms: float) -> int:
    """Return the pause until the next update, ms.

    Parameters
    ----------
    used_ms : float
        Processor time of the window's thread since the update before.
    """
    return round(min(max(used_ms * (1.0 / SHARE - 1.0), SHORTEST_MS), LONGEST_MS))


class PacedTimer(QObject):
    """Emits `due` while it runs, more seldom the more time each update takes.

    Parameters
    ----------
    parent : QObject
    has_news : callable or None
        A bound method that takes no time: whether an update would show anything new. None: always.
    """

    due = Signal()

    def __init__(self, parent: QObject, has_news: Callable[[], bool] | None = None) -> None:
        super().__init__(parent)
        self._has_news = None if has_news is None else WeakMethod(has_news)
        self._updated_s = self._used_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(ASK_MS)
        self._timer.timeout.connect(self._ask)

    def start(self) -> None:
        """Emit `due` from now on."""
        self._updated_s, self._used_s = time.monotonic(), time.thread_time()
        self._timer.start()

    @property
    def is_active(self) -> bool:
        """Return whether the timer runs."""
        return self._timer.isActive()

    def stop(self) -> None:
        """Emit it no more."""
        self._timer.stop()

    def _ask(self) -> None:
        # What the last update took, with all that was painted after it.
        pause = pause_ms(1e3 * (time.thread_time() - self._used_s))
        passed_ms = 1e3 * (time.monotonic() - self._updated_s)
        wait_ms = max(round(pause - passed_ms), 0)
        if wait_ms == 0 and (passed_ms >= WITHOUT_NEWS_MS or self._news()):
            self._updated_s, self._used_s = time.monotonic(), time.thread_time()
            self.due.emit()
        wait_ms = max(wait_ms, ASK_MS)
        if wait_ms != self._timer.interval():
            self._timer.setInterval(wait_ms)

    def _news(self) -> bool:
        has_news = None if self._has_news is None else self._has_news()
        return has_news is None or has_news()
