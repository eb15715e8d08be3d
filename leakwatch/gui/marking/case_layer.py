"""Base of the layers over an open case: drawing, cursor, and the selected point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from leakwatch.core.arrays import Point
from leakwatch.core.results import Snapshot
from leakwatch.gui.marking.drawn_marks import DrawnMarks
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.marking.open_case import OpenCase

# A click this near to a handle grabs it, pixels of the screen: the width of a fingertip.
GRAB_PX = 14.0


class CaseLayer:
    """Layer over the image for an open case.

    Parameters
    ----------
    open_at : callable
        Returns the open case, or opens one on a snapshot.
    """

    def __init__(self, open_at: Callable[[Snapshot | None], OpenCase]) -> None:
        self._open_at = open_at
        self._stage: Stage | None = None
        self._drawn: DrawnMarks | None = None
        self._said = ""
        self._cursor: Point | None = None
        self._picked: int | None = None

    def closed(self) -> None:
        """Remove every item; the case does not change."""
        if self._drawn is not None:
            self._drawn.remove()
        self._drawn = self._stage = None

    def _begun(self, stage: Stage) -> Snapshot | None:
        """Open the case and prepare drawing; return the displayed snapshot."""
        snapshot = stage.snapshot()
        self._case = self._open_at(snapshot)
        self._stage, self._drawn = stage, DrawnMarks(stage.image)
        return snapshot

    def _nearest(self, points: Sequence[Point], at: Point, reach_px: float) -> int | None:
        """Return the index of the nearest point, if within reach on the screen."""
        assert self._drawn is not None
        if not points:
            return None
        away = [np.hypot(x - at[0], y - at[1]) for x, y in points]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= self._drawn.reach_px(reach_px) else None
