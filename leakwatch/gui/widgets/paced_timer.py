"""Timer for the updates of a window, which leaves the processor to the analysis.

The analysis shares the interpreter with the window. On a computer that is slow for its screen, a
window that is drawn as often as possible would delay the alarm itself.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

# Shortest and longest time between updates, ms: a screen shows 60 images a second, and what
# happened must be seen within a tenth of a second.
SHORTEST_MS, LONGEST_MS = 16, 100
# Share of the time of its thread that a window may take, as long as `LONGEST_MS` allows.
SHARE = 0.25


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
    """

    due = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._used_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(SHORTEST_MS)
        self._timer.timeout.connect(self._update)

    def start(self) -> None:
        """Emit `due` from now on."""
        self._used_s = time.thread_time()
        self._timer.start()

    @property
    def is_active(self) -> bool:
        """Return whether the timer runs."""
        return self._timer.isActive()

    def stop(self) -> None:
        """Emit it no more."""
        self._timer.stop()

    def _update(self) -> None:
        # What the last update took, with all that was painted after it.
        now_s = time.thread_time()
        wait_ms = pause_ms(1e3 * (now_s - self._used_s))
        self._used_s = now_s
        if wait_ms != self._timer.interval():
            self._timer.setInterval(wait_ms)
        self.due.emit()
