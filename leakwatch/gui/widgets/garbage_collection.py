"""Garbage collection on the thread of the windows alone.

Python collects cyclic garbage on whichever thread happens to allocate. A window that is part of a
cycle would then be deleted on the thread of the analysis, and Qt ends the program: a widget may be
deleted on its own thread only. It also keeps the pause of a collection away from the analysis.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 500
# Allocations since the last collection, and collections of the generation below, that ask for one:
# the defaults of CPython, which count while its own collection is off.
_THRESHOLDS = gc.get_threshold()


class GarbageCollector(QObject):
    """Collects garbage by a timer of the thread that makes it, and nowhere else.

    Parameters
    ----------
    parent : QObject
        The application.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(_EVERY_MS)

    def collect(self) -> None:
        """Collect the oldest generation that is due, if any."""
        counts = gc.get_count()
        due = [
            age
            for age, (count, most) in enumerate(zip(counts, _THRESHOLDS, strict=True))
            if count > most
        ]
        if due:
            gc.collect(max(due))


def collect_on_this_thread(application: QObject) -> None:
    """Collect garbage on this thread alone from now on.

    Parameters
    ----------
    application : QObject
    """
    if application.findChild(GarbageCollector) is None:
        GarbageCollector(application)
